/** The logs: no event is lost, doubled, reordered or changed, and who hears them stands where he may (reliability.md 1, E1 to E12; architecture.md 4.2, 4.3). */
import { cluster_marks } from '../platform/log.ts';
import { partition_of } from '../platform/partition.ts';
import type { AuditGiven, Finding, Invariant } from './auditor.ts';
import { subject_kinds } from './kinds.ts';
import { look_after, runs_for, type SqlCheck, sql_invariant } from './sql.ts';
import { consumer_positions, publishers, unheard_events } from './waiting.ts';

const of_each_log = (sql: (log: string, incremental: boolean) => string): SqlCheck[] =>
  publishers.map(service => ({ service, sql: incremental => sql(service, incremental) }));

/** A row that only notes wrote has version 1 and no event; one that only changed along with others has 0; one whose story is in the archive has its last. */
const committed_together = sql_invariant(
  { name: 'E1', says: 'a row is stored with its events: its version is the sequence of the last' },
  ...publishers.flatMap((service): SqlCheck[] => {
    const kinds = subject_kinds.filter(kind => kind.service === service);
    if (kinds.length === 0) return [];
    const rows = kinds.map(
      ({ table, key, noted }) => `select id, version, ${key} as key, '${table}' as kept_in, ${noted === true} as noted from ${table}`,
    );
    return [
      {
        service,
        sql: incremental => `with said as (${
          incremental
            ? `select r.key, r.subject, (select max(sequence) from ${service}.events e where e.key = r.key and e.subject = r.subject) as last
               from (select distinct key, subject from ${service}.events where sequence is not null and position > {after}) r`
            : `select key, subject, max(sequence) as last from ${service}.events where sequence is not null group by key, subject`
        }),
        stored as (select * from (${rows.join(' union all ')}) r ${incremental ? 'where id in (select subject from said)' : ''})
        select array[coalesce(subject, id)] as ids, format('%s has version %s, the last event is %s', coalesce(kept_in, 'no row'), version, coalesce(last::text, 'none')) as detail
          from said full join stored r on r.id = subject and r.key = said.key
         where version is distinct from last and not (last is null and version <= 1 and noted)
           and not (last is null and exists (select 1 from ${service}.dropped_key d where d.key = r.key))`,
      },
    ];
  }),
);

const all_heard: Invariant = {
  name: 'E2',
  says: 'every event was heard by whom it concerns',
  only_at_rest: true,
  async check(given) {
    const by_pair = Map.groupBy(await unheard_events(given), ({ consumer, source }) => `${consumer} has not heard ${source}`);
    return [...by_pair].map(
      ([pair, events]): Finding => ({
        invariant: 'E2',
        detail: `${pair}: ${events.length} events from position ${events[0]?.position} (${events[0]?.type}) on`,
        ids: [...new Set(events.map(event => event.key))].slice(0, keys_shown_max),
      }),
    );
  },
};
const keys_shown_max = 5;

/** Where an epoch begins positions jump; where a story was taken out they are those that were noted with it, and nothing stands there. */
const positions_are_dense = sql_invariant(
  { name: 'E4', says: 'positions have no gap but where stories were taken out, and ids come once' },
  ...of_each_log(
    (log, incremental) => `with known as (
        select position, id, '2 logged' as what from ${log}.events where position > {after}
        union all
        select position, key, '1 taken out' from ${log}.dropped_key cross join lateral unnest(positions) as position
         where position > {after} and (select max(upto) from ${log}.log_drop) > {after}
        union all
        select floor, null, '0 epoch' from ${log}.log_epoch where floor > {after}),
      looked_at as (select *, lag(position) over (order by position, what) as before from known)
      select array[id] as ids, format('%s: position %s follows %s', '${log}', position, coalesce(before::text, 'nothing')) as detail
        from looked_at
       where what <> '0 epoch' and position <> coalesce(before, ${incremental ? 'position - 1' : '0'}) + 1
      union all
      select array[id], format('%s: %s events have this id', '${log}', count(*)) from known where what = '2 logged' group by id having count(*) > 1`,
  ),
);

const nobody_changes_events = sql_invariant(
  { name: 'E5', says: 'no service may change or delete an event, or note one as taken out' },
  ...of_each_log(
    log => `select array[rolname::text] as ids, format('may %s %s', privilege, kept) as detail
              from pg_roles cross join unnest(array['insert', 'update', 'delete', 'truncate']) privilege
                   cross join unnest(array['${log}.events', '${log}.dropped_key', '${log}.log_drop']) kept
             where rolname like 'cartwright\\_%' and not rolsuper and (kept, privilege) <> ('${log}.events', 'insert') and has_table_privilege(rolname, kept, privilege)`,
  ),
);

/** A row that notes wrote first has version 1 without an event: its first event is the second. What is told after a story was taken out goes on from there. */
const sequences_are_gapless = sql_invariant(
  { name: 'E6', says: 'the events of a subject are numbered 1, 2, 3 … in the order of their positions' },
  ...of_each_log(
    log => `select array[e.subject, e.id] as ids, format('%s: %s at position %s has sequence %s, and none before it %s', '${log}', e.type, e.position, e.sequence, e.sequence - 1) as detail
              from ${log}.events e
             where e.position > {after} and e.sequence is not null and e.sequence <> 1
               and not exists (select 1 from ${log}.events p where p.key = e.key and p.subject = e.subject and p.sequence = e.sequence - 1 and p.position < e.position)
               and (exists (select 1 from ${log}.events p where p.key = e.key and p.subject = e.subject and p.position < e.position)
                    or e.sequence <> 2 and not exists (select 1 from ${log}.dropped_key d where d.key = e.key))`,
  ),
);

/** Beyond its end a hearer would skip what comes; in another cluster's log it stands nowhere. */
const positions_are_real: Invariant = {
  name: 'E9',
  says: 'no position is beyond its log, or belongs to another cluster',
  async check(given) {
    // Positions first: a log only grows.
    const positions = await consumer_positions(given);
    const heads = new Map<string, number>();
    for (const log of publishers) {
      const { rows } = await given
        .pool_of(log)
        .query<{ head: number }>(
          `select greatest(coalesce((select max(position) from ${log}.events), 0), coalesce((select max(floor) from ${log}.log_epoch), 0))::float8 as head`,
        );
      heads.set(log, rows[0]?.head ?? 0);
    }
    const beyond = positions.filter(({ source, position }) => position > (heads.get(source) ?? 0) || position < 0);
    const findings = beyond.map(
      ({ consumer, source, partition, position }): Finding => ({
        invariant: 'E9',
        ids: [`${consumer}.positions`],
        detail: `${source}, partition ${partition}: at ${position}, the log ends at ${heads.get(source)}`,
      }),
    );
    return [...findings, ...(await foreign_marks(given))];
  },
};

async function foreign_marks(given: AuditGiven): Promise<Finding[]> {
  const marks = await Promise.all(publishers.map(async log => ({ log, ...(await cluster_marks(given.pool_of(log))) })));
  const found = await Promise.all(
    publishers.map(async consumer => {
      const { rows } = await given.pool_of(consumer).query<{ source: string }>(
        `select distinct source from ${consumer}.positions p join json_to_recordset($1) as m(log text, system_identifier text, timeline text) on m.log = p.source
          where (p.system_identifier, p.timeline) <> (m.system_identifier, m.timeline)`,
        [JSON.stringify(marks)],
      );
      return rows.map(
        ({ source }): Finding => ({
          invariant: 'E9',
          ids: [`${consumer}.positions`],
          detail: `positions of another ${source} log: run \`adopt ${consumer}\``,
        }),
      );
    }),
  );
  return found.flat();
}

/** The order of a key is kept end to end because all its events are in one partition, the one its hash says. */
const one_partition: Invariant = {
  name: 'E10',
  says: 'all events of a key are in the partition of that key',
  async check(given) {
    const found = await Promise.all(publishers.map(log => misplaced(given, log)));
    return found.flat();
  },
};

const keys_per_page = 20_000;

async function misplaced(given: AuditGiven, log: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  const from = await look_after(given, log);
  const pool = given.pool_of(log);
  for (let after = ''; ; ) {
    const { rows } = await pool.query<{ key: string; partitions: number[] }>(
      `select key, array_agg(distinct partition) as partitions from ${log}.events where key > $1 and position > $2 group by key order by key limit ${keys_per_page}`,
      [after, from],
    );
    for (const { key, partitions } of rows) {
      const own = partition_of(key);
      if (partitions.some(partition => partition !== own))
        findings.push({ invariant: 'E10', ids: [key], detail: `${log}: in partitions ${partitions.join(', ')}, its own is ${own}` });
    }
    after = rows.at(-1)?.key ?? '';
    if (rows.length < keys_per_page) return findings;
  }
}

const nothing_quarantined = sql_invariant(
  { name: 'E12', says: 'no key is quarantined, and what is parked is tried again' },
  ...of_each_log(
    log => `select array[key] as ids, format('%s cannot handle %s of %s from position %s on: %s (%s attempts, %s redrives)', '${log}', key, source, first_position, reason, attempts, redrives) as detail
              from ${log}.blocked where quarantined
            union all
            select array[b.key], format('%s holds %s back although nothing of it is parked', '${log}', b.source) from ${log}.blocked b
             where not exists (select 1 from ${log}.parked p where p.source = b.source and p.key = b.key)
            union all
            select array[p.key], format('%s parked position %s of %s, and nobody will try it again', '${log}', p.position, p.source) from ${log}.parked p
             where not exists (select 1 from ${log}.blocked b where b.source = p.source and b.key = p.key)
            union all
            select array[p.key], format('%s parked position %s of %s, which it has not reached', '${log}', p.position, p.source)
              from ${log}.parked p join ${log}.positions s on s.source = p.source and s.partition = (p.event ->> 'partition')::smallint where s.position < p.position`,
  ),
);

/** A trigger keeps them (platform/migrations/005); of a story that was taken out they stay. */
const cases_are_told = sql_invariant(
  { name: 'E13', says: 'the cases for people are those that the log tells of, open or not', thorough: true },
  ...of_each_log(
    log => `with told as (
        select data->>'exception_id' as exception_id, key, max(position) filter (where type = 'exception.raised') as raised,
               max(position) filter (where type = 'exception.resolved') as resolved
          from ${log}.events where type in ('exception.raised', 'exception.resolved') and data->>'exception_id' is not null group by 1, 2),
      said as (select exception_id, key, raised, case when resolved > raised then resolved end as resolved from told where raised is not null)
      select array[exception_id, key] as ids,
             format('%s: the log says raised at %s, resolved at %s; the row %s and %s', '${log}', said.raised, said.resolved, kept.raised, kept.resolved) as detail
        from said full join ${log}.exceptions kept using (exception_id, key)
       where (said.raised, said.resolved) is distinct from (kept.raised, kept.resolved)
         and not (said.raised is null and exists (select 1 from ${log}.dropped_key d where d.key = kept.key))`,
  ),
);

const timers_fire = sql_invariant(
  { name: 'V1', says: 'no timer is due for more than a minute while its service runs' },
  ...of_each_log(
    service => `select array[id] as ids, format('%s: timer %s was due at %s', '${service}', kind, due_at) as detail
                  from ${service}.timers where due_at < {now} - interval '60 seconds' and ${runs_for(service, 60)}`,
  ),
);

export const log_invariants: readonly Invariant[] = [
  committed_together,
  all_heard,
  positions_are_dense,
  nobody_changes_events,
  sequences_are_gapless,
  positions_are_real,
  one_partition,
  nothing_quarantined,
  cases_are_told,
  timers_fire,
];
