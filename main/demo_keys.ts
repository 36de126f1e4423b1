/** In sandbox mode `npm run order` and the demo shop need no copied keys: the generated ones are kept beside the data, readable by their owner alone. */
import { readFile, writeFile } from 'node:fs/promises';
import type { Up } from './platform_up.ts';
import { data_file, type Settings } from './settings.ts';

const secret_file = 'demo_key';
const publishable_file = 'demo_publishable_key';

export async function remember_demo_keys({ settings, first_keys }: Up): Promise<void> {
  if (!settings.sandbox) return;
  await keep(settings, secret_file, settings.secret_key ?? first_keys.secret_key);
  await keep(settings, publishable_file, settings.publishable_key ?? first_keys.publishable_key);
}

async function keep(settings: Settings, file: string, key: string | undefined): Promise<void> {
  if (key !== undefined) await writeFile(data_file(settings, file), key, { mode: 0o600 });
}

export async function demo_key(settings: Settings): Promise<string> {
  const key = settings.secret_key ?? (await kept(settings, secret_file));
  if (key === undefined)
    throw new Error(`no key: start with \`npm start\` first (its folder is ${settings.data_folder}), or set CARTWRIGHT_SECRET_KEY`);
  return key;
}

/** Undefined in a folder whose first start was before this was kept: CARTWRIGHT_PUBLISHABLE_KEY sets one. */
export async function demo_publishable_key(settings: Settings): Promise<string | undefined> {
  return settings.publishable_key ?? (await kept(settings, publishable_file));
}

async function kept(settings: Settings, file: string): Promise<string | undefined> {
  return (await readFile(data_file(settings, file), 'utf8').catch(() => undefined))?.trim();
}
