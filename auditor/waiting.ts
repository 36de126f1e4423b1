/** What is on its way between the services: events that a hearer has not worked off yet, and calls to the outside that have not ended. */
import { contracts_of, type Publisher } from '../contracts/index.ts';
import type { AuditGiven } from './auditor.ts';

export const publishers: readonly Publisher[] = ['orders', 'inventory', 'payments', 'shipping', 'suppliers'];

/** Which types of a log a service must hear, by the contracts: the judge does not ask the service. */
export function heard_types(source: Publisher, consumer: Publisher): readonly string[] {
  return Object.values(contracts_of[source])
    .filter(({ heard_by }: { readonly heard_by: readonly string[] }) => heard_by.includes(consumer))
    .map(contract => contract.type);
}

export interface Position {
  readonly consumer: Publisher;
  readonly source: Publisher;
  readonly partition: number;
  readonly position: number;
}

export async function consumer_positions(given: AuditGiven): Promise<readonly Position[]> {
  const found = await Promise.all(
    publishers.map(async consumer => {
      const { rows } = await given
        .pool_of(consumer)
        .query<Omit<Position, 'consumer'>>(
          `select source, partition, position::float8 as position from ${consumer}.positions where source = any($1)`,
          [publishers],
        );
      return rows.map(row => ({ ...row, consumer }));
    }),
  );
  return found.flat();
}

export interface Unheard {
  readonly consumer: Publisher;
  readonly source: Publisher;
  readonly key: string;
  readonly id: string;
  readonly type: string;
  readonly position: number;
}

const unheard_max = 1_000;

/** Events that a service must hear and has not reached, the oldest of each log first; of these keys only, when some are named. */
export async function unheard_events(given: AuditGiven, keys?: readonly string[]): Promise<readonly Unheard[]> {
  const positions = await consumer_positions(given);
  const found = await Promise.all(
    publishers.map(async source => {
      const hearers = positions
        .filter(one => one.source === source)
        .map(one => ({ ...one, types: heard_types(source, one.consumer) }))
        .filter(one => one.types.length > 0);
      const { rows } = await given.pool_of(source).query<Omit<Unheard, 'source'>>(
        `with hearers as materialized (
           select consumer, partition, position, array(select json_array_elements_text(types)) as types
             from json_to_recordset($1) as h(consumer text, partition smallint, position bigint, types json))
         select h.consumer, e.key, e.id, e.type, e.position::float8 as position
           from ${source}.events e join hearers h on h.partition = e.partition and e.position > h.position and e.type = any(h.types)
          where e.position > $2 ${keys === undefined ? '' : 'and e.key = any($3)'}
          order by e.position limit ${unheard_max}`,
        [
          JSON.stringify(hearers),
          Math.min(...hearers.map(one => one.position), Number.MAX_SAFE_INTEGER),
          ...(keys === undefined ? [] : [keys]),
        ],
      );
      return rows.map(row => ({ ...row, source }));
    }),
  );
  return found.flat();
}

/** Of these keys, those with a call to the outside that has not ended, or an event that waits parked. */
export async function keys_at_work(given: AuditGiven, keys: readonly string[]): Promise<ReadonlySet<string>> {
  const found = await Promise.all(
    publishers.map(async service => {
      const { rows } = await given.pool_of(service).query<{ key: string }>(
        `select key from ${service}.operations where key = any($1) and state in ('requested', 'sent', 'unknown')
         union select key from ${service}.parked where key = any($1)`,
        [keys],
      );
      return rows.map(row => row.key);
    }),
  );
  return new Set(found.flat());
}

/** How long every log must have been silent. */
export const quiet_seconds = 3;

/**
 * Whether nothing is in flight: no log grew for some seconds. A consumer that stands still does not keep the shop from being at rest; it is
 * a finding (E2) then.
 */
export async function is_at_rest(pool_of: AuditGiven['pool_of'], now: string): Promise<boolean> {
  const silent = await Promise.all(
    publishers.map(async log => {
      const { rows } = await pool_of(log).query<{ silent: boolean }>(
        `select coalesce((select e.time from ${log}.events e order by e.position desc limit 1) < $1::timestamptz - interval '${quiet_seconds} seconds', true) as silent`,
        [now],
      );
      return rows[0]?.silent === true;
    }),
  );
  return silent.every(Boolean);
}
