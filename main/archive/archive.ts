/**
 * `archive --before <day>`: the oldest part of each log as Parquet, from which a rebuild of analytics reads as from the log itself. Every file is read
 * back and compared with the log before the manifest names it. Nothing leaves the log here: that is drop.ts, and what it took is in the archive alone.
 */
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { connection_options, role_of } from '../../platform/database.ts';
import { cluster_marks, type Marks } from '../../platform/log.ts';
import { publishers } from '../compose.ts';
import { refuse_other_log } from './goes_on.ts';
import { pages_of } from './log_rows.ts';
import { type ArchivedFile, archive_folder, end_of, type Manifest, read_manifest, sha256_of, write_manifest } from './manifest.ts';
import { type ArchivedEvent, content_digest, open_parquet, type Parquet } from './parquet.ts';

export const events_per_file = 50_000;

export interface ArchiveGiven {
  readonly data_folder: string;
  /** RFC 3339: what happened earlier is archived. */
  readonly before: string;
  readonly events_per_file?: number;
  url_of(service: string): string;
  say(line: string): void;
}

/**
 * Each log in turn. Errors: `archive_differs` when a file read back is not what the log holds, `foreign_log` after a failover or restore that nobody has
 * adopted, `foreign_archive` when the log adopted then is not the one that was archived, `archive_missing` when the archive ends before what was taken out
 * of the log.
 */
export async function archive_logs(given: ArchiveGiven): Promise<void> {
  for (const service of publishers) {
    const client = new pg.Client({
      ...connection_options(given.url_of(service), role_of(service)),
      statement_timeout: 0,
      query_timeout: 0,
    });
    await client.connect();
    try {
      await archive_log(given, service, client);
    } finally {
      await client.end();
    }
  }
}

async function archive_log(given: ArchiveGiven, service: string, client: pg.Client): Promise<void> {
  const folder = archive_folder(given.data_folder, service);
  const manifest = await current_manifest(service, folder, client);
  const until = await last_to_archive(given, service, client);
  const from = end_of(manifest);
  await refuse_beside_what_was_taken(service, folder, from, client);
  if (until <= from) {
    given.say(`${service}: nothing new before ${given.before}; archived up to position ${from}`);
    return;
  }
  await mkdir(folder, { recursive: true });
  await remove_partial(folder);
  const parquet = await open_parquet();
  let files = manifest.files;
  try {
    for (let after = from; after < until; after = end_of({ ...manifest, files })) {
      const begin = await before_next(client, service, after);
      const file = await archive_file(
        { parquet, client, service, folder },
        begin,
        Math.min(until, begin + (given.events_per_file ?? events_per_file)),
      );
      files = [...files, file];
      await write_manifest(folder, { ...manifest, files });
    }
  } finally {
    parquet.close();
  }
  given.say(`${service}: positions ${from + 1} to ${until} archived, ${files.length - manifest.files.length} files in ${folder}`);
}

/** Begun anew an archive would have holes where events were taken from the log, and look whole. */
async function refuse_beside_what_was_taken(service: string, folder: string, end: number, client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ upto: number | null }>(`select max(upto) as upto from ${service}.log_drop`);
  const upto = rows[0]?.upto ?? 0;
  if (upto <= end) return;
  throw Object.assign(
    new Error(
      `events of ${service} up to position ${upto} were taken out of the log into ${folder}, which ends at ${end}: restore it from your backup`,
    ),
    { code: 'archive_missing' },
  );
}

/** The one to add to: with a part more when the log is another cluster's by now, and provably goes on from what was archived. */
async function current_manifest(service: string, folder: string, client: pg.Client): Promise<Manifest> {
  // Asked one query at a time, as a pool would.
  const marks = await cluster_marks(client);
  const known = await read_manifest(folder);
  if (known === undefined) return { format: 2, service, parts: [{ ...marks, first_position: 1 }], files: [] };
  const part = known.parts.at(-1);
  if (part?.system_identifier === marks.system_identifier && part.timeline === marks.timeline) return known;
  await refuse_unadopted(service, marks, client);
  await refuse_other_log(known, folder, client);
  return { ...known, parts: [...known.parts, { ...marks, first_position: end_of(known) + 1 }] };
}

/** Positions of a log that was adopted go on above all old ones: what stands below is of before, or was never there. */
async function refuse_unadopted(service: string, marks: Marks, client: pg.Client): Promise<void> {
  const { rows } = await client.query<Marks>(`select system_identifier, timeline from ${service}.log_epoch order by epoch desc limit 1`);
  const [epoch] = rows;
  if (epoch?.system_identifier === marks.system_identifier && epoch.timeline === marks.timeline) return;
  throw Object.assign(
    new Error(`a failover or restore happened, and the log of ${service} has not been adopted since: run node main.ts adopt ${service}`),
    { code: 'foreign_log' },
  );
}

/** Before the first event after a position: after a failover positions go on far above. */
async function before_next(client: pg.Client, service: string, after: number): Promise<number> {
  const { rows } = await client.query<{ position: number }>(
    `select (min(position) - 1)::float8 as position from ${service}.events where position > $1`,
    [after],
  );
  return rows[0]?.position ?? after;
}

/** Whole from the beginning up to before the first event that is too young. Never the newest: positions go on from it. */
async function last_to_archive({ before }: ArchiveGiven, service: string, client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ until: number }>(
    `select least(
       coalesce((select min(position) from ${service}.events where time >= $1), (select max(position) from ${service}.events)) - 1,
       (select max(position) from ${service}.events) - 1)::float8 as until`,
    [before],
  );
  return rows[0]?.until ?? 0;
}

async function remove_partial(folder: string): Promise<void> {
  const left = (await readdir(folder)).filter(name => name.endsWith('.partial'));
  await Promise.all(left.map(name => rm(join(folder, name))));
}

interface FileGiven {
  readonly parquet: Parquet;
  readonly client: pg.Client;
  readonly service: string;
  readonly folder: string;
}

async function archive_file({ parquet, client, service, folder }: FileGiven, after: number, until: number): Promise<ArchivedFile> {
  const told = content_digest();
  let events = 0;
  let [first, last]: (ArchivedEvent | undefined)[] = [];
  for await (const page of pages_of(client, service, after, until)) {
    await parquet.add(page);
    told.add(page);
    events += page.length;
    first ??= page[0];
    last = page.at(-1);
  }
  if (first === undefined || last === undefined) throw new Error(`the log of ${service} has no event from ${after + 1} to ${until}`);
  const name = `${padded(first.position)}-${padded(last.position)}.parquet`;
  const partial = join(folder, `${name}.partial`);
  await parquet.write(partial);
  const content_sha256 = told.hex();
  await compare(parquet, partial, content_sha256, service);
  await rename(partial, join(folder, name));
  return {
    name,
    first_position: first.position,
    last_position: last.position,
    events,
    first_at: first.time,
    last_at: last.time,
    sha256: await sha256_of(join(folder, name)),
    content_sha256,
  };
}

async function compare(parquet: Parquet, file: string, content_sha256: string, service: string): Promise<void> {
  const read = content_digest();
  for await (const events of parquet.read(file, 0)) read.add(events);
  if (read.hex() === content_sha256) return;
  throw Object.assign(
    new Error(`${file} was read back and is not what the log of ${service} holds; it is not used. Is the disk in order?`),
    {
      code: 'archive_differs',
    },
  );
}

/** So that names sort as positions do. */
function padded(position: number): string {
  return String(position).padStart(16, '0');
}
