/**
 * The log of a service: an append-only table whose position order is commit order.
 *
 * The append takes the log's advisory lock as the last lock before commit and inserts in the *next* statement, whose snapshot is
 * younger than the lock, at max(position) + 1. A plain sequence cursor loses events that commit late, and ordering by transaction id
 * delivers them out of order inside their own aggregate (log.test.ts shows both); this does neither. Held once per batch, not per order.
 */
import type pg from 'pg';
import type { NewEvent } from './batch.ts';
import { rows_statement, type Statement } from './columns.ts';
import type { Event, Logged, Row } from './service.ts';

export const read_events_max = 500;
export const read_looked_at_max = 2_000;
export const read_bytes_max = 4 * 1024 * 1024;

/** Two statements, in this order, then commit. The second returns one row: `last`, the position of the last event. */
export function append_statements(service: string, events: readonly NewEvent[]): Statement[] {
  return [
    { name: `${service}.log.lock`, text: `select pg_advisory_xact_lock(hashtextextended('${service}.events', 0))`, values: [] },
    append(
      `${service}.log.append`,
      `with new_events as (
               select * from rows from (json_to_recordset($1) as (partition smallint, key text, type text, id text, subject text, sequence integer, time timestamptz, cause text, data json))
                 with ordinality as e(partition, key, type, id, subject, sequence, time, cause, data, ordinal)),
             base as (select greatest((select coalesce(max(position), 0) from ${service}.events), (select coalesce(max(floor), 0) from ${service}.log_epoch)) as position),
             appended as (
               insert into ${service}.events (position, partition, key, type, id, subject, sequence, time, cause, data)
               select base.position + ordinal, e.partition, e.key, e.type, e.id, e.subject, e.sequence, e.time, e.cause, e.data from new_events e, base
               returning position)
             select max(position) as last from appended`,
      // A row per event: its fields are the columns that the statement lists.
      events as unknown as readonly Row[],
    ),
  ];
}
const append = rows_statement(new Map());

/** A piece of a log: the heard events, and the last position looked at, which a cursor may move to. */
export interface Slice {
  readonly events: readonly Logged<Event>[];
  readonly upto: number;
}

export interface Marks {
  readonly system_identifier: string;
  readonly timeline: string;
}

export interface LogReader {
  readonly source: string;
  /** Events after `after`, oldest first: of the heard types, all partitions; bounded by events and bytes. */
  read(after: number, types: readonly string[]): Promise<Slice>;
  head(): Promise<number>;
  /** Which cluster this log is in; changes with a failover or a restore. */
  marks(): Promise<Marks>;
}

/** Reads the owner's table. The answer is one row with one JSON text: parsing rows cell by cell cost three times as much. */
export function table_log(source: string, pool: pg.Pool): LogReader {
  const text = `with looked as (
      select position, partition, key, type, id, subject, sequence, time, cause, data, sum(pg_column_size(data)) over (order by position) as bytes
        from (select * from ${source}.events where position > $1 order by position limit ${read_looked_at_max}) e),
    bounded as (select * from looked where bytes <= ${read_bytes_max} or position = (select min(position) from looked)),
    heard as (select * from bounded where type = any($2) order by position limit ${read_events_max})
    select coalesce((select max(position) from heard having count(*) = ${read_events_max}), (select max(position) from bounded), $1) as upto,
           (select json_agg(json_build_array(position, partition, key, type, id, subject, sequence, time, cause, data) order by position) from heard)::text as events`;
  return {
    source,
    async read(after, types) {
      const { rows } = await pool.query<{ upto: number; events: string | null }>({
        name: `${source}.log.read`,
        text,
        values: [after, types],
      });
      const row = rows[0];
      if (row === undefined) return { events: [], upto: after };
      // The parsed boundary: the columns are those the statement above names.
      const cells = JSON.parse(row.events ?? '[]') as [
        number,
        number,
        string,
        string,
        string,
        string,
        number | null,
        string,
        string,
        unknown,
      ][];
      return {
        upto: Number(row.upto),
        events: cells.map(([position, partition, key, type, id, subject, sequence, time, cause, data]) => ({
          position,
          partition,
          key,
          type,
          id,
          subject,
          sequence,
          time: new Date(time).toISOString(),
          cause,
          data,
          source,
        })),
      };
    },
    async head() {
      const { rows } = await pool.query<{ head: number | null }>({
        name: `${source}.log.head`,
        text: `select max(position) as head from ${source}.events`,
      });
      return rows[0]?.head ?? 0;
    },
    marks: () => cluster_marks(pool),
  };
}

/** `pg_walfile_name` fails on a standby, as it should: consumers read the primary. */
export async function cluster_marks(pool: { query<T extends pg.QueryResultRow>(text: string): Promise<{ rows: T[] }> }): Promise<Marks> {
  const { rows } = await pool.query<Marks>(
    `select (select system_identifier::text from pg_control_system()) as system_identifier, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) as timeline`,
  );
  const marks = rows[0];
  if (marks === undefined) throw new Error('the cluster did not say which it is');
  return marks;
}
