/** Who did what to which object, written in the transaction of the deed and chained by hashes (reliability.md 6.7). */
import { hash } from 'node:crypto';
import type pg from 'pg';
import type { Clock } from '../platform/clock.ts';
import type { RouteRequest } from '../platform/route.ts';
import type { Json } from '../platform/service.ts';

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
}

/** What a request did. */
export function audit_entry(
  clock: Clock,
  request: RouteRequest,
  action: string,
  object: string,
  states: { before?: Json; after?: Json },
): AuditEntry {
  return {
    at: clock.now(),
    actor: request.principal.id,
    actor_type: request.principal.type,
    action,
    object,
    request_id: request.request_id,
    ...states,
  };
}

/** Held to the end of the transaction: one writer at a time, so that the chain does not fork. */
const audit_lock = 0x617564;
const genesis = '0'.repeat(64);

export async function append_audit(client: pg.ClientBase, entry: AuditEntry): Promise<void> {
  await client.query('select pg_advisory_xact_lock($1)', [audit_lock]);
  // In a statement after the lock, whose snapshot is younger than it.
  const last = await client.query<{ seq: number; hash: string }>('select seq, hash from gateway.audit_log order by seq desc limit 1');
  const seq = (last.rows[0]?.seq ?? 0) + 1;
  const prev_hash = last.rows[0]?.hash ?? genesis;
  const { at, actor, actor_type, action, object, request_id, reason = null } = entry;
  const row = [seq, at, actor, actor_type, action, object, reason, request_id, digest(entry.before), digest(entry.after)];
  await client.query(
    `insert into gateway.audit_log (seq, at, actor, actor_type, action, object, reason, request_id, before_hash, after_hash, prev_hash, hash)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [...row, prev_hash, chained(prev_hash, row)],
  );
}

function digest(value: Json | undefined): string | null {
  return value === undefined ? null : hash('sha256', JSON.stringify(value));
}

function chained(prev_hash: string, row: readonly (string | number | null)[]): string {
  return hash('sha256', prev_hash + JSON.stringify(row));
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
      const fields = [
        row.seq,
        row.at,
        row.actor,
        row.actor_type,
        row.action,
        row.object,
        row.reason,
        row.request_id,
        row.before_hash,
        row.after_hash,
      ];
      if (row.seq !== seq + 1 || row.prev_hash !== prev_hash || row.hash !== chained(prev_hash, fields)) return seq + 1;
      seq = row.seq;
      prev_hash = row.hash;
    }
    if (rows.length < batch_size) return undefined;
  }
}
