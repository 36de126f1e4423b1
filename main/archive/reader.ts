/** A log whose oldest part may be in the archive: read from there as far as it goes, then from the table. Who reads cannot tell. */
import { join } from 'node:path';
import { type LogReader, read_events_max, type Slice } from '../../platform/log.ts';
import type { Event, Logged } from '../../platform/service.ts';
import { archive_folder, end_of, type Manifest, read_manifest, sha256_of } from './manifest.ts';
import { type ArchivedEvent, open_parquet, type Parquet } from './parquet.ts';

/** Where a reading of the archive is: it goes on only from there. */
interface Cursor {
  readonly parquet: Parquet;
  readonly pages: AsyncGenerator<ArchivedEvent[]>;
  page: ArchivedEvent[];
  position: number;
}

/**
 * `first_position`: from there on the table has every event; 0 when nothing was ever taken from it. Errors: `archive_missing` when the table begins after what
 * is asked for and the archive does not reach it; `archive_changed` when a file is not the one that the manifest names.
 */
export function archived_log(reader: LogReader, data_folder: string, first_position: () => Promise<number>): LogReader {
  const folder = archive_folder(data_folder, reader.source);
  let manifest: Manifest | undefined;
  let first = 0;
  let cursor: Cursor | undefined;
  const leave = async () => {
    const leaving = cursor;
    cursor = undefined;
    await leaving?.pages.return(undefined);
    leaving?.parquet.close();
  };
  return {
    source: reader.source,
    head: reader.head,
    async marks() {
      // Asked at every start of a reading: there may be more in the archive, and less in the table.
      [manifest, first] = [await read_manifest(folder), await first_position()];
      return reader.marks();
    },
    async read(after, types) {
      if (after >= first - 1) {
        await leave();
        const slice = await reader.read(after, types);
        if (slice.upto === after) return slice;
        // Asked after the slice was read: what was taken out of the table before is not in the slice, but said by now.
        first = await first_position();
        if (after >= first - 1) return slice;
        manifest = await read_manifest(folder);
      }
      if (after >= end_of(manifest)) throw missing(reader.source, folder, after, first);
      if (cursor?.position !== after) {
        await leave();
        cursor = await open_at(folder, manifest, after);
      }
      return slice_of(cursor, reader.source, after, types);
    },
  };
}

async function open_at(folder: string, manifest: Manifest | undefined, after: number): Promise<Cursor> {
  const parquet = await open_parquet();
  const files = (manifest?.files ?? []).filter(file => file.last_position > after);
  const pages = async function* () {
    for (const { name, sha256 } of files) {
      const file = join(folder, name);
      if ((await sha256_of(file)) !== sha256) throw changed(file);
      yield* parquet.read(file, after);
    }
  };
  return { parquet, pages: pages(), page: [], position: after };
}

async function slice_of(cursor: Cursor, source: string, after: number, types: readonly string[]): Promise<Slice> {
  if (cursor.page.length === 0) {
    const next = await cursor.pages.next();
    cursor.page = next.done === true ? [] : next.value;
  }
  const events = cursor.page.slice(0, read_events_max);
  cursor.page = cursor.page.slice(events.length);
  cursor.position = events.at(-1)?.position ?? after;
  return { events: events.filter(event => types.includes(event.type)).map(event => logged(event, source)), upto: cursor.position };
}

function logged(event: ArchivedEvent, source: string): Logged<Event> {
  // The text is what the log held: JSON.
  return { ...event, source, data: JSON.parse(event.data) as unknown };
}

function missing(source: string, folder: string, after: number, first: number): Error {
  return Object.assign(
    new Error(
      `the log of ${source} is whole from position ${first} on, and ${folder} does not reach from ${after + 1} to there: restore it from your backup`,
    ),
    { code: 'archive_missing' },
  );
}

function changed(file: string): Error {
  return Object.assign(new Error(`${file} is not the file that was archived: restore it from your backup`), { code: 'archive_changed' });
}
