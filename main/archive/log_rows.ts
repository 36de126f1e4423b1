/** Events as their log's table has them, in the form in which the archive keeps them. */
import type pg from 'pg';
import type { ArchivedEvent } from './parquet.ts';

export const events_per_read = 2_000;

export type Asked = Pick<pg.ClientBase, 'query'> | Pick<pg.Pool, 'query'>;

export async function* pages_of(on: Asked, service: string, after: number, until: number): AsyncGenerator<ArchivedEvent[]> {
  for (let position = after; position < until; ) {
    const rows = await log_rows(on, service, position, until);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    position = last.position;
  }
}

/** Above `after`, up to and with `until`; the first so many. */
export async function log_rows(on: Asked, service: string, after: number, until: number): Promise<ArchivedEvent[]> {
  const { rows } = await (on as pg.Pool).query<ArchivedEvent>(
    `select position, partition, key, type, id, subject, sequence, to_char(time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as time, cause, data::text as data
       from ${service}.events where position > $1 and position <= $2 order by events.position limit ${events_per_read}`,
    [after, until],
  );
  return rows;
}
