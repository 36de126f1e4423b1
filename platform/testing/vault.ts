/** Vaults of tests: the keys are real, the master key is known. */
import { real_clock } from '../clock.ts';
import { real_random } from '../random.ts';
import { type ServiceVault, service_vault, type VaultPorts, vaults } from '../vault/vault.ts';

export const test_vault_ports: VaultPorts = { master_key: new Uint8Array(32).fill(7), random: real_random, now_ms: real_clock.now_ms };

/** One database, a cache of its own: another process, so to say. */
export function test_vault(url: string, opens: readonly string[] = []): ServiceVault {
  return service_vault({ url, source_urls: {}, opens, vault_of: vaults(test_vault_ports) });
}
