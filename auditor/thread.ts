/** One thread of an audit (threads.ts): it is told places in the list of invariants, one after the other, and tells what it found. */
import { parentPort, workerData } from 'node:worker_threads';
import { look } from './auditor.ts';
import { invariants } from './invariants.ts';
import type { ThreadGiven, Told } from './threads.ts';
import { audit_pools } from './watch.ts';

const { urls, ...told_once } = workerData as ThreadGiven;
const { pool_of } = audit_pools(service => urls.get(service) ?? missing(service));
/** One object for the whole audit: walks are shared by it. */
const given = { ...told_once, pool_of, incremental: false };

parentPort?.on('message', async (place: number) => {
  const asked = invariants[place];
  if (asked === undefined) throw new Error(`there is no invariant at ${place}`);
  const { invariant: _, ...told }: Told & { readonly invariant: unknown } = await look(given, asked);
  parentPort?.postMessage(told);
});

function missing(service: string): never {
  throw new Error(`no database of ${service} was named`);
}
