/**
 * `npm run chaos -- --seconds 60`: orders at load while random processes of services are killed -9 and started again, and the database's postmaster
 * three times. Then faults off: every accepted order must be terminal or in a named wait, and the auditor must find nothing.
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
import { type Buyers, create_buyers } from './buyers.ts';
import { type Running, run_services } from './processes.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string', default: '40' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    keep: { type: 'boolean', default: false },
    rest: { type: 'string', default: '75' },
    // easypost: a process killed between writing that it asks for a label and asking leaves a doubt that only a person ends; a millisecond or two, so rarely an order.
    carrier: { type: 'string', default: 'easypost' },
  },
});
const seconds = Number(values.seconds);
const random = seeded_random(Number(values.seed));
const key = 'sk_chaos_0123456789abcdef';
const rest_deadline_s = Number(values.rest);
const postmaster_kills = 3;

const folder = await mkdtemp(join(tmpdir(), 'cartwright-chaos-'));
const data = join(folder, 'data');
console.log(
  `\n  chaos: ${seconds} s at ${values.rate} orders/s, seed ${values.seed} (again: npm run chaos -- --seconds ${seconds} --rate ${values.rate} --seed ${values.seed})`,
);

let postgres = await start_postgres({ data_dir: join(data, 'postgres') });
const ports = await free_ports(6);
const sandbox_env = {
  SANDBOX_STRIPE_PORT: String(ports[0]),
  SANDBOX_EASYPOST_PORT: String(ports[1]),
  SANDBOX_SUPPLIER_PORT: String(ports[2]),
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
};
const sandbox = await start_sandbox(read_settings({ ...env, PORT: '1' }));
const fleet = [
  await run_services('orders', ['orders'], ports[3] ?? 0, env),
  await run_services('payments+shipping', ['payments', 'shipping'], ports[4] ?? 0, env),
  await run_services('inventory+suppliers', ['inventory', 'suppliers'], ports[5] ?? 0, env),
];
const [orders, outside, stock] = fleet;
if (orders === undefined || outside === undefined || stock === undefined) throw new Error('the fleet is incomplete');
await sandbox.aim(name => `http://127.0.0.1:${name === 'supplier' ? stock.port : outside.port}`);
const skus = await open_shop(orders.port, stock.port);
const buyers = create_buyers({ url: `http://127.0.0.1:${orders.port}`, key, skus, gateways: ['manual', 'stripe', 'stripe'], random });

const until_ms = performance.now() + seconds * 1_000;
const buying = buyers.buy(until_ms, Number(values.rate));
const kills = await nemesis(fleet, until_ms, random);
await buying;
console.log(
  `  ${buyers.accepted.length} orders accepted in ${buyers.attempts()} attempts; killed: ${[...kills].map(([name, count]) => `${name} ${count}×`).join(', ')}`,
);

const pools = audit_pools(() => postgres.url);
const waited = await rest(pools.pool_of('orders'));
const good = (await check_history(pools.pool_of('orders'), buyers)) && (await check_invariants());
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

/** The clients' own history against the tables: everything that was answered is there, once. */
async function check_history(pool: pg.Pool, { accepted, contradictions, refused }: Buyers): Promise<boolean> {
  const { rows } = await pool.query<{ lost: number; doubled: number }>(
    `with told as (select * from json_to_recordset($1) as t(reference text, order_id text))
     select (select count(*)::int from told t where not exists (select 1 from orders.orders o where o.id = t.order_id and o.reference = t.reference)) as lost,
            (select count(*)::int from (select reference from orders.orders where reference is not null group by reference having count(*) > 1) d) as doubled`,
    [JSON.stringify(accepted)],
  );
  const { lost, doubled } = rows[0] ?? { lost: -1, doubled: -1 };
  console.log(
    `  ${lost} lost, ${doubled} doubled, ${contradictions.length} contradictions${refused.size === 0 ? '' : `; refused: ${[...refused].map(([code, count]) => `${count} ${code}`).join(', ')}`}`,
  );
  return lost === 0 && doubled === 0 && contradictions.length === 0 && accepted.length > 0 && !refused.has('gave up');
}

async function check_invariants(): Promise<boolean> {
  const ledgers = await read_ledgers(sandbox.stand_ins);
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

async function open_shop(orders_port: number, stock_port: number): Promise<string[]> {
  const names = Array.from({ length: 40 }, (_, index) => `C${index}`);
  const call = async (port: number, method: string, path: string, body: unknown) => {
    const lines = Array.isArray(body);
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': lines ? 'application/x-ndjson' : 'application/json' },
      body: lines ? body.map(line => JSON.stringify(line)).join('\n') : JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
  };
  for (const [index, code] of ['north', 'south'].entries())
    await call(stock_port, 'PUT', `/v1/locations/${code}`, {
      name: code,
      priority: index + 1,
      address: { line1: '1 Road', city: 'London', postal_code: 'N1 7AA', country: 'GB' },
    });
  await call(
    orders_port,
    'POST',
    '/v1/products/import',
    names.map((sku, index) => ({
      sku,
      name: `Product ${index}`,
      weight_grams: 300,
      prices: [{ currency: 'GBP', amount: 500 + index * 10 }],
    })),
  );
  await call(
    stock_port,
    'POST',
    '/v1/stock/import',
    names.flatMap(sku => ['north', 'south'].map(location => ({ sku, location, on_hand: 50_000 }))),
  );
  return names;
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
