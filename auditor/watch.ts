/** The auditor beside the running services: a round every ten seconds; the last findings are served by GET /v1/audit. */
import pg from 'pg';
import { real_clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { type AuditGiven, check_one, type Finding, type Invariant, type LedgerEntry, type Line } from './auditor.ts';
import { remembered_left_out } from './dropped.ts';
import { invariants } from './invariants.ts';
import { rest_of } from './waiting.ts';

export const watch_every_ms = 10_000;
/** Checks that are dear in a shop with a million orders share this much of the time; cheap ones run in every round. */
export const dear_share = 0.03;
export const cheap_ms = 100;
/** Dear checks may save up to so much, for the dearest. */
export const saved_max_ms = 600_000;
const watch_statement_timeout_ms = 600_000;
const audit_statement_timeout_ms = 3_600_000;
const pool_max = 2;
const stop_wait_ms = 3_000;

const ledger_timeout_ms = 5_000;
/** A longer ledger is left to `audit`. */
export const watched_entries_max = 20_000;

export interface Watched {
  readonly sandbox: { readonly stand_ins: readonly { readonly name: string; readonly url: string }[] } | undefined;
  readonly logger: Logger;
  url_of(service: string): string;
}

export interface AuditWatch {
  start(watched: Watched): void;
  last(): { at: string | null; checked: number; findings: readonly Finding[]; left_out: readonly string[] };
  stop(): Promise<void>;
}

export function watch_audit(): AuditWatch {
  const rounds = audit_rounds(invariants);
  let told = new Set<string>();
  const stopping = new AbortController();
  const left_out_of = remembered_left_out();
  let left_out: readonly string[] = [];
  let at: string | null = null;
  let watching: Promise<void> = Promise.resolve();
  return {
    start(watched) {
      watching = (async () => {
        const pools = audit_pools(watched.url_of, watch_statement_timeout_ms);
        while (!stopping.signal.aborted) {
          await real_clock.sleep(watch_every_ms, stopping.signal);
          if (stopping.signal.aborted) break;
          const given = await given_now(pools.pool_of, watched);
          await rounds.run(given, stopping.signal);
          // A database that is away is told by the checks.
          left_out = await left_out_of(given).catch(() => left_out);
          at = given.now;
          told = tell(watched.logger, rounds.findings(), told);
        }
        await pools.end();
      })();
    },
    last: () => ({ at, checked: rounds.checked(), findings: rounds.findings(), left_out }),
    async stop() {
      stopping.abort();
      // A long query ends with its connection.
      await Promise.race([watching, real_clock.sleep(stop_wait_ms)]);
    },
  };
}

/** Each finding once, as long as it stands. */
function tell(logger: Logger, findings: readonly Finding[], told: ReadonlySet<string>): Set<string> {
  for (const finding of findings) {
    if (!told.has(JSON.stringify(finding))) logger.error({ finding }, `auditor: ${finding.invariant} ${finding.detail}`);
  }
  return new Set(findings.map(finding => JSON.stringify(finding)));
}

/** A database that is away is not the auditor's to tell: then nothing counts as at rest, and every check says that it cannot run. */
async function given_now(pool_of: AuditGiven['pool_of'], { sandbox }: Watched): Promise<AuditGiven> {
  const now = real_clock.now();
  const rest = await rest_of(pool_of, now).catch(() => ({ at_rest: false, still_at_rest: async () => false }));
  const ledgers = rest.at_rest && sandbox !== undefined ? await read_ledgers(sandbox.stand_ins, watched_entries_max) : new Map();
  return { pool_of, ledgers, now, ...rest, incremental: true };
}

export interface Rounds {
  run(given: AuditGiven, signal?: AbortSignal): Promise<void>;
  /** Of every check as it was when it last ran. */
  findings(): readonly Finding[];
  checked(): number;
}

/** A check that took long waits until enough of the time since has been saved for it, so the auditor never costs more than its share. */
export function audit_rounds(checks: readonly Invariant[], every_ms = watch_every_ms): Rounds {
  const last = new Map<Invariant, Line>();
  // The first round looks at everything: what a check costs is not known yet.
  let saved_ms = 0;
  return {
    async run(given, signal) {
      saved_ms = Math.min(saved_max_ms, saved_ms + every_ms * dear_share);
      // Dear ones in turn: the one that ran longest ago first.
      const dear = [...last].flatMap(([check, line]) => (line.milliseconds > cheap_ms ? [check] : []));
      for (const check of [...checks.filter(one => !dear.includes(one)), ...dear]) {
        if (signal?.aborted === true) return;
        const cost_ms = last.get(check)?.milliseconds ?? 0;
        if (cost_ms > cheap_ms && cost_ms > saved_ms) continue;
        const line = await check_one(given, check);
        if (line.skipped) continue;
        if (line.milliseconds > cheap_ms) saved_ms = Math.max(0, saved_ms - line.milliseconds);
        last.delete(check);
        last.set(check, line);
      }
    },
    findings: () => checks.flatMap(check => last.get(check)?.findings ?? []),
    checked: () => last.size,
  };
}

/** One small pool per database, however many services share it. */
export function audit_pools(
  url_of: (service: string) => string,
  statement_timeout_ms = audit_statement_timeout_ms,
): { pool_of: AuditGiven['pool_of']; end(): Promise<void> } {
  const pools = new Map<string, pg.Pool>();
  return {
    pool_of(service) {
      const url = url_of(service);
      const known = pools.get(url);
      if (known !== undefined) return known;
      const pool = new pg.Pool({
        connectionString: url,
        max: pool_max,
        options: `-c timezone=UTC -c statement_timeout=${statement_timeout_ms}`,
      });
      // An idle connection that breaks is replaced by the pool.
      pool.on('error', () => undefined);
      pools.set(url, pool);
      return pool;
    },
    async end() {
      await Promise.all([...pools.values()].map(pool => pool.end()));
    },
  };
}

/** What really happened at the third parties, in their own words. One that does not answer, or has more to say than asked for, is left out. */
export async function read_ledgers(
  stand_ins: readonly { readonly name: string; readonly url: string }[],
  entries_max = Number.POSITIVE_INFINITY,
): Promise<Map<string, readonly LedgerEntry[]>> {
  const limit = Number.isFinite(entries_max) ? `?limit=${entries_max + 1}` : '';
  const found = await Promise.all(
    stand_ins.map(async ({ name, url }) => {
      const answer = await fetch(`${url}/__sim/ledger${limit}`, { signal: AbortSignal.timeout(ledger_timeout_ms) }).then(
        response => response.json(),
        () => undefined,
      );
      // The stand-ins' own form (decisions.md 13).
      return [name, (answer as { entries?: LedgerEntry[] } | undefined)?.entries] as const;
    }),
  );
  return new Map(
    found.flatMap(([name, entries]) => (entries === undefined || entries.length > entries_max ? [] : [[name, entries] as const])),
  );
}
