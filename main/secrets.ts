/** What a deployment must keep: made once, in the data folder, readable by its owner alone; or given by a setting. */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { real_clock } from '../platform/clock.ts';
import { open_pool } from '../platform/database.ts';
import { real_random } from '../platform/random.ts';
import { type Vault, vaults } from '../platform/vault/vault.ts';
import { type Area, key_use_of } from './compose.ts';
import { data_file, key_of_text, type Settings } from './settings.ts';

/** Order tokens must survive a restart, sealed data must be opened again. */
export async function kept_secret(settings: Settings, name: string): Promise<string> {
  const file = data_file(settings, name);
  const known = await readFile(file, 'utf8').catch(() => '');
  if (known.trim() !== '') return known.trim();
  await writeFile(file, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    // Another process of this folder was first.
    if (error.code !== 'EEXIST') throw error;
  });
  return (await readFile(file, 'utf8')).trim();
}

/** 32 bytes. */
export async function master_key_of(settings: Settings): Promise<Uint8Array> {
  return settings.master_key ?? key_of_text(await kept_secret(settings, 'master_key'));
}

/** After the migrations. Keys are where events are sealed. Throws `wrong_master_key` before anything is sealed under another key than what is there. */
export async function open_vaults(
  settings: Settings,
  areas: ReadonlyMap<string, Area>,
  url_of: (service: string) => string,
): Promise<(database_url: string) => Vault> {
  const vault_of = vaults({ master_key: await master_key_of(settings), random: real_random, now_ms: real_clock.now_ms });
  for (const url of new Set([...areas.keys()].filter(name => key_use_of(name) === 'make').map(url_of))) {
    const pool = open_pool(url, undefined, 1);
    await vault_of(url)
      .check(pool)
      .finally(() => pool.end());
  }
  return vault_of;
}
