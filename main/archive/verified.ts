/** Whether an archive may be the only copy: its files are those that the manifest names, on the disk, and hold what the log holds, event by event. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Asked, pages_of } from './log_rows.ts';
import { type ArchivedFile, type Manifest, sha256_of } from './manifest.ts';
import type { ArchivedEvent, Parquet } from './parquet.ts';

export interface VerifyGiven {
  readonly parquet: Parquet;
  /** The log's database. */
  readonly on: Asked;
  readonly folder: string;
  readonly manifest: Manifest;
}

/**
 * Of files up to a position, those of which the log still holds something. Returns how many were read. Errors: `archive_missing`, `archive_changed`, `archive_differs`;
 * nothing is wrong with the log then.
 */
export async function verify_archive(given: VerifyGiven, upto: number): Promise<number> {
  let read = 0;
  for (const file of given.manifest.files.filter(({ first_position }) => first_position <= upto)) {
    const logged = merged(pages_of(given.on, given.manifest.service, file.first_position - 1, file.last_position));
    const first = await logged.next();
    if (first.done === true) continue;
    await verify_file(given, file, first.value, logged);
    read++;
  }
  await on_disk(given.folder);
  return read;
}

async function verify_file(
  { parquet, folder, manifest }: VerifyGiven,
  { name, sha256 }: ArchivedFile,
  first: ArchivedEvent,
  logged: AsyncGenerator<ArchivedEvent>,
): Promise<void> {
  const file = join(folder, name);
  await on_disk(file);
  if ((await sha256_of(file)) !== sha256)
    throw wrong('archive_changed', `${file} is not the file that was archived: restore it from your backup`);
  let wanted: ArchivedEvent | undefined = first;
  for await (const archived of merged(parquet.read(file, 0))) {
    // What the log no longer has was taken out of it before.
    if (wanted?.position !== archived.position) continue;
    if (!same(wanted, archived)) break;
    const next = await logged.next();
    wanted = next.done === true ? undefined : next.value;
  }
  if (wanted === undefined) return;
  throw wrong(
    'archive_differs',
    `position ${wanted.position} of ${manifest.service} is not in ${file} as it is in the log; nothing is taken out of the log`,
  );
}

async function* merged(pages: AsyncGenerator<ArchivedEvent[]>): AsyncGenerator<ArchivedEvent> {
  for await (const page of pages) yield* page;
}

function same(one: ArchivedEvent, other: ArchivedEvent): boolean {
  // Its columns, in the order of one of them.
  return (Object.keys(one) as (keyof ArchivedEvent)[]).every(column => one[column] === other[column]);
}

/** A file, or the names in a folder: written by whatever wrote them, and not lost with the power. */
async function on_disk(path: string): Promise<void> {
  const handle = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw wrong('archive_missing', `${path} is not there: restore it from your backup`);
    throw error;
  });
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function wrong(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
