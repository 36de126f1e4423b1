/**
 * The auditor: checks the invariants of domain.md against the tables, the logs and the third parties' own ledgers. It reads with an owner's
 * connection and trusts nobody's bookkeeping: what a service stored is compared with the fold of what it published.
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
  readonly reference: string;
  readonly amount?: number;
  readonly currency?: string;
  readonly idempotency_key?: string;
  readonly [field: string]: unknown;
}

export interface AuditGiven {
  /** The database of a service's schema, as its owner. */
  pool_of(service: string): pg.Pool;
  /** The stand-ins' own ledgers by name; a third party that cannot be asked is absent. */
  readonly ledgers: ReadonlyMap<string, readonly LedgerEntry[]>;
  readonly now: string;
  /** True when nothing is in flight (no input, faults off, lag 0): only then what holds at rest is checked. */
  readonly at_rest: boolean;
  /** From which log position folds start (a checkpoint of the last run), per service; empty: from the beginning. */
  readonly incremental: boolean;
}

export interface Invariant {
  /** Number in domain.md 8 and reliability.md 1: `S5`, `P2`, `O1` … */
  readonly name: string;
  readonly says: string;
  readonly only_at_rest?: true;
  /** Too dear for every ten seconds: run by `audit`, not beside the services. */
  readonly thorough?: true;
  check(given: AuditGiven): Promise<readonly Finding[]>;
}

export interface Line {
  readonly invariant: Invariant;
  readonly findings: readonly Finding[];
  readonly milliseconds: number;
  readonly skipped: boolean;
  readonly error?: string;
}

export const findings_max = 20;

/** Checks one after the other, so that an audit beside a busy shop stays small. A check that cannot run is a finding, not a pass. */
export async function audit(given: AuditGiven, invariants: readonly Invariant[], each: (line: Line) => void = () => undefined): Promise<Line[]> {
  const lines: Line[] = [];
  for (const invariant of invariants) {
    const started = performance.now();
    const skipped = (invariant.only_at_rest === true && !given.at_rest) || (invariant.thorough === true && given.incremental);
    let findings: readonly Finding[] = [];
    let error: string | undefined;
    if (!skipped) {
      try {
        findings = await invariant.check(given);
      } catch (cause) {
        error = cause instanceof Error ? cause.message : String(cause);
        findings = [{ invariant: invariant.name, detail: `could not be checked: ${error}`, ids: [] }];
      }
    }
    const line: Line = { invariant, findings: findings.slice(0, findings_max), milliseconds: performance.now() - started, skipped, ...(error === undefined ? {} : { error }) };
    each(line);
    lines.push(line);
  }
  return lines;
}

/** One line per invariant; a finding names the ids to look at. */
export function print_line(line: Line): void {
  const mark = line.skipped ? '–' : line.findings.length === 0 ? '✔' : '✖';
  console.log(`  ${mark} ${line.invariant.name.padEnd(8)} ${line.invariant.says.padEnd(92)} ${line.skipped ? 'not now' : `${line.milliseconds.toFixed(0)} ms`}`);
  for (const finding of line.findings) console.log(`      ${finding.detail}  ${finding.ids.join(' ')}`);
}

/** A query each of whose rows is a finding: the row's `ids` (text[]) and `detail` say what and where. */
export function sql_invariant(definition: { name: string; says: string; service: string; only_at_rest?: true; thorough?: true; sql: string }): Invariant {
  return {
    name: definition.name,
    says: definition.says,
    ...(definition.only_at_rest ? { only_at_rest: true } : {}),
    ...(definition.thorough ? { thorough: true } : {}),
    async check({ pool_of, now }) {
      const { rows } = await pool_of(definition.service).query<{ ids: string[]; detail: string }>(
        definition.sql.includes('$1') ? { text: definition.sql, values: [now] } : { text: definition.sql },
      );
      return rows.map(row => ({ invariant: definition.name, detail: row.detail, ids: row.ids }));
    },
  };
}
