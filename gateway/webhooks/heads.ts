/** Where the logs end now, asked while the positions are locked: an endpoint hears what is logged after it was made, and nothing older. */
import type pg from 'pg';
import { is_outage } from '../../platform/database.ts';
import { database_unavailable } from '../../platform/http.ts';
import { cluster_marks } from '../../platform/log.ts';
import type { Heads, Mark } from './store.ts';

/**
 * `logs`: per publisher, a pool that may read it. The gateway's own database is asked on the connection that holds the locks: waiting for a second one,
 * while others that hold one wait for the locks, would stop them all.
 */
export async function read_heads(logs: ReadonlyMap<string, pg.Pool>, own: pg.Pool, client: pg.ClientBase): Promise<Mark[]> {
  const marks: Mark[] = [];
  try {
    for (const [source, pool] of logs) {
      const on = pool === own ? client : pool;
      const { rows } = await on.query<{ head: number }>(`select coalesce(max(position), 0) as head from ${source}.events`);
      // The one method of a pool that it uses is the client's too.
      marks.push({ source, head: rows[0]?.head ?? 0, ...(await cluster_marks(on as Pick<pg.Pool, 'query'>)) });
    }
  } catch (error) {
    throw is_outage(error) ? database_unavailable(error) : error;
  }
  return marks;
}

export function heads_of(marks: readonly Mark[]): Heads {
  return Object.fromEntries(marks.map(({ source, head }) => [source, head]));
}
