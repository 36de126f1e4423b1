/** The vault's schema, and who may do what with keys. */
import { join } from 'node:path';
import { role_of } from '../database.ts';
import type { Schema } from '../migrate.ts';

/** `make`: publishes something personal, and carries out erasures in its database. `open`: hears something personal. */
export type KeyUse = 'make' | 'open';

/** Nobody may change or delete a key: one is destroyed by the vault's own function alone. */
export function vault_schema(users: ReadonlyMap<string, KeyUse>): Schema {
  const grants = [...users].flatMap(([service, use]) => {
    const role = role_of(service);
    const read = [`grant usage on schema vault to ${role}`, `grant select on vault.data_key to ${role}`];
    if (use === 'open') return read;
    return [...read, `grant insert on vault.data_key to ${role}`, `grant execute on function vault.destroy_keys(json) to ${role}`];
  });
  return { name: 'vault', folder: join(import.meta.dirname, 'migrations'), has_log: false, grants };
}
