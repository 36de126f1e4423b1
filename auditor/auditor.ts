/**
 * The auditor: checks the invariants of domain.md against the tables, the logs and the third parties' own ledgers. It reads with an owner's
 * connection and trusts nobody's bookkeeping: what a service stored is compared with what it published, and sums are added up anew.
 */
import type pg from 'pg';

export interface Finding {
  readonly invariant: string;
  readonly detail: string;
  /** What to look at: order, payment, sku@location … */
  readonly ids: readonly string[];
}

export interface LedgerEntry {
  readonly at: string;
  readonly kind: string;
  readonly id: string;
  readonly reference: string | null;
  readonly amount?: number;
  readonly currency?: string;
  readonly idempotency_key?: string;
  readonly [field: string]: unknown;
}

/** Of an operation whose outcome is still to be learned: what it is about is left out of comparisons. */
export const open_states = `('requested', 'sent', 'unknown')`;
export const entries_of = ({ ledgers }: AuditGiven, ledger: string): readonly LedgerEntry[] => ledgers.get(ledger) ?? [];
/** A field of a ledger's entry, which is JSON: a text or not. */
export const text = (value: unknown): string => (typeof value === 'string' ? value : '');

export interface AuditGiven {
  /** The database of a service's schema, as its owner. Services that share a database share the pool. */
  pool_of(service: string): pg.Pool;
  /** The stand-ins' own ledgers by name; a third party that cannot be asked is absent. */
  readonly ledgers: ReadonlyMap<string, readonly LedgerEntry[]>;
  readonly now: string;
  /** True when nothing is in flight (no input, faults off, lag 0): only then what holds at rest is checked. */
  readonly at_rest: boolean;
  /** Asked when a check that holds only at rest found something: false when the shop has moved on since, and the finding means nothing. */
  still_at_rest?(): Promise<boolean>;
  /** Beside running services: of logs and prices only the newest are looked at, and what is thorough is left to `audit`. */
  readonly incremental: boolean;
}

export interface Invariant {
  /** Number in domain.md 8 and reliability.md 1: `S5`, `P2`, `O1` … */
  readonly name: string;
  readonly says: string;
  readonly only_at_rest?: true;
  /** Too dear beside the services: run by `audit` alone. */
  readonly thorough?: true;
  /** The third party without whose ledger there is nothing to compare. */
  readonly ledger?: string;
  check(given: AuditGiven): Promise<readonly Finding[]>;
}

export interface Line {
  readonly invariant: Invariant;
  /** At most `findings_max`; `more` when there are others. */
  readonly findings: readonly Finding[];
  readonly more: boolean;
  readonly milliseconds: number;
  readonly skipped: boolean;
  /** Why it was skipped. */
  readonly reason?: string;
  readonly error?: string;
}

export const findings_max = 20;

/** One line per invariant, told in their order. One after the other unless `at_once` says more: an audit beside a busy shop stays small. */
export async function audit(
  given: AuditGiven,
  invariants: readonly Invariant[],
  each: (line: Line) => void = () => undefined,
  at_once = 1,
): Promise<Line[]> {
  const checked = new Map<number, Line>();
  const lines: Line[] = [];
  const waiting = invariants.entries();
  const check_those_waiting = async () => {
    for (const [place, invariant] of waiting) {
      checked.set(place, await check_one(given, invariant));
      for (let line = checked.get(lines.length); line !== undefined; line = checked.get(lines.length)) {
        each(line);
        lines.push(line);
      }
    }
  };
  await Promise.all(Array.from({ length: at_once }, check_those_waiting));
  return lines;
}

/** A check that cannot run is a finding, not a pass. */
export async function check_one(given: AuditGiven, invariant: Invariant): Promise<Line> {
  const started = performance.now();
  const reason = reason_to_skip(given, invariant);
  const line = { invariant, findings: [], more: false, milliseconds: 0, skipped: false };
  if (reason !== undefined) return { ...line, skipped: true, reason };
  try {
    const findings = await invariant.check(given);
    const moved_on = invariant.only_at_rest === true && findings.length > 0 && (await given.still_at_rest?.()) === false;
    if (moved_on) return { ...line, skipped: true, reason: 'no longer at rest' };
    return {
      ...line,
      findings: findings.slice(0, findings_max),
      more: findings.length > findings_max,
      milliseconds: performance.now() - started,
    };
  } catch (cause) {
    const error = cause instanceof Error ? cause.message : String(cause);
    const finding = { invariant: invariant.name, detail: `could not be checked: ${error}`, ids: [] };
    return { ...line, findings: [finding], milliseconds: performance.now() - started, error };
  }
}

function reason_to_skip(given: AuditGiven, { only_at_rest, thorough, ledger }: Invariant): string | undefined {
  if (only_at_rest === true && !given.at_rest) return 'only at rest';
  if (thorough === true && given.incremental) return 'by audit alone';
  return ledger !== undefined && !given.ledgers.has(ledger) ? `no ledger of ${ledger}` : undefined;
}

const says_width = 92;

/** One line per invariant; a finding names the ids to look at. */
export function print_line({ invariant, findings, more, milliseconds, skipped, reason }: Line): void {
  const mark = skipped ? '–' : findings.length === 0 ? '✔' : '✖';
  console.log(
    `  ${mark} ${invariant.name.padEnd(4)} ${invariant.says.padEnd(says_width)} ${skipped ? reason : `${milliseconds.toFixed(0)} ms`}`,
  );
  for (const finding of findings) console.log(`      ${finding.detail}  ${finding.ids.join(' ')}`);
  if (more) console.log('      … and more');
}
