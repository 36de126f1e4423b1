/** The write path's reads: locks in one order, rows the cache does not hold, and what the cache may remember after the commit. */
import type pg from 'pg';
import { is_reference, kind_of, put } from './batch.ts';
import type { Row } from './service.ts';
import { type Batch, deep_freeze } from './write.ts';

/**
 * Per kind, in lock order, sent without waiting for each other: lock the rows, then read those the cache does not hold. Two statements, because a
 * statement that waited for a lock sees the row as it is now but the rows of its children as they were before.
 */
export function load(batch: Batch, wanted: Map<string, Set<string>>): Promise<void>[] {
  const { service } = batch.ports;
  return Object.keys(service.kinds)
    .filter(kind => wanted.has(kind))
    .flatMap(kind_name => {
      const ids = [...(wanted.get(kind_name) ?? [])];
      const kind = kind_of(service, kind_name);
      if (is_reference(kind)) return [read_rows(batch, kind_name, ids)];
      const uncached = ids.filter(id => batch.ports.cache.get(kind_name, id) === undefined);
      const locked = batch.wire.send(
        `${service.name}.${kind_name}.lock`,
        `select id, xmin::text as xid from ${table_of(kind.rows)} where id = any($1) order by id for update`,
        [ids],
      );
      const reading = uncached.length === 0 ? Promise.resolve() : read_rows(batch, kind_name, uncached);
      return [reading, use_cached(batch, kind_name, ids, uncached, locked)];
    });
}

async function read_rows(batch: Batch, kind_name: string, ids: readonly string[]): Promise<void> {
  const { service, cache, freeze } = batch.ports;
  const kind = kind_of(service, kind_name);
  const { rows } = await batch.wire.send(`${service.name}.${kind_name}.load`, kind.rows.load, [ids]);
  // The parsed boundary: load's contract is a JSON array of rows with id and version.
  const loaded = (rows[0]?.rows ?? []) as (Row & { id: string; version?: number })[];
  for (const row of loaded) {
    const state = kind.rows.from_row(row);
    put(batch.memory, service, kind_name, row.id, { state: freeze === true ? deep_freeze(state) : state, version: row.version ?? 0 });
  }
  const entries = batch.memory.entries.get(kind_name);
  for (const id of ids) {
    if (entries?.has(id) === true) continue;
    cache.drop(kind_name, id);
    put(batch.memory, service, kind_name, id);
  }
}

/** What the cache holds is believed only under the row's lock and when the row's writer is the one remembered; the rest is read after all. */
async function use_cached(
  batch: Batch,
  kind_name: string,
  ids: readonly string[],
  uncached: readonly string[],
  locked: Promise<pg.QueryResult>,
): Promise<void> {
  const { service, cache } = batch.ports;
  const { rows } = await locked;
  const xids = new Map((rows as { id: string; xid: string }[]).map(row => [row.id, row.xid]));
  const read = new Set(uncached);
  const stale: string[] = [];
  for (const id of ids) {
    batch.xids.set(`${kind_name} ${id}`, xids.get(id) ?? '');
    if (read.has(id)) continue;
    const cached = cache.get(kind_name, id);
    if (cached !== undefined && cached.xid === xids.get(id)) put(batch.memory, service, kind_name, id, cached);
    else stale.push(id);
  }
  if (stale.length > 0) await read_rows(batch, kind_name, stale);
}

/** An aggregate's rows live in the table that its own statements name. */
function table_of(rows: { readonly insert: string; readonly update: string }): string {
  const table = /(?:insert into|update) (\w+\.\w+)/.exec(`${rows.insert} ${rows.update}`)?.[1];
  if (table === undefined) throw new Error(`no table in ${rows.insert}`);
  return table;
}

/** After commit: what was changed is remembered under this transaction, what was only read under the one that had written it. */
export function remember_states(batch: Batch, xid: string): void {
  const { service, cache } = batch.ports;
  for (const [kind_name, entries] of batch.memory.entries) {
    if (is_reference(kind_of(service, kind_name))) continue;
    for (const entry of entries.values()) {
      const known = entry.changed ? xid : batch.xids.get(`${kind_name} ${entry.id}`);
      if (known !== undefined && known !== '') cache.put(kind_name, entry.id, { state: entry.state, version: entry.version, xid: known });
    }
  }
}

export function forget_states(batch: Batch): void {
  for (const [kind_name, entries] of batch.memory.entries) for (const id of entries.keys()) batch.ports.cache.drop(kind_name, id);
}
