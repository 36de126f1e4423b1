import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { archive_folder } from '../manifest.ts';

/** Changes a byte in the middle of one Parquet file of a log's archive: its name, and how to put the byte back. */
export async function spoil_a_file(data_folder: string, log: string): Promise<{ readonly name: string; restore(): Promise<void> }> {
  const folder = archive_folder(data_folder, log);
  const [name = ''] = (await readdir(folder)).filter(file => file.endsWith('.parquet'));
  const bytes = await readFile(join(folder, name));
  const changed = Buffer.from(bytes);
  changed[bytes.length >> 1] = (changed[bytes.length >> 1] ?? 0) ^ 1;
  await writeFile(join(folder, name), changed);
  return { name, restore: () => writeFile(join(folder, name), bytes) };
}
