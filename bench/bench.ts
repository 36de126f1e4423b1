/**
 * `npm run bench [-- --short]`: from one run on one machine, the limit (plain SQL) and ours, the ratio, one hot SKU, the latency, and the same again with a
 * million orders stored. It prints numbers and never a verdict: a noisy machine must not fail a build.
 */
import { cpus, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { bench_adapters } from './adapters.ts';
import { bench_analytics } from './analytics.ts';
import { measure_limit } from './limit.ts';
import { bench_lists } from './lists.ts';
import { cpu_seconds, type LoadResult, open_shop, resident_mb, run_load, type Shop } from './shop.ts';
import { store_orders } from './stored.ts';
import { bench_third_parties } from './third_parties.ts';

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    adapters: { type: 'boolean', default: false },
    analytics: { type: 'boolean', default: false },
    lists: { type: 'boolean', default: false },
    browser: { type: 'boolean', default: false },
    lives: { type: 'string', default: '20000' },
    orders: { type: 'string' },
    stored: { type: 'string' },
    skus: { type: 'string', default: '10000' },
    gateway: { type: 'string', default: 'manual' },
    carrier: { type: 'string', default: 'manual' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(`npm run bench -- [options]: the limit of the database and ours, in one run
  --short           a minute: 1,000 orders, none stored before
  --orders <n>      orders to measure [15000]
  --stored <n>      orders there already, for (f) [1000000]
  --skus <n>        products [10000]
  --gateway <name>  stripe, cybersource: end to end with its stand-in
  --carrier <name>  easypost, purolator: the same
  --adapters        operations a second through each adapter and stand-in
  --lists           a page of the list of orders by every filter, of --orders [1000000]; --browser: in the console, too`);
  process.exit(0);
}
if (values.adapters) {
  await bench_adapters(Number(values.orders ?? 2_000));
  process.exit(0);
}
if (values.analytics) {
  await bench_analytics({ orders: Number(values.orders ?? 1_000_000), lives: Number(values.lives) });
  process.exit(0);
}
if (values.lists) {
  await bench_lists({ orders: Number(values.orders ?? 1_000_000), browser: values.browser });
  process.exit(0);
}
if (values.gateway !== 'manual' || values.carrier !== 'manual') {
  const { gateway, carrier } = values;
  await bench_third_parties({ gateway, carrier, orders: Number(values.orders ?? 500), skus: Number(values.skus) });
  process.exit(0);
}
const orders = Number(values.orders ?? (values.short ? 1_000 : 15_000));
const stored = Number(values.stored ?? (values.short ? 0 : 1_000_000));
const skus = Number(values.skus);
const end_deadline_s = 600;
const lines: string[] = [];

function report(name: string, text: string): void {
  const line = `  ${name.padEnd(46)} ${text}`;
  lines.push(line);
  console.log(line);
}
const per_second = (value: number) => `${Math.round(value).toLocaleString('en-GB')}/s`;

console.log(
  `\n  bench: ${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}, embedded PostgreSQL, fsync on; load, services and database share the machine\n`,
);
const shop = await open_shop({ skus, on_hand: 1_000_000 });
try {
  const warm = await end_to_end(shop, Math.min(1_000, orders));
  console.log(`  warmed up with ${warm.accepted} orders\n`);
  const ours = await end_to_end(shop, orders);
  const limit = await measure_limit(shop.pool, Math.min(orders, 4_000));
  report(
    '(a) the limit: same rows, plain SQL, one client',
    `${per_second(limit.per_second)} orders, ${per_second((limit.per_second * limit.events) / limit.orders)} events`,
  );
  report('(b) ours, accepted over HTTP', per_second(ours.accepted_per_second));
  report(
    '    ours, end to end until completed',
    `${per_second(ours.completed_per_second)} orders, ${per_second(ours.events_per_second)} events logged`,
  );
  report('    processor an order', `${ours.node_ms.toFixed(2)} ms services, ${ours.postgres_ms.toFixed(2)} ms PostgreSQL`);
  report('(c) ratio b/a', (ours.completed_per_second / limit.per_second).toFixed(2));
  const hot = await end_to_end(shop, Math.max(500, Math.floor(orders / 5)), { skus: 1, lines: 1 });
  report(
    '(d) one hot SKU, end to end',
    `${per_second(hot.completed_per_second)} orders; reservations while they lasted ${per_second(hot.reserved_per_second)}`,
  );
  const half = Math.max(20, Math.floor(ours.completed_per_second / 2));
  const calm = await run_load(shop, { skus, rate: half, seconds: values.short ? 5 : 20 });
  report(
    '(e) POST /v1/orders at half of the maximum',
    `${per_second(half)}: p50 ${calm.p50_ms.toFixed(1)} ms, p99 ${calm.p99_ms.toFixed(1)} ms, shed ${calm.shed}`,
  );
  await all_closed(shop);
  const waiting = await run_load(shop, { skus, rate: half, seconds: values.short ? 5 : 10, wait: 10 });
  report('    Prefer: wait until confirmed', `p50 ${waiting.p50_ms.toFixed(1)} ms, p99 ${waiting.p99_ms.toFixed(1)} ms`);
  await all_closed(shop);
  if (stored > 0) {
    const seconds = await store_orders(shop.pool, stored);
    console.log(`  ${stored.toLocaleString('en-GB')} orders stored in ${seconds.toFixed(0)} s`);
    const again = await end_to_end(shop, orders);
    report(
      `(f) (b) with ${stored.toLocaleString('en-GB')} orders stored`,
      `${per_second(again.completed_per_second)}, ${(again.completed_per_second / ours.completed_per_second).toFixed(2)} of (b)`,
    );
  }
  report('memory of the services, at most', `${await resident_mb(shop.pid)} MB`);
  console.log(`\n${lines.join('\n')}\n`);
} finally {
  await shop.stop();
}

interface Measured {
  readonly accepted: number;
  readonly accepted_per_second: number;
  readonly completed_per_second: number;
  readonly events_per_second: number;
  readonly reserved_per_second: number;
  readonly node_ms: number;
  readonly postgres_ms: number;
}

/** As many orders as fast as they are taken, until the last is completed. Shed ones are placed again: what counts is orders that ended. */
async function end_to_end(open: Shop, count: number, more: Record<string, number> = {}): Promise<Measured> {
  const before = await state_of(open);
  const cpu = [await cpu_seconds(open.pid), await cpu_seconds(open.postgres_pid)];
  const started = performance.now();
  const loads: LoadResult[] = [];
  let accepted = 0;
  while (accepted < count) {
    const load = await run_load(open, { skus, count: count - accepted, connections: 96, seed: 1 + loads.length, ...more });
    loads.push(load);
    accepted += load.accepted;
    if (load.accepted === 0) throw new Error(`no order was accepted: ${JSON.stringify(load)}`);
  }
  await all_closed(open);
  const seconds = (performance.now() - started) / 1_000;
  const after = await state_of(open);
  const reserving = Math.max(0.001, (await reserved_span(open, before.events_inventory)) / 1_000);
  const load_seconds = loads.reduce((sum, load) => sum + load.seconds, 0);
  return {
    accepted,
    accepted_per_second: accepted / load_seconds,
    completed_per_second: accepted / seconds,
    events_per_second: (after.events - before.events) / seconds,
    reserved_per_second: accepted / reserving,
    node_ms: (1_000 * ((await cpu_seconds(open.pid)) - (cpu[0] ?? 0))) / accepted,
    postgres_ms: (1_000 * ((await cpu_seconds(open.postgres_pid)) - (cpu[1] ?? 0))) / accepted,
  };
}

async function state_of({ pool }: Shop): Promise<{ events: number; events_inventory: number }> {
  const { rows } = await pool.query<{ events: number; events_inventory: number }>(
    `with heads as (select (select coalesce(max(position), 0) from orders.events) o, (select coalesce(max(position), 0) from inventory.events) i, (select coalesce(max(position), 0) from payments.events) p, (select coalesce(max(position), 0) from shipping.events) s)
     select (o + i + p + s)::float8 as events, i::float8 as events_inventory from heads`,
  );
  return rows[0] ?? { events: 0, events_inventory: 0 };
}

/** Milliseconds between the first and the last reservation after a position. */
async function reserved_span({ pool }: Shop, after: number): Promise<number> {
  const { rows } = await pool.query<{ span: number | null }>(
    `select extract(epoch from max(time) - min(time)) * 1000 as span from inventory.events where position > $1 and type = 'stock.reserved'`,
    [after],
  );
  return Number(rows[0]?.span ?? 1);
}

async function all_closed({ pool }: Shop): Promise<void> {
  for (let waited = 0; waited < end_deadline_s * 20; waited++) {
    const { rows } = await pool.query<{ open: boolean }>('select exists (select 1 from orders.orders where closed_at is null) as open');
    if (rows[0]?.open !== true) return;
    await sleep(50);
  }
  throw new Error(`orders are still open after ${end_deadline_s} s`);
}
