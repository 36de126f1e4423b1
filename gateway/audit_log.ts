/** Who did what to which object, chained by hashes (reliability.md 6.7): in the transaction of the deed, or around it (audited.ts). */
import { hash } from 'node:crypto';
import type pg from 'pg';
import type { Clock } from '../platform/clock.ts';
import type { RouteRequest } from '../platform/route.ts';
import type { Json } from '../platform/service.ts';

/** `attempted`: it is about to be done; the entry that says how it ended follows. `unchanged`: it was refused, or there was nothing to change. */
export type AuditOutcome = 'attempted' | 'done' | 'unchanged';

export interface AuditEntry {
  /** RFC 3339. */
  readonly at: string;
  readonly actor: string;
  readonly actor_type: string;
  /** `key.created`, `staff.changed`, … */
  readonly action: string;
  readonly object: string;
  readonly reason?: string;
  readonly request_id: string;
  readonly before?: Json;
  readonly after?: Json;
  /** Absent: done. */
  readonly outcome?: AuditOutcome;
  /** The `seq` of the attempt that this entry ends. */
  readonly attempt?: number;
}

/** What a request did. */
export function audit_entry(
  clock: Clock,
  request: RouteRequest,
  action: string,
  object: string,
  more: Pick<AuditEntry, 'before' | 'after' | 'outcome' | 'attempt'>,
): AuditEntry {
  return {
    at: clock.now(),
    actor: request.principal.id,
    actor_type: request.principal.type,
    action,
    object,
    request_id: request.request_id,
    ...more,
  };
}

/** Held to the end of the transaction: one writer at a time, so that the chain does not fork. */
const audit_lock = 0x617564;
const genesis = '0'.repeat(64);

export async function append_audit(client: pg.ClientBase, entry: AuditEntry): Promise<void> {
  await append_audits(client, [{ entry, repeated: false }]);
}

export interface Noted {
  readonly entry: AuditEntry;
  /** Of a request whose first reply was given again: the first may have written its entry, or died before it could. */
  readonly repeated: boolean;
}

/** Returns each entry's `seq`; undefined: it had been written before. */
export async function append_audits(client: pg.ClientBase, noted: readonly Noted[]): Promise<(number | undefined)[]> {
  await client.query('select pg_advisory_xact_lock($1)', [audit_lock]);
  const known = await written_before(client, noted);
  // In a statement after the lock, whose snapshot is younger than it.
  const last = await client.query<{ seq: number; hash: string }>('select seq, hash from gateway.audit_log order by seq desc limit 1');
  let seq = last.rows[0]?.seq ?? 0;
  let prev_hash = last.rows[0]?.hash ?? genesis;
  const rows: Fields[] = [];
  const seqs = noted.map(({ entry, repeated }) => {
    if (repeated && known.has(same_deed(entry))) return undefined;
    seq += 1;
    const fields = fields_of({
      reason: null,
      outcome: 'done',
      attempt: null,
      ...entry,
      seq,
      before_hash: digest(entry.before),
      after_hash: digest(entry.after),
    });
    const hash = chained(prev_hash, fields);
    rows.push([...fields, prev_hash, hash]);
    prev_hash = hash;
    return seq;
  });
  await client.query(
    `insert into gateway.audit_log
       (seq, at, actor, actor_type, action, object, reason, request_id, before_hash, after_hash, outcome, attempt, prev_hash, hash)
     select (r->>0)::bigint, (r->>1)::timestamptz, r->>2, r->>3, r->>4, r->>5, r->>6, r->>7, r->>8, r->>9, r->>10, (r->>11)::bigint, r->>12, r->>13
       from json_array_elements($1::json) r`,
    [JSON.stringify(rows)],
  );
  return seqs;
}

type Told = Omit<AuditRow, 'prev_hash' | 'hash'>;
type Fields = readonly (string | number | null)[];

function fields_of(row: Told): Fields {
  const { seq, at, actor, actor_type, action, object, reason, request_id, before_hash, after_hash, outcome, attempt } = row;
  return [seq, at, actor, actor_type, action, object, reason, request_id, before_hash, after_hash, outcome, attempt];
}

async function written_before(client: pg.ClientBase, noted: readonly Noted[]): Promise<ReadonlySet<string>> {
  const asked = noted.filter(({ repeated }) => repeated).map(({ entry }) => entry.object);
  if (asked.length === 0) return new Set();
  const { rows } = await client.query<Pick<AuditRow, 'actor' | 'action' | 'object' | 'after_hash'>>(
    'select actor, action, object, after_hash from gateway.audit_log where object = any($1)',
    [asked],
  );
  return new Set(rows.map(({ actor, action, object, after_hash }) => JSON.stringify([actor, action, object, after_hash])));
}

function same_deed({ actor, action, object, after }: AuditEntry): string {
  return JSON.stringify([actor, action, object, digest(after)]);
}

function digest(value: Json | undefined): string | null {
  return value === undefined ? null : hash('sha256', JSON.stringify(value));
}

/** Entries were once hashed without an outcome and an attempt: those that have neither to tell still are. */
function chained(prev_hash: string, fields: Fields): string {
  const [outcome, attempt] = fields.slice(-2);
  const told = outcome === 'done' && attempt === null ? fields.slice(0, -2) : fields;
  return hash('sha256', prev_hash + JSON.stringify(told));
}

export interface AuditRow {
  readonly seq: number;
  readonly at: string;
  readonly actor: string;
  readonly actor_type: string;
  readonly action: string;
  readonly object: string;
  readonly reason: string | null;
  readonly request_id: string;
  readonly before_hash: string | null;
  readonly after_hash: string | null;
  readonly outcome: AuditOutcome;
  readonly attempt: number | null;
  readonly prev_hash: string;
  readonly hash: string;
}

/** The first row whose hash does not follow from it and the row before; undefined when the chain is whole. */
export async function broken_audit_row(pool: pg.Pool): Promise<number | undefined> {
  const batch_size = 10_000;
  let prev_hash = genesis;
  let seq = 0;
  for (;;) {
    const { rows } = await pool.query<AuditRow>('select * from gateway.audit_log where seq > $1 order by seq limit $2', [seq, batch_size]);
    for (const row of rows) {
      if (row.seq !== seq + 1 || row.prev_hash !== prev_hash || row.hash !== chained(prev_hash, fields_of(row))) return seq + 1;
      seq = row.seq;
      prev_hash = row.hash;
    }
    if (rows.length < batch_size) return undefined;
  }
}
