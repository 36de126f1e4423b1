/**
 * `npm run chaos -- --seconds 60`: orders at load while random processes of services are killed -9 and started again, and the database's postmaster
 * three times. Then faults off: every accepted order must be terminal or in a named wait, and the auditor must find nothing. With `--third-parties` it is
 * the third parties that fail instead (third_parties.ts); `--kills` adds the processes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type pg from 'pg';
import { audit, print_line } from '../../auditor/auditor.ts';
import { invariants } from '../../auditor/invariants.ts';
import { audit_pools, read_ledgers } from '../../auditor/watch.ts';
import { start_sandbox } from '../../main/sandbox.ts';
import { read_settings } from '../../main/settings.ts';
import { start_postgres } from '../../platform/postgres/launcher.ts';
import { type Random, seeded_random } from '../../platform/random.ts';
import { create_buyers } from './buyers.ts';
import { judge, print_verdict } from './end_checker.ts';
import { read_tables } from './evidence.ts';
import { type Running, run_services } from './processes.ts';
import { behave, go_down, look_at_lies, misbehave, third_party_env } from './third_parties.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    keep: { type: 'boolean', default: false },
    rest: { type: 'string', default: '75' },
    // Third parties misbehave, and no process is killed unless --kills says so, too.
    'third-parties': { type: 'boolean', default: false },
    kills: { type: 'boolean', default: false },
    // easypost: a process killed between writing that it asks for a label and asking leaves a doubt that only a person ends; a millisecond or two, so rarely an order.
    carrier: { type: 'string', default: 'easypost' },
  },
});
const seconds = Number(values.seconds);
/** Each late reply holds a place at its provider for seconds. */
const rate = values.rate ?? (values['third-parties'] ? '15' : '40');
const random = seeded_random(Number(values.seed));
const key = 'sk_chaos_0123456789abcdef';
const rest_deadline_s = Number(values.rest);
const misbehaving = values['third-parties'];
const killing = !misbehaving || values.kills;
const postmaster_kills = 3;

const folder = await mkdtemp(join(tmpdir(), 'cartwright-chaos-'));
const data = join(folder, 'data');
console.log(
  `\n  chaos: ${seconds} s at ${rate} orders/s, seed ${values.seed} (again: npm run chaos --${misbehaving ? ' --third-parties' : ''}${misbehaving && killing ? ' --kills' : ''} --seconds ${seconds} --rate ${rate} --seed ${values.seed})`,
);

let postgres = await start_postgres({ data_dir: join(data, 'postgres') });
const ports = await free_ports(9);
const sandbox_env = {
  SANDBOX_STRIPE_PORT: String(ports[0]),
  SANDBOX_EASYPOST_PORT: String(ports[1]),
  SANDBOX_SUPPLIER_PORT: String(ports[2]),
  SANDBOX_PUROLATOR_PORT: String(ports[6]),
  SANDBOX_CYBERSOURCE_PORT: String(ports[7]),
  SANDBOX_X12_PORT: String(ports[8]),
};
const env = {
  CARTWRIGHT_DATA: data,
  CARTWRIGHT_SECRET_KEY: key,
  CARTWRIGHT_SIGNING_SECRET: 'chaos-signing-secret-0123456789abcdef',
  FULFILLMENT: 'auto',
  REPLENISHMENT: 'auto',
  LOG_LEVEL: 'silent',
  CARRIER: values.carrier,
  MANUAL_DELIVERY_MS: '1000',
  ...sandbox_env,
  ...(misbehaving ? third_party_env : {}),
};
const sandbox = await start_sandbox(read_settings({ ...env, PORT: '1' }));
const fleet = [
  await run_services('orders', ['orders'], ports[3] ?? 0, env),
  await run_services('payments+shipping', ['payments', 'shipping'], ports[4] ?? 0, env),
  await run_services('inventory+suppliers', ['inventory', 'suppliers'], ports[5] ?? 0, env),
];
const [orders, outside, stock] = fleet;
if (orders === undefined || outside === undefined || stock === undefined) throw new Error('the fleet is incomplete');
await sandbox.aim(name => `http://127.0.0.1:${name === 'supplier' || name === 'x12_supplier' ? stock.port : outside.port}`);
const { skus, scarce, shelf } = await open_shop(orders.port, stock.port);
const url = `http://127.0.0.1:${orders.port}`;
const payments_door = `http://127.0.0.1:${outside.port}`;
const buyers = create_buyers({ url, key, skus, scarce, gateways: ['manual', 'stripe', 'stripe'], random });

if (misbehaving) await misbehave(sandbox.stand_ins, Number(values.seed));
const until_ms = performance.now() + seconds * 1_000;
const buying = buyers.buy(until_ms, Number(rate));
const stripe_goes = sandbox.stand_ins.find(each => each.name === 'stripe');
const away = misbehaving && stripe_goes !== undefined ? go_down(stripe_goes, seconds * 1_000) : undefined;
const kills = killing ? await nemesis(fleet, until_ms, random) : new Map<string, number>();
await Promise.all([buying, away]);
await behave(sandbox.stand_ins);
console.log(
  `  ${buyers.accepted()} orders accepted in ${buyers.history.calls.length} calls; refused: ${counted(buyers.refused())}; killed: ${counted(kills)}`,
);

const pools = audit_pools(() => postgres.url);
const waited = await rest(pools.pool_of('orders'));
await buyers.look_again();
const ledgers = await read_ledgers(sandbox.stand_ins);
const kept = await check_promises();
const good = (await check_invariants()) && kept && buyers.accepted() > 0;
await pools.end();
for (const running of fleet) await running.stop();
await sandbox.stop();
await postgres.stop();
if (!values.keep) await rm(folder, { recursive: true, force: true });
else console.log(`  kept: ${folder}`);
console.log(good && waited ? '\n  0 lost, 0 doubled, nothing found\n' : '\n  chaos found something: see above\n');
process.exit(good && waited ? 0 : 1);

/** Kills at random moments, and the postmaster at a quarter, half and three quarters of the time. */
async function nemesis(targets: readonly Running[], until: number, chance: Random): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const count = (name: string) => void counts.set(name, (counts.get(name) ?? 0) + 1);
  const started = performance.now();
  const span = until - started;
  let database_kills = 0;
  const restarting = new Map<Running, Promise<void>>();
  while (performance.now() < until) {
    await sleep(200 + chance.next() * 800);
    const share = (performance.now() - started) / span;
    if (database_kills < postmaster_kills && share > (database_kills + 1) / (postmaster_kills + 1)) {
      database_kills += 1;
      process.kill(postgres.pid, 'SIGKILL');
      count('postmaster');
      postgres = await start_postgres({ data_dir: join(data, 'postgres') });
      continue;
    }
    // What is still starting has been killed already; the others may die meanwhile, and the first two seconds of a start are as good as any.
    const target = targets.filter(each => !restarting.has(each))[Math.floor(chance.next() * (targets.length - restarting.size))];
    if (target === undefined || performance.now() >= until) continue;
    count(target.name);
    restarting.set(
      target,
      target.restart().finally(() => restarting.delete(target)),
    );
  }
  await Promise.all(restarting.values());
  return counts;
}

/** Faults are off: every order must come to its end, or to a wait that has a name. */
async function rest(pool: pg.Pool): Promise<boolean> {
  for (let waited_s = 0; waited_s < rest_deadline_s; waited_s++) {
    const { rows } = await pool.query<{ status: string; count: number }>(
      `select status, count(*)::int as count from orders.orders where closed_at is null group by status`,
    );
    const lies = misbehaving ? await look_at_lies(payments_door, key) : 0;
    if (lies > 0) console.log(`  a person looked at ${lies} contradictions of a gateway`);
    if (rows.length === 0) {
      console.log(`  every order came to its end ${waited_s} s after the last fault`);
      return true;
    }
    if (waited_s % 10 === 9)
      console.log(`    still open after ${waited_s + 1} s: ${rows.map(row => `${row.count} ${row.status}`).join(', ')}`);
    await sleep(1_000);
  }
  return named_waits(pool);
}

/**
 * What is left must wait for somebody by name: a person (an exception with an owner and a deadline), a supplier (a backorder), or a third party whose answer
 * was lost and is asked for again on schedule (a label in doubt is looked up, and for a person after 15 minutes).
 */
async function named_waits(pool: pg.Pool): Promise<boolean> {
  const asked = (service: string) =>
    `exists (select 1 from ${service}.operations p where p.key = o.id and p.state in ('requested', 'sent', 'unknown') and p.next_at < now() + interval '1 day')`;
  const { rows } = await pool.query<{
    id: string;
    status: string;
    payment_status: string;
    fulfillment_status: string;
    wait: string | null;
  }>(
    `select o.id, o.status, o.payment_status, o.fulfillment_status,
            case when ${asked('shipping')} then 'the carrier' when ${asked('payments')} then 'the gateway'
                 when o.exceptions::text <> '[]' then 'a person' when o.fulfillment_status = 'backordered' then 'a supplier' end as wait
       from orders.orders o where o.closed_at is null order by o.id`,
  );
  for (const [wait, list] of Map.groupBy(rows, row => row.wait))
    if (wait !== null) console.log(`  ${list.length} orders wait for ${wait}, who is asked again on schedule`);
  const stuck = rows.filter(row => row.wait === null);
  for (const row of stuck.slice(0, 20))
    console.log(`    stuck: ${row.id} ${row.status}, payment ${row.payment_status}, ${row.fulfillment_status}`);
  return stuck.length === 0;
}

/** What buyers were told, what third parties did and what the tables say, against what is promised: one line each. */
async function check_promises(): Promise<boolean> {
  const [stripe, easypost, supplier] = ['stripe', 'easypost', 'supplier'].map(name => ledgers.get(name));
  if (stripe === undefined || easypost === undefined || supplier === undefined) throw new Error('a third party did not show its ledger');
  const tables = await read_tables(pools.pool_of('orders'));
  const verdicts = judge({ calls: buyers.history.calls, shelf, stripe, easypost, supplier, tables });
  for (const verdict of verdicts) print_verdict(verdict);
  return verdicts.every(({ broken }) => broken.length === 0);
}

async function check_invariants(): Promise<boolean> {
  const lines = await audit(
    { pool_of: pools.pool_of, ledgers, now: new Date().toISOString(), at_rest: true, incremental: false },
    invariants,
    line => {
      if (line.findings.length > 0) print_line(line);
    },
  );
  console.log(
    `  ${lines.filter(line => !line.skipped && line.findings.length === 0).length} of ${lines.length} invariants hold, with ${[...ledgers.values()].flat().length} entries in the third parties' ledgers`,
  );
  return lines.every(line => line.findings.length === 0);
}

function counted(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${name} ${count}×`).join(', ') || 'none';
}

interface Shelf {
  readonly skus: readonly string[];
  readonly scarce: readonly string[];
  readonly shelf: ReadonlyMap<string, { readonly units: number; readonly backorder_limit: number }>;
}

/** Plenty of most things, and a few of some: those are fought for. What is put on the shelf here is all there ever is. */
async function open_shop(orders_port: number, stock_port: number): Promise<Shelf> {
  const skus = Array.from({ length: 40 }, (_, index) => `C${index}`);
  const scarce = Array.from({ length: 6 }, (_, index) => `RARE${index}`);
  const call = async (port: number, method: string, path: string, body: unknown) => {
    const lines = Array.isArray(body);
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': lines ? 'application/x-ndjson' : 'application/json' },
      body: lines ? body.map(line => JSON.stringify(line)).join('\n') : JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
  };
  const address = { line1: '1 Road', city: 'London', postal_code: 'N1 7AA', country: 'GB' };
  const locations = ['north', 'south'];
  for (const [index, code] of locations.entries())
    await call(stock_port, 'PUT', `/v1/locations/${code}`, { name: code, priority: index + 1, address });
  const product = (sku: string, index: number) => ({
    sku,
    name: `Product ${sku}`,
    weight_grams: 300,
    prices: [{ currency: 'GBP', amount: 500 + index * 10 }],
  });
  await call(orders_port, 'POST', '/v1/products/import', [...skus, ...scarce].map(product));
  const put = [
    ...skus.flatMap(sku => locations.map(location => ({ sku, location, on_hand: 50_000, backorder_limit: 0 }))),
    ...scarce.flatMap((sku, index) => locations.map(location => ({ sku, location, on_hand: 5 + index, backorder_limit: 0 }))),
  ];
  await call(stock_port, 'POST', '/v1/stock/import', put);
  if (misbehaving) await open_supply(skus, locations, (method, path, body) => call(stock_port, method, path, body));
  const units = (sku: string, field: 'on_hand' | 'backorder_limit') =>
    put.reduce((sum, line) => sum + (line.sku === sku ? line[field] : 0), 0);
  const shelf = new Map(
    [...skus, ...scarce].map(sku => [sku, { units: units(sku, 'on_hand'), backorder_limit: units(sku, 'backorder_limit') }]),
  );
  return { skus, scarce, shelf };
}

/** Shelves that count as too empty from the beginning, so that there are purchase orders; what comes is never sold. */
async function open_supply(
  skus: readonly string[],
  locations: readonly string[],
  call: (method: string, path: string, body: unknown) => Promise<void>,
): Promise<void> {
  for (const [index, sku] of skus.entries()) {
    const supplier = `maker-${index % 8}`;
    if (index < 8) await call('PUT', `/v1/suppliers/${supplier}`, { name: supplier, channel: { kind: 'rest' }, currency: 'GBP' });
    const item = { supplier_sku: `M-${sku}`, cost: 200, minimum_quantity: 1, pack_size: 1, lead_time_days: 2 };
    await call('PUT', `/v1/suppliers/${supplier}/items/${sku}`, item);
    for (const location of locations)
      await call('PUT', `/v1/reorder-policies/${sku}/${location}`, { reorder_point: 50_500, target: 51_000, supplier });
  }
}

async function free_ports(count: number): Promise<number[]> {
  const { createServer } = await import('node:net');
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<import('node:net').Server>(resolve => {
          const server = createServer();
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const found = servers.map(server => (server.address() as import('node:net').AddressInfo).port);
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
  return found;
}
