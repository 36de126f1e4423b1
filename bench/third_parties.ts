/**
 * `npm run bench -- --gateway stripe --carrier easypost`: orders end to end with third parties in the loop, over HTTP: authorized, labeled, captured, tracked by
 * webhook to the door. The stand-ins run in this process, the services and the load in one each, so that each one's share of the processor is its own.
 */
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { start_sandbox } from '../main/sandbox.ts';
import { read_settings } from '../main/settings.ts';
import { cpu_seconds, type LoadResult, open_shop, run_load, type Shop } from './shop.ts';

export interface ThirdPartiesGiven {
  readonly gateway: string;
  readonly carrier: string;
  readonly orders: number;
  readonly skus: number;
}
const names = ['STRIPE', 'EASYPOST', 'PUROLATOR', 'SUPPLIER', 'CYBERSOURCE', 'X12'] as const;
const end_deadline_s = 900;
const warm_up = 100;

export async function bench_third_parties({ gateway, carrier, orders, skus }: ThirdPartiesGiven): Promise<void> {
  console.log(
    `\n  bench: ${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}; gateway ${gateway}, carrier ${carrier}, stand-ins over HTTP\n`,
  );
  const env = Object.fromEntries(await Promise.all(names.map(async name => [`SANDBOX_${name}_PORT`, String(await free_port())] as const)));
  const folder = join(tmpdir(), `cartwright-bench-sandbox-${process.pid}`);
  const sandbox = await start_sandbox(read_settings({ ...env, CARTWRIGHT_DATA: folder, PORT: '1' }));
  const shop = await open_shop({ skus, on_hand: 1_000_000, env: { ...env, CARRIER: carrier } });
  try {
    await sandbox.aim(shop.url);
    await measure(shop, { gateway, skus, count: warm_up });
    const { accepted, seconds, load_seconds, services_s, postgres_s, sandbox_s } = await measure(shop, { gateway, skus, count: orders });
    const each = (spent_s: number) => `${((1_000 * spent_s) / accepted).toFixed(1)} ms`;
    console.log(
      `  ${accepted} orders: accepted ${(accepted / load_seconds).toFixed(1)}/s, end to end until delivered ${(accepted / seconds).toFixed(1)}/s`,
    );
    console.log(`  processor an order: services ${each(services_s)}, PostgreSQL ${each(postgres_s)}, stand-ins ${each(sandbox_s)}\n`);
  } finally {
    await shop.stop();
    await sandbox.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(shop: Shop, { count, ...load }: { readonly count: number; readonly gateway: string; readonly skus: number }) {
  const used = async () => ({ services: await cpu_seconds(shop.pid), postgres: await cpu_seconds(shop.postgres_pid), own: own_seconds() });
  const before = await used();
  const began = performance.now();
  const loads: LoadResult[] = [];
  let accepted = 0;
  while (accepted < count) {
    const result = await run_load(shop, { ...load, count: count - accepted, connections: 32, seed: Math.ceil(began) + loads.length });
    loads.push(result);
    accepted += result.accepted;
    if (result.accepted === 0) throw new Error(`no order was accepted: ${JSON.stringify(result)}`);
  }
  await all_completed(shop);
  const after = await used();
  return {
    accepted,
    seconds: (performance.now() - began) / 1_000,
    load_seconds: loads.reduce((sum, { seconds }) => sum + seconds, 0),
    services_s: after.services - before.services,
    postgres_s: after.postgres - before.postgres,
    sandbox_s: after.own - before.own,
  };
}

function own_seconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}

async function all_completed({ pool }: Shop): Promise<void> {
  for (let waited_ms = 0; waited_ms < end_deadline_s * 1_000; waited_ms += 200) {
    const { rows } = await pool.query<{ open: number }>('select count(*)::int as open from orders.orders where closed_at is null');
    if (rows[0]?.open === 0) return;
    await sleep(200);
  }
  throw new Error(`orders are still open after ${end_deadline_s} s`);
}

async function free_port(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise(resolve => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
