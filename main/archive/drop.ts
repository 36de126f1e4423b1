/**
 * `archive --before <day> --drop`: takes stories that are at their end out of the logs, whole, once the archive holds them (docs/decisions/0020). A key at a
 * time and not a prefix of the log: every reader by key finds all of a story or a note that it is in the archive, never a part of it.
 */
import type pg from 'pg';
import { consumer_positions, hearers_of } from '../../auditor/waiting.ts';
import type { Publisher } from '../../contracts/index.ts';
import type { Clock } from '../../platform/clock.ts';
import { archive_folder, end_of, read_manifest } from './manifest.ts';
import { open_parquet } from './parquet.ts';
import { ending_logs, type Reason, reasons, type Story, staying, stories } from './stories.ts';
import { verify_archive } from './verified.ts';

/** A statement deletes so many stories at most; with the events of the longest ones it stays far below a second. */
export const keys_per_batch = 250;

export interface DropGiven {
  readonly data_folder: string;
  /** RFC 3339: what is told after it stays, with all that was told before of the same key. */
  readonly before: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly keys_per_batch?: number;
  /** The owner's, one per database: services may not delete (auditor, E5). */
  pool_of(service: string): pg.Pool;
  /** Up to where analytics has read each log. */
  analytics_positions(): Promise<ReadonlyMap<string, number>>;
  say(line: string): void;
}

/** Errors: `day_in_future`. */
export function refuse_future({ before, clock }: Pick<DropGiven, 'before' | 'clock'>): void {
  if (before > clock.now())
    throw wrong('day_in_future', `${before} is still to come: nothing is taken out of a log before everybody had its time`);
}

/**
 * Errors: `day_in_future`; `already_dropping`; `archive_missing`, `archive_changed`, `archive_differs` before anything is deleted. Interrupted at any time
 * it leaves whole batches deleted and noted, and goes on when it is run again.
 */
export async function drop_archived(given: DropGiven): Promise<void> {
  refuse_future(given);
  await alone(given, async () => {
    const bounds = await bounds_of(given);
    for (const log of ending_logs) await verify(given, log, bounds.get(log) ?? 0);
    const runs = new Map(ending_logs.map(log => [log, run_of(given, log, bounds.get(log) ?? 0)]));
    for (const story of stories) given.say(await drop_story(given, story, bounds, runs));
    for (const log of ending_logs) given.say(await (runs.get(log)?.end() ?? log));
    given.say(await what_inventory_keeps(given));
  });
}

/** One at a time, wherever it is started; a process that dies lets go. */
async function alone(given: DropGiven, work: () => Promise<void>): Promise<void> {
  const client = await given.pool_of('orders').connect();
  try {
    const { rows } = await client.query<{ locked: boolean }>(`select pg_try_advisory_lock(hashtextextended('archive.drop', 0)) as locked`);
    if (rows[0]?.locked !== true) throw wrong('already_dropping', 'another archive --drop is at work on these logs: let it end');
    await work();
  } finally {
    // The lock goes with its connection.
    client.release(true);
  }
}

type Bounds = ReadonlyMap<string, number>;

/** Up to where everybody who reads a log as a whole has read it. Services are asked key by key. */
async function bounds_of(given: DropGiven): Promise<Bounds> {
  const [analytics, webhooks] = [await given.analytics_positions(), await webhook_positions(given)];
  const bounds = new Map<string, number>();
  for (const log of ending_logs) {
    const archived = end_of(await read_manifest(archive_folder(given.data_folder, log)));
    const read = [
      { who: 'analytics', position: analytics.get(log) ?? 0 },
      { who: 'webhooks', position: webhooks?.get(log) ?? (webhooks === undefined ? archived : 0) },
    ];
    for (const { who, position } of read)
      if (position < archived)
        given.say(`${log}: archived up to position ${archived}, ${who} have read up to ${position}: nothing above that is taken`);
    bounds.set(log, Math.min(archived, ...read.map(({ position }) => position)));
  }
  return bounds;
}

/** Undefined: no endpoint is enabled, so nobody reads; one that is enabled later hears from then on. */
async function webhook_positions(given: DropGiven): Promise<ReadonlyMap<string, number> | undefined> {
  const { rows } = await given
    .pool_of('gateway')
    .query<{ source: string | null; position: number }>(
      `select p.source, p.position from (select 1 from gateway.webhook_endpoints where state = 'enabled' limit 1) e left join gateway.webhook_positions p on true`,
    );
  if (rows.length === 0) return undefined;
  return new Map(rows.flatMap(({ source, position }) => (source === null ? [] : [[source, position]])));
}

async function verify(given: DropGiven, log: Publisher, upto: number): Promise<void> {
  const folder = archive_folder(given.data_folder, log);
  const manifest = await read_manifest(folder);
  if (manifest === undefined || upto === 0) return;
  const parquet = await open_parquet();
  try {
    const files = await verify_archive({ parquet, on: given.pool_of(log), folder, manifest }, upto);
    given.say(`${log}: ${files} files compared with the log, event by event`);
  } finally {
    parquet.close();
  }
}

async function drop_story(given: DropGiven, story: Story, bounds: Bounds, runs: ReadonlyMap<string, Run>): Promise<string> {
  const batch = given.keys_per_batch ?? keys_per_batch;
  const held = new Map<Reason, number>();
  let dropped = 0;
  for (let after = ''; ; ) {
    const keys = await ended_keys(given, story, after, batch);
    const stay = await staying_keys(given, story, keys, bounds);
    for (const reason of stay.values()) held.set(reason, (held.get(reason) ?? 0) + 1);
    const leaving = keys.filter(key => !stay.has(key));
    if (leaving.length > 0) for (const log of story.logs) await runs.get(log)?.take(leaving);
    dropped += leaving.length;
    after = keys.at(-1) ?? '';
    if (keys.length < batch) return told_of(story, dropped, held);
  }
}

async function ended_keys(given: DropGiven, { service, ended }: Story, after: string, batch: number): Promise<string[]> {
  const { rows } = await given
    .pool_of(service)
    .query<{ id: string }>(
      `select id from (${ended}) story where id > $2 and exists (select 1 from ${service}.events e where e.key = story.id) order by id limit $3`,
      [given.before, after, batch],
    );
  return rows.map(row => row.id);
}

/** Those that must stay, and why: as the services see it that are asked, one statement each. */
async function staying_keys(given: DropGiven, story: Story, keys: readonly string[], bounds: Bounds): Promise<ReadonlyMap<string, Reason>> {
  if (keys.length === 0) return new Map();
  const positions = await consumer_positions(given);
  const stay = new Map<string, Reason>();
  for (const log of story.asked) {
    const upto = story.logs.includes(log) ? (bounds.get(log) ?? 0) : null;
    const { rows } = await given
      .pool_of(log)
      .query<{ key: string; reason: Reason }>(staying(story, log), [keys, given.before, upto, JSON.stringify(hearers_of(log, positions))]);
    for (const { key, reason } of rows) if (reason < (stay.get(key) ?? '9')) stay.set(key, reason);
  }
  return stay;
}

function told_of({ name }: Story, dropped: number, held: ReadonlyMap<Reason, number>): string {
  const staying_ones = [...held].sort().map(([reason, count]) => `${count} because ${reasons[reason]}`);
  return `${name}s: ${dropped} taken out of the logs${staying_ones.length === 0 ? '' : `; at their end and kept: ${staying_ones.join(', ')}`}`;
}

/** What one run takes out of one log, noted with each batch. */
interface Run {
  take(keys: readonly string[]): Promise<void>;
  /** A line for people. */
  end(): Promise<string>;
}

function run_of(given: DropGiven, log: string, upto: number): Run {
  const pool = given.pool_of(log);
  let drop_no: number | undefined;
  let [keys_taken, events_taken] = [0, 0];
  return {
    async take(keys) {
      // One statement is one transaction: an event is in the log, or noted as taken.
      const { rows } = await pool.query<{ drop_no: number; keys: number; events: number }>(
        `with gone as (delete from ${log}.events where key = any($1) and position <= $2 returning key, subject, position, time, type, data),
           story as (
             select key, array_agg(distinct subject) as subjects, array_agg(position order by position) as positions, min(time) as first_at, max(time) as last_at,
                    array_agg(data->>'exception_id') filter (where type = 'exception.raised') as exceptions
               from gone group by key),
           kept as (
             insert into ${log}.dropped_key as d (key, subjects, positions, first_at, last_at, dropped_at, exceptions)
             select key, subjects, positions, first_at, last_at, $4, exceptions from story
                 on conflict (key) do update
                set subjects = array(select distinct unnest(d.subjects || excluded.subjects)), positions = d.positions || excluded.positions,
                    last_at = excluded.last_at, dropped_at = excluded.dropped_at,
                    exceptions = d.exceptions || excluded.exceptions),
           counted as (select (select count(*) from story)::int as keys, (select count(*) from gone)::int as events),
           begun as (
             insert into ${log}.log_drop (before, upto, keys, events, began_at)
             select $3, $2, keys, events, $4 from counted where events > 0 and $5::integer is null returning drop_no),
           noted as (
             update ${log}.log_drop d set keys = d.keys + c.keys, events = d.events + c.events from counted c where d.drop_no = $5 returning d.drop_no)
         select coalesce($5, (select drop_no from begun)) as drop_no, keys, events from counted`,
        [keys, upto, given.before, given.clock.now(), drop_no ?? null],
      );
      const [row] = rows;
      drop_no = row?.drop_no ?? drop_no;
      keys_taken += row?.keys ?? 0;
      events_taken += row?.events ?? 0;
    },
    async end() {
      if (drop_no !== undefined)
        await pool.query(`update ${log}.log_drop set ended_at = $2 where drop_no = $1`, [drop_no, given.clock.now()]);
      const { rows } = await pool.query<{ left: number; all_keys: number; all_events: number }>(
        `select (select count(*) from ${log}.events where time < $1)::int as left, coalesce(sum(keys), 0)::int as all_keys, coalesce(sum(events), 0)::float8 as all_events from ${log}.log_drop`,
        [given.before],
      );
      const { left = 0, all_keys = 0, all_events = 0 } = rows[0] ?? {};
      return `${log}: ${events_taken} events of ${keys_taken} keys taken, all in all ${all_events} of ${all_keys}; ${left} older than the day stay, of stories that have not ended or never end`;
    },
  };
}

async function what_inventory_keeps({ pool_of, before }: DropGiven): Promise<string> {
  const { rows } = await pool_of('inventory').query<{ left: number }>(
    'select count(*)::int as left from inventory.events where time < $1',
    [before],
  );
  return `inventory: nothing taken, ${rows[0]?.left ?? 0} events older than the day stay: a stock item never ends, and what is told of an order is told of its stock`;
}

function wrong(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
