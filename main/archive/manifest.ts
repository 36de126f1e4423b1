/** What an archive holds of one log: files of whole events, in position order, with every event from the first on, whichever cluster they were read in. */
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
/** Which log the files from this position on were read from, up to the next part: a failover or a restore begins another. */
export interface Part {
  readonly system_identifier: string;
  readonly timeline: string;
  readonly first_position: number;
}
export interface Manifest {
  readonly format: 2;
  readonly service: string;
  readonly parts: readonly Part[];
  readonly files: readonly ArchivedFile[];
}
/** Before an archive could have several parts. */
type FirstManifest = Pick<Manifest, 'service' | 'files'> & Omit<Part, 'first_position'> & { readonly format: 1 };

export const archive_folder = (data_folder: string, service: string): string => join(data_folder, 'archive', service);

/** Undefined: nothing is archived. */
export async function read_manifest(folder: string): Promise<Manifest | undefined> {
  const text = await readFile(join(folder, 'manifest.json'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  // Written below, or by a version before.
  const manifest = JSON.parse(text) as Manifest | FirstManifest;
  if (manifest.format !== 1) return manifest;
  const { service, system_identifier, timeline, files } = manifest;
  return { format: 2, service, parts: [{ system_identifier, timeline, first_position: 1 }], files };
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
