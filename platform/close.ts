/** The write path's writes: one statement per table, JSON in, only for what the batch has. */
import { type AnyService, type Entry, is_reference, kind_of } from './batch.ts';
import type { RowsStatement, Statement } from './columns.ts';
import { partition_of } from './partition.ts';
import type { Row } from './service.ts';
import type { Batch } from './write.ts';

export const park_attempts_max = 8;
export const park_time_max_minutes = 30;
export const park_backoff_ms = 1_000;
export const park_backoff_max_ms = 300_000;

export function rows_statements(service: AnyService, changed: Map<string, Entry[]>, statement: RowsStatement): Statement[] {
  const statements: Statement[] = [];
  for (const [kind_name, entries] of changed) {
    const kind = kind_of(service, kind_name);
    if (is_reference(kind)) continue;
    const { rows } = kind;
    const row_of = (entry: Entry): Row => ({ ...rows.to_row(entry.state, entry.id), id: entry.id, version: entry.version });
    const add = (what: string, text: string, list: readonly Row[]) => {
      if (list.length > 0) statements.push(statement(`${service.name}.${kind_name}.${what}`, text, list));
    };
    add('insert', rows.insert, entries.filter(entry => !entry.stored).map(row_of));
    add('update', rows.update, entries.filter(entry => entry.stored).map(row_of));
    for (const [place, child] of (rows.children ?? []).entries()) {
      const diffs = entries.map(entry => child.diff(entry.stored ? entry.before : undefined, entry.state));
      add(
        `child_${place}.insert`,
        child.insert,
        diffs.flatMap(diff => diff.added),
      );
      add(
        `child_${place}.update`,
        child.update,
        diffs.flatMap(diff => diff.changed),
      );
    }
  }
  return statements;
}

/** Everything beside the aggregates: records, operations, timers, replies, parking. Only what the batch has is sent. */
export function side_statements(batch: Batch, schema: string): Statement[] {
  const { collected } = batch.memory;
  const statements: Statement[] = [];
  const add = (what: string, text: string, list: readonly object[], ...more: unknown[]) => {
    if (list.length > 0) statements.push(batch.statement(`${schema}.${what}`, text, list as readonly Row[], ...more));
  };
  const tables = new Map<string, Row[]>();
  for (const { table, row } of collected.records) {
    const rows = tables.get(table);
    if (rows === undefined) tables.set(table, [row]);
    else rows.push(row);
  }
  for (const [table, rows] of tables) {
    const text = batch.ports.service.records?.[table];
    if (text === undefined) throw new Error(`${schema} has no record table ${table}`);
    add(`record.${table}`, text, rows);
  }
  add(
    'operations.end',
    operation_end_sql(schema),
    batch.items.flatMap((item, index) =>
      item.operation === undefined || batch.results[index]?.result === 'failed' ? [] : [item.operation],
    ),
    batch.at,
  );
  add(
    'operations.settle',
    `update ${schema}.operations o set state = s.state, waiting = false, ended_at = $2
       from json_to_recordset($1) as s(op_id text, state text) where o.op_id = s.op_id and o.state in ('requested', 'sent', 'unknown')`,
    collected.settled,
    batch.at,
  );
  add(
    'operations.insert',
    `insert into ${schema}.operations (op_id, kind, provider, subject, key, request, state, next_at, requested_at)
       select op_id, kind, provider, subject, key, request, 'requested', coalesce(not_before, $2::timestamptz), $2
         from json_to_recordset($1) as o(op_id text, kind text, provider text, subject text, key text, request json, not_before timestamptz)
           on conflict (op_id) do nothing`,
    collected.operations,
    batch.at,
  );
  const fired = batch.items.flatMap((item, index) =>
    item.timer === undefined || batch.results[index]?.result === 'failed' ? [] : [item.timer],
  );
  add(
    'timers.fired',
    `delete from ${schema}.timers t using json_to_recordset($1) as f(kind text, id text, due_at timestamptz)
       where t.kind = f.kind and t.id = f.id and t.due_at = f.due_at`,
    fired,
  );
  const last = [...new Map(collected.timers.map(timer => [`${timer.kind} ${timer.id}`, timer])).values()];
  add(
    'timers.delete',
    `delete from ${schema}.timers t using json_to_recordset($1) as d(kind text, id text) where t.kind = d.kind and t.id = d.id`,
    last.filter(timer => timer.due_at === null),
  );
  add(
    'timers.put',
    `insert into ${schema}.timers (kind, id, due_at, partition)
       select kind, id, due_at, partition from json_to_recordset($1) as t(kind text, id text, due_at timestamptz, partition smallint)
           on conflict (kind, id) do update set due_at = excluded.due_at`,
    last.filter(timer => timer.due_at !== null).map(timer => ({ ...timer, partition: partition_of(timer.id) })),
  );
  add(
    'idempotency.insert',
    `insert into ${schema}.idempotency (principal, route, key, body_hash, status, body, headers, waiting, created_at, about)
       select principal, route, key, body_hash, status, body, headers, waiting, created_at, about from json_populate_recordset(null::${schema}.idempotency, $1)`,
    batch.new_replies,
  );
  statements.push(...parking_statements(batch, schema));
  return statements;
}

function parking_statements(batch: Batch, schema: string): Statement[] {
  const statements: Statement[] = [];
  const add = (what: string, text: string, list: readonly object[], ...more: unknown[]) => {
    if (list.length > 0) statements.push(batch.statement(`${schema}.${what}`, text, list as readonly Row[], ...more));
  };
  add('parked.insert', `insert into ${schema}.parked select * from json_populate_recordset(null::${schema}.parked, $1)`, batch.parked);
  add(
    'blocked.put',
    `insert into ${schema}.blocked (source, key, first_position, attempts, next_at, since, reason)
       select source, key, first_position, 1, at + interval '${park_backoff_ms} milliseconds', at, reason
         from json_to_recordset($1) as b(source text, key text, first_position bigint, reason text, at timestamptz)
           on conflict (source, key) do update set attempts = blocked.attempts + 1, first_position = excluded.first_position, reason = excluded.reason,
              next_at = excluded.since + least(interval '${park_backoff_max_ms} milliseconds', interval '${park_backoff_ms} milliseconds' * (2 ^ blocked.attempts)),
              quarantined = blocked.attempts + 1 >= ${park_attempts_max} or excluded.since - blocked.since > interval '${park_time_max_minutes} minutes'`,
    [...batch.newly_blocked.values()],
  );
  add(
    'parked.delete',
    `delete from ${schema}.parked p using json_to_recordset($1) as d(source text, position bigint) where p.source = d.source and p.position = d.position`,
    batch.unparked,
  );
  add(
    'blocked.delete',
    `delete from ${schema}.blocked b using (select distinct source, key from json_to_recordset($1) as d(source text, key text)) d
       where b.source = d.source and b.key = d.key and not exists (select 1 from ${schema}.parked p where p.source = b.source and p.key = b.key)`,
    batch.unparked,
  );
  return statements;
}

/** Only an operation that is still open, and only the attempt this outcome belongs to. */
function operation_end_sql(schema: string): string {
  return `update ${schema}.operations o set state = e.state, waiting = e.waiting, next_at = coalesce(e.next_at, o.next_at), last_outcome = e.last_outcome,
            learned = (o.learned::jsonb || coalesce(e.learned::jsonb, '{}'))::json,
            ended_at = case when e.state in ('succeeded', 'failed') then $2::timestamptz end
       from json_to_recordset($1) as e(op_id text, attempts integer, state text, next_at timestamptz, waiting boolean, learned json, last_outcome json)
      where o.op_id = e.op_id and o.attempts = e.attempts and o.state in ('requested', 'sent', 'unknown')`;
}
