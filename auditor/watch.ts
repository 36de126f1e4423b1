/** The auditor beside the running services: every ten seconds, small checks only; the last findings are served by GET /v1/audit. */
import pg from 'pg';
import { real_clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { audit, type AuditGiven, type Finding, type LedgerEntry, type Line } from './auditor.ts';
import { invariants } from './invariants.ts';

export const watch_every_ms = 10_000;
const ledger_timeout_ms = 5_000;

export interface Watched {
  readonly sandbox: { readonly stand_ins: readonly { readonly name: string; readonly url: string }[] } | undefined;
  readonly logger: Logger;
  url_of(service: string): string;
}

export interface AuditWatch {
  start(watched: Watched): void;
  last(): { at: string | null; checked: number; findings: readonly Finding[] };
  stop(): Promise<void>;
}

export function watch_audit(): AuditWatch {
  let lines: readonly Line[] = [];
  let at: string | null = null;
  const stopping = new AbortController();
  let watching: Promise<void> = Promise.resolve();
  return {
    start(watched) {
      watching = (async () => {
        const pools = audit_pools(watched.url_of);
        while (!stopping.signal.aborted) {
          await real_clock.sleep(watch_every_ms, stopping.signal);
          if (stopping.signal.aborted) break;
          const now = real_clock.now();
          lines = await audit({ pool_of: pools.pool_of, ledgers: new Map(), now, at_rest: false, incremental: true }, invariants);
          at = now;
          for (const finding of lines.flatMap(line => line.findings)) watched.logger.error({ finding }, `auditor: ${finding.invariant} ${finding.detail}`);
        }
        await pools.end();
      })();
    },
    last: () => ({ at, checked: lines.filter(line => !line.skipped).length, findings: lines.flatMap(line => line.findings) }),
    async stop() {
      stopping.abort();
      await watching;
    },
  };
}

/** One small pool per database, however many services share it. */
export function audit_pools(url_of: (service: string) => string): { pool_of: AuditGiven['pool_of']; end(): Promise<void> } {
  const pools = new Map<string, pg.Pool>();
  return {
    pool_of(service) {
      const url = url_of(service);
      const pool = pools.get(url) ?? new pg.Pool({ connectionString: url, max: 2, options: '-c timezone=UTC -c statement_timeout=120000' });
      if (!pools.has(url)) pool.on('error', () => undefined);
      pools.set(url, pool);
      return pool;
    },
    async end() {
      await Promise.all([...pools.values()].map(pool => pool.end()));
    },
  };
}

/** What really happened at the third parties, in their own words. One that does not answer is left out, and said so by the check that needs it. */
export async function read_ledgers(stand_ins: readonly { readonly name: string; readonly url: string }[]): Promise<Map<string, readonly LedgerEntry[]>> {
  const found = await Promise.all(
    stand_ins.map(async ({ name, url }) => {
      const answer = await fetch(`${url}/__sim/ledger`, { signal: AbortSignal.timeout(ledger_timeout_ms) }).then(response => response.json(), () => undefined);
      // The stand-ins' own form (decisions.md 13).
      return [name, (answer as { entries: LedgerEntry[] } | undefined)?.entries] as const;
    }),
  );
  return new Map(found.flatMap(([name, entries]) => (entries === undefined ? [] : [[name, entries] as const])));
}
