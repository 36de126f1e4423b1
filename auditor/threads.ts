/**
 * An audit of everything, by two threads: one begins with what is asked in SQL, the other with the folds at the end of the list, so that one folds while
 * the database works for the other. Each has its own connections.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type AuditGiven, audit_in_lanes, type Check, type Invariant, type Line, still_standing } from './auditor.ts';
import { invariants } from './invariants.ts';
import { publishers } from './waiting.ts';

const audit_threads = 2;

/** What can be handed to a thread: addresses of databases instead of pools. */
export interface ThreadGiven extends Pick<AuditGiven, 'ledgers' | 'now' | 'at_rest'> {
  readonly urls: ReadonlyMap<string, string>;
}

/** A line without its invariant, which the thread knows by its place in the list. */
export type Told = Omit<Line, 'invariant'>;

export type Asked = Pick<AuditGiven, 'ledgers' | 'now' | 'at_rest' | 'still_at_rest'> & { url_of(service: string): string };

/** As `audit`, of all invariants. Errors: a thread that died. */
export async function audit_on_threads({ url_of, still_at_rest, ...given }: Asked, each?: (line: Line) => void): Promise<Line[]> {
  const workerData: ThreadGiven = { ...given, urls: new Map(publishers.map(service => [service, url_of(service)])) };
  const threads = Array.from({ length: audit_threads }, () => new Worker(new URL('./thread.ts', import.meta.url), { workerData }));
  const rest = still_at_rest === undefined ? {} : { still_at_rest };
  const check_by =
    (thread: Worker): Check =>
    async invariant =>
      still_standing(rest, { ...(await told_by(thread, invariant)), invariant });
  try {
    return await audit_in_lanes(threads.map(check_by), invariants, each);
  } finally {
    await Promise.all(threads.map(thread => thread.terminate()));
  }
}

async function told_by(thread: Worker, invariant: Invariant): Promise<Told> {
  // `once` throws what the thread threw.
  const told = once(thread, 'message');
  thread.postMessage(invariants.indexOf(invariant));
  const [line] = await told;
  return line as Told; // thread.ts tells nothing else
}
