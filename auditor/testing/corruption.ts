/** For tests: one lie at a time. Everything happens in a transaction that is rolled back, and the auditor looks through it. */
import type pg from 'pg';
import { type AuditGiven, check_one, type Invariant, type LedgerEntry, type Line } from '../auditor.ts';

export type Ledgers = AuditGiven['ledgers'];

/** Runs `sql`, then the checks, and undoes it all. */
export async function audit_with(
  client: pg.Client,
  sql: string,
  given: Omit<AuditGiven, 'pool_of'>,
  checks: readonly Invariant[],
): Promise<readonly Line[]> {
  const pool = within(client);
  await client.query('begin');
  try {
    await client.query(sql);
    const lines: Line[] = [];
    for (const check of checks) {
      await client.query('savepoint audited');
      lines.push(await check_one({ ...given, pool_of: () => pool }, check));
      await client.query('rollback to savepoint audited');
    }
    return lines;
  } finally {
    await client.query('rollback');
  }
}

/** A pool of one connection whose transactions are parts of the one that is open. */
function within(client: pg.Client): pg.Pool {
  const inner = (text: string) =>
    /^begin/.test(text)
      ? 'savepoint audited'
      : text === 'commit'
        ? 'select 1'
        : text === 'rollback'
          ? 'rollback to savepoint audited'
          : text;
  const query = (text: string, values?: unknown[]) => client.query(inner(text), values);
  // As much of a pool as the auditor uses.
  return { query, connect: async () => ({ query, release: () => undefined }) } as unknown as pg.Pool;
}

/** The ledgers with one of them changed. */
export function with_ledger(ledgers: Ledgers, name: string, change: (entries: readonly LedgerEntry[]) => readonly LedgerEntry[]): Ledgers {
  return new Map([...ledgers, [name, change(ledgers.get(name) ?? [])]]);
}
