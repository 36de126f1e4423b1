/** The person who looks into what only CyberSource can tell: a capture or credit that was lost twice is never asked for again, nor found by a query. */
import type pg from 'pg';
import type { LedgerEntry } from '../../auditor/auditor.ts';
import type { StandIn } from '../../sandbox/stand_in.ts';

export interface DoubtsGiven {
  readonly pool: pg.Pool;
  readonly cybersource: StandIn;
  readonly door: string;
  readonly key: string;
}
const effects: Readonly<Record<string, string>> = { capture: 'captured', refund: 'refunded', void: 'voided' };

/** Those whose last answer sends for a person. What stands in the ledger under the operation's name has happened; says what was found. */
export async function look_into_doubts({ pool, cybersource, door, key }: DoubtsGiven): Promise<string[]> {
  const { rows } = await pool.query<{ op_id: string; kind: string }>(
    `select op_id, kind from payments.operations where provider = 'cybersource' and state = 'unknown' and last_outcome->>'for_person' = 'true'`,
  );
  if (rows.length === 0) return [];
  const ledger: readonly LedgerEntry[] = cybersource.ledger();
  const found: string[] = [];
  for (const { op_id, kind } of rows) {
    const effect = ledger.find(each => each.kind === effects[kind] && each.idempotency_key?.replace(/-\d+$/, '') === op_id);
    const outcome = effect === undefined ? 'failed' : 'succeeded';
    const reply = await fetch(`${door}/v1/operations/${op_id}/resolve`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'idempotency-key': `doubt-${op_id}` },
      body: JSON.stringify({ outcome, evidence: effect?.id ?? 'the Business Center shows nothing of this name' }),
    });
    found.push(`${kind} ${reply.ok ? outcome : `not settled, ${reply.status}`}`);
  }
  return found;
}
