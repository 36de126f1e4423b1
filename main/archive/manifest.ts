/** What an archive holds of one log: files of whole events, in position order, without a gap from the first event on. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface ArchivedFile {
  readonly name: string;
  readonly first_position: number;
  readonly last_position: number;
  readonly events: number;
  readonly first_at: string;
  readonly last_at: string;
  /** Of the file's bytes. */
  readonly sha256: string;
  /** Of its events, each as a line of JSON: the same from the log and from the file. */
  readonly content_sha256: string;
}
export interface Manifest {
  readonly format: 1;
  readonly service: string;
  readonly system_identifier: string;
  readonly timeline: string;
  readonly files: readonly ArchivedFile[];
}

export const archive_folder = (data_folder: string, service: string): string => join(data_folder, 'archive', service);

/** Undefined: nothing is archived. */
export async function read_manifest(folder: string): Promise<Manifest | undefined> {
  const text = await readFile(join(folder, 'manifest.json'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  // Written below.
  return text === undefined ? undefined : (JSON.parse(text) as Manifest);
}

/** Whole or not at all: a kill leaves the one from before. */
export async function write_manifest(folder: string, manifest: Manifest): Promise<void> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'manifest.json');
  await writeFile(`${file}.partial`, `${JSON.stringify(manifest, null, 2)}\n`, { flush: true });
  await rename(`${file}.partial`, file);
}

export function end_of(manifest: Manifest | undefined): number {
  return manifest?.files.at(-1)?.last_position ?? 0;
}

export async function sha256_of(file: string): Promise<string> {
  const digest = createHash('sha256');
  for await (const bytes of createReadStream(file)) digest.update(bytes);
  return digest.digest('hex');
}
