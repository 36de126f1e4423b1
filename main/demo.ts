/**
 * `demo [file]`: a shop with a past to look at. A retailer's year from its file, or a month that is made up, goes through the platform under the simulated
 * clock; then everything starts on what it left, and the console shows it.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { real_clock } from '../platform/clock.ts';
import { real_random } from '../platform/random.ts';
import { replay } from './replay/replay.ts';
import { shop_month } from './replay/shop_month.ts';
import { demo_goods } from './seed.ts';
import type { Settings } from './settings.ts';
import { up } from './up.ts';

const month_seed = 20_111_209;
const day_ms = 86_400_000;

export async function demo(base: Settings, file: string | undefined): Promise<number> {
  const settings: Settings = {
    ...base,
    secret_key: base.secret_key ?? `sk_demo_${random_text(24)}`,
    admin_password: base.admin_password ?? random_text(16),
  };
  const code = await replay(settings, file ?? (await made_up_month(settings)), {});
  if (code !== 0) return code;
  console.log(`\n  console: sign in as admin with ${settings.admin_password} · secret key ${settings.secret_key}`);
  return up({ ...settings, data_folder: join(settings.data_folder, 'replay') });
}

async function made_up_month({ data_folder }: Settings): Promise<string> {
  const last_day = new Date(real_clock.now_ms() - day_ms).toISOString().slice(0, 10);
  const file = join(data_folder, 'shop_month.csv');
  await mkdir(data_folder, { recursive: true });
  await writeFile(file, `${shop_month({ goods: demo_goods, last_day, seed: month_seed }).join('\n')}\n`);
  return file;
}

const letters = 'abcdefghijkmnpqrstuvwxyz23456789';

function random_text(characters: number): string {
  const bytes = new Uint8Array(characters);
  real_random.fill(bytes);
  return Array.from(bytes, byte => letters[byte % letters.length]).join('');
}
