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
  /** Those that share a walk through a log are worth asking on one thread. */
  readonly shares?: string;
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

export type Check = (invariant: Invariant) => Promise<Line>;

/** One line per invariant, told in their order. One after the other: an audit beside a busy shop stays small. */
export async function audit(given: AuditGiven, invariants: readonly Invariant[], each?: (line: Line) => void): Promise<Line[]> {
  // Walks are shared within this audit, never with an earlier one.
  const this_time = { ...given };
  return audit_in_lanes([invariant => check_one(this_time, invariant)], invariants, each);
}

/** Lanes work side by side, each second one from the end of the list; what shares a walk is one lane's. Lines are told in the list's order nevertheless. */
export async function audit_in_lanes(
  lanes: readonly Check[],
  invariants: readonly Invariant[],
  each: (line: Line) => void = () => undefined,
): Promise<Line[]> {
  const checked = new Map<Invariant, Line>();
  const lines: Line[] = [];
  const waiting = [...Map.groupBy(invariants, invariant => invariant.shares ?? invariant).values()];
  const told_next = () => {
    const invariant = invariants[lines.length];
    return invariant === undefined ? undefined : checked.get(invariant);
  };
  const work = async (check: Check, lane: number) => {
    const next = () => (lane % 2 === 0 ? waiting.shift() : waiting.pop());
    for (let together = next(); together !== undefined; together = next()) {
      for (const invariant of together) {
        checked.set(invariant, await check(invariant));
        for (let line = told_next(); line !== undefined; line = told_next()) {
          each(line);
          lines.push(line);
        }
      }
    }
  };
  await Promise.all(lanes.map(work));
  return lines;
}

/** A check that cannot run is a finding, not a pass. */
export async function check_one(given: AuditGiven, invariant: Invariant): Promise<Line> {
  return still_standing(given, await look(given, invariant));
}

/** What holds only at rest is found only if the shop is at rest still. */
export async function still_standing({ still_at_rest }: Pick<AuditGiven, 'still_at_rest'>, line: Line): Promise<Line> {
  const is_doubtful = line.invariant.only_at_rest === true && line.findings.length > 0 && line.error === undefined;
  if (!is_doubtful || (await still_at_rest?.()) !== false) return line;
  return { ...line, findings: [], more: false, milliseconds: 0, skipped: true, reason: 'no longer at rest' };
}

/** Without asking whether the shop is at rest still. */
export async function look(given: AuditGiven, invariant: Invariant): Promise<Line> {
  const started = performance.now();
  const reason = reason_to_skip(given, invariant);
  const line = { invariant, findings: [], more: false, milliseconds: 0, skipped: false };
  if (reason !== undefined) return { ...line, skipped: true, reason };
  try {
    const findings = await invariant.check(given);
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
