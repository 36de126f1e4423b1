/** What is on its way between the services: events that a hearer has not worked off yet, and calls to the outside that have not ended. */
import { contracts_of, type Publisher } from '../contracts/index.ts';
import { all_partitions } from '../platform/partition.ts';
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

export async function consumer_positions(given: Pick<AuditGiven, 'pool_of'>): Promise<readonly Position[]> {
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
      const hearers = hearers_of(source, positions);
      if (hearers.length === 0) return [];
      const { rows } = await given.pool_of(source).query<Omit<Unheard, 'source'>>(
        `with hearers as materialized (
           select consumer, partition, position, array(select json_array_elements_text(types)) as types
             from json_to_recordset($1) as h(consumer text, partition smallint, position bigint, types json))
         select h.consumer, e.key, e.id, e.type, e.position::float8 as position
           from ${source}.events e join hearers h on h.partition = e.partition and e.position > h.position and e.type = any(h.types)
          where e.position > $2 ${keys === undefined ? '' : 'and e.key = any($3)'}
          order by e.position limit ${unheard_max}`,
        [JSON.stringify(hearers), Math.min(...hearers.map(one => one.position)), ...(keys === undefined ? [] : [keys])],
      );
      return rows.map(row => ({ ...row, source }));
    }),
  );
  return found.flat();
}

/** Each partition of a log with each service that must hear it; one that never did stands at its beginning. */
export function hearers_of(source: Publisher, positions: readonly Position[]) {
  return publishers.flatMap(consumer => {
    const types = heard_types(source, consumer);
    if (types.length === 0) return [];
    const known = new Map(
      positions.flatMap(one => (one.source === source && one.consumer === consumer ? [[one.partition, one.position]] : [])),
    );
    return all_partitions.map(partition => ({ consumer, partition, position: known.get(partition) ?? 0, types }));
  });
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

export interface Rest {
  readonly at_rest: boolean;
  /** No log has grown since. */
  still_at_rest(): Promise<boolean>;
}

/**
 * Whether nothing is in flight: no log grew for some seconds. A consumer that stands still does not keep the shop from being at rest; it is
 * a finding (E2) then.
 */
export async function rest_of(pool_of: AuditGiven['pool_of'], now: string): Promise<Rest> {
  const ends = () => Promise.all(publishers.map(log => log_end(pool_of, log)));
  const silent_before = Date.parse(now) - quiet_seconds * 1_000;
  const before = await ends();
  return {
    at_rest: before.every(end => end === undefined || Date.parse(end.time) < silent_before),
    still_at_rest: async () => (await ends()).every((end, place) => end?.position === before[place]?.position),
  };
}

async function log_end(pool_of: AuditGiven['pool_of'], log: string): Promise<{ position: number; time: string } | undefined> {
  const { rows } = await pool_of(log).query<{ position: number; time: string }>(
    `select position::float8 as position, to_json(time) #>> '{}' as time from ${log}.events e order by e.position desc limit 1`,
  );
  return rows[0];
}
