/** Events of some keys that were taken out of a log, from the archive: whatever is held of somebody is his to see, wherever it is held. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Asked } from './log_rows.ts';
import { archive_folder, read_manifest, sha256_of } from './manifest.ts';
import { type ArchivedEvent, open_parquet } from './parquet.ts';

export interface ByKeyGiven {
  readonly data_folder: string;
  readonly service: string;
  /** It may read what was taken out of the log. */
  readonly on: Asked;
}

/** In position order. Errors: `archive_missing`, `archive_changed`: nothing is answered in part. */
export async function archived_events({ data_folder, service, on }: ByKeyGiven, keys: readonly string[]): Promise<ArchivedEvent[]> {
  // A pool's method, or a client's: the same.
  const { rows } = await (on as { query<T>(text: string, values: unknown[]): Promise<{ rows: T[] }> }).query<{ position: number }>(
    `select unnest(positions) as position from ${service}.dropped_key where key = any($1)`,
    [keys],
  );
  if (rows.length === 0) return [];
  const wanted = new Set(rows.map(row => Number(row.position)));
  const folder = archive_folder(data_folder, service);
  const manifest = await read_manifest(folder);
  const files = (manifest?.files ?? []).filter(file =>
    wanted.values().some(position => file.first_position <= position && position <= file.last_position),
  );
  const found: ArchivedEvent[] = [];
  const parquet = await open_parquet();
  try {
    for (const { name, sha256 } of files) {
      const file = join(folder, name);
      if (!existsSync(file)) break;
      if ((await sha256_of(file)) !== sha256) throw wrong('archive_changed', `${file} is not the file that was archived`);
      for await (const events of parquet.read(file, 0, keys)) found.push(...events.filter(event => wanted.has(event.position)));
    }
  } finally {
    parquet.close();
  }
  if (found.length === wanted.size) return found;
  throw wrong('archive_missing', `${wanted.size} events of ${service} were taken out of its log, ${folder} has ${found.length} of them`);
}

function wrong(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
