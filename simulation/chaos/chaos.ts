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
import { look_into_doubts } from './people.ts';
import { type Running, run_services } from './processes.ts';
import { rest } from './rest.ts';
import { open_shop } from './shop.ts';
import { behave, go_down, look_at_lies, misbehave, third_party_env } from './third_parties.ts';
import { post_watchman } from './watchman.ts';

const usage = `npm run chaos -- [options]: orders at load while things fail, then every order must have ended well
  --seconds <n>     how long [60]
  --rate <n>        orders a second [40; 15 with --third-parties]
  --seed <n>        the same faults again
  --third-parties   gateways, carriers and suppliers fail, instead of processes and the database
  --kills           … and those as well
  --carrier <names> easypost, purolator, manual; several with commas
  --gateways <names> manual, stripe, cybersource; in turn, order by order
  --rest <n>        in the end: seconds without an order that ends until the rest must have a reason [60]
  --patience <n>    minutes for that, at most [15]
  --keep            keep the data folder`;
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    keep: { type: 'boolean', default: false },
    // What is left when no order has ended for so many seconds waits for somebody, or is stuck; and so many minutes at most.
    rest: { type: 'string', default: '60' },
    patience: { type: 'string', default: '15' },
    // Third parties misbehave, and no process is killed unless --kills says so, too.
    'third-parties': { type: 'boolean', default: false },
    kills: { type: 'boolean', default: false },
    // easypost: a process killed between writing that it asks for a label and asking leaves a doubt that only a person ends; a millisecond or two, so rarely an order.
    carrier: { type: 'string' },
    gateways: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const seconds = Number(values.seconds);
/** Each late reply holds a place at its provider for seconds. */
const rate = values.rate ?? (values['third-parties'] ? '15' : '40');
const random = seeded_random(Number(values.seed));
const key = 'sk_chaos_0123456789abcdef';
const patience = { stuck_after_s: Number(values.rest), at_most_s: 60 * Number(values.patience) };
const misbehaving = values['third-parties'];
const killing = !misbehaving || values.kills;
const carrier = values.carrier ?? (misbehaving ? 'easypost,purolator' : 'easypost');
const gateways = (values.gateways ?? (misbehaving ? 'manual,stripe,cybersource' : 'manual,stripe,stripe')).split(',');
const postmaster_kills = 3;

const folder = await mkdtemp(join(tmpdir(), 'cartwright-chaos-'));
const data = join(folder, 'data');
const watchman = post_watchman({ postgres: join(data, 'postgres'), folder: values.keep ? undefined : folder });
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
  CARRIER: carrier,
  MANUAL_DELIVERY_MS: '1000',
  ...sandbox_env,
  // What Purolator sells costs Canadian dollars.
  ...(misbehaving ? { ...third_party_env, LABEL_CURRENCY: 'CAD' } : {}),
};
const sandbox = await start_sandbox(read_settings({ ...env, PORT: '1' }));
const fleet = [
  await run_services('orders', ['orders'], ports[3] ?? 0, env, watchman),
  await run_services('payments+shipping', ['payments', 'shipping'], ports[4] ?? 0, env, watchman),
  await run_services('inventory+suppliers', ['inventory', 'suppliers'], ports[5] ?? 0, env, watchman),
];
const [orders, outside, stock] = fleet;
if (orders === undefined || outside === undefined || stock === undefined) throw new Error('the fleet is incomplete');
await sandbox.aim(name => `http://127.0.0.1:${name === 'supplier' || name === 'x12_supplier' ? stock.port : outside.port}`);
const { skus, scarce, shelf } = await open_shop({ key, orders_port: orders.port, stock_port: stock.port, third_parties: misbehaving });
const url = `http://127.0.0.1:${orders.port}`;
const payments_door = `http://127.0.0.1:${outside.port}`;
const buyers = create_buyers({ url, key, skus, scarce, gateways, abroad: misbehaving, random });

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
const waited = await rest(pools.pool_of('orders'), patience, people);
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

/** Somebody looks at what gateways lie about, and into what only they can tell. */
async function people(): Promise<void> {
  if (!misbehaving) return;
  const lies = await look_at_lies(payments_door, key);
  if (lies > 0) console.log(`  a person looked at ${lies} contradictions of a gateway`);
  const cybersource = sandbox.stand_ins.find(({ name }) => name === 'cybersource');
  if (cybersource === undefined) return;
  const settled = await look_into_doubts({ pool: pools.pool_of('payments'), cybersource, door: payments_door, key });
  if (settled.length > 0) console.log(`  a person looked up at CyberSource: ${settled.join(', ')}`);
}

/** What buyers were told, what third parties did and what the tables say, against what is promised: one line each. */
async function check_promises(): Promise<boolean> {
  const ledger = (name: string) => ledgers.get(name) ?? missing(name);
  const verdicts = judge({
    calls: buyers.history.calls,
    shelf,
    stripe: ledger('stripe'),
    cybersource: ledger('cybersource'),
    carriers: [...ledger('easypost'), ...ledger('purolator')],
    suppliers: [...ledger('supplier'), ...ledger('x12_supplier')],
    tables: await read_tables(pools.pool_of('orders')),
  });
  for (const verdict of verdicts) print_verdict(verdict);
  return verdicts.every(({ broken }) => broken.length === 0);
}

function missing(name: string): never {
  throw new Error(`${name} did not show its ledger`);
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
