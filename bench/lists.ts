/**
 * `npm run bench -- --lists [--orders 1000000] [--browser]`: how long a page of the list of orders takes among a million, by every filter and by what a
 * person puts together: through HTTP, and beside it plain SQL that reads the same orders by their ids, which is what it takes to show them at all.
 */
import { cpus, totalmem } from 'node:os';
import { order_select } from '../services/orders/store.ts';
import { contact_kind, shipments_kind } from '../services/orders/store_references.ts';
import { look_at_console } from './lists_browser.ts';
import { store_desk } from './lists_desk.ts';
import { store_lists } from './lists_orders.ts';
import { order_questions, other_paths } from './lists_questions.ts';
import { cpu_seconds, open_shop, type Shop } from './shop.ts';

const rounds = 5;
const wanted_ms = 100;

export async function bench_lists({ orders, browser }: { readonly orders: number; readonly browser: boolean }): Promise<void> {
  console.log(`\n  lists: ${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}\n`);
  const admin_password = 'bench of lists only';
  const env = { BENCH_SERVICES: 'orders inventory payments shipping suppliers', CARTWRIGHT_ADMIN_PASSWORD: admin_password };
  const shop = await open_shop({ skus: 10_000, on_hand: 1_000, env });
  try {
    const seconds = await store_lists(shop.pool, orders, line => console.log(`  ${line}`));
    await store_desk(shop.pool, orders);
    console.log(`  ${orders.toLocaleString('en-GB')} orders made in ${seconds.toFixed(0)} s`);
    await ask_all(shop, orders);
    if (browser) await look_at_console(shop, admin_password);
  } finally {
    await shop.stop();
  }
}

/** Of a shop that has its orders. */
export async function ask_all(shop: Pick<Shop, 'url' | 'key' | 'pool' | 'postgres_pid'>, orders: number): Promise<void> {
  console.log(
    `\n  a page of 50, the median of ${rounds} after a first one; wanted: at most ${wanted_ms} ms. In brackets PostgreSQL's processor; beside it the same orders by their ids\n`,
  );
  for (const { name, query } of order_questions(orders)) {
    const path = `/v1/orders?${new URLSearchParams(query)}`;
    const ids = (await page_of(shop, path)).data.map(order => order.id);
    report(name, ids.length, await taken(shop, () => page_of(shop, path)), await taken(shop, () => by_ids(shop, ids)));
  }
  for (const path of other_paths(orders)) {
    const { data } = await page_of(shop, path);
    report(path, data.length, await taken(shop, () => page_of(shop, path)));
  }
}

interface Taken {
  readonly wall_ms: number;
  readonly postgres_ms: number;
}

function report(name: string, rows: number, asked: Taken, floor?: Taken): void {
  const beside = floor === undefined ? '' : `; by ids ${shown(floor.wall_ms)} (${shown(floor.postgres_ms)})`;
  const over = asked.wall_ms > wanted_ms ? '  over' : '';
  console.log(
    `  ${name.padEnd(46)} ${String(rows).padStart(3)} rows ${shown(asked.wall_ms)} ms (${shown(asked.postgres_ms)})${beside}${over}`,
  );
}
const shown = (ms: number) => ms.toFixed(0).padStart(5);

interface ListPage {
  readonly data: readonly { readonly id: string }[];
}
async function page_of({ url, key }: Pick<Shop, 'url' | 'key'>, path: string): Promise<ListPage> {
  const reply = await fetch(url + path, { headers: { authorization: `Bearer ${key}` } });
  if (!reply.ok) throw new Error(`${path}: ${reply.status} ${(await reply.text()).slice(0, 300)}`);
  // A reply of our own API.
  return (await reply.json()) as ListPage;
}

async function by_ids({ pool }: Pick<Shop, 'pool'>, ids: readonly string[]): Promise<void> {
  const orders = `select r.id, r.version, row_to_json(r) as row from (select ${order_select} from orders.orders o where o.id = any($1)) r`;
  await pool.query({ name: 'orders', text: orders, values: [ids] });
  await pool.query({ name: 'contacts', text: contact_kind.rows.load, values: [ids] });
  await pool.query({ name: 'shipments', text: shipments_kind.rows.load, values: [ids] });
}

/** The clock's median, and PostgreSQL's processor on average: the kernel counts it in hundredths of a second. */
async function taken({ postgres_pid }: Pick<Shop, 'postgres_pid'>, work: () => Promise<unknown>): Promise<Taken> {
  const times: number[] = [];
  const used = await cpu_seconds(postgres_pid);
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    await work();
    times.push(performance.now() - began);
  }
  return { wall_ms: median(times), postgres_ms: ((await cpu_seconds(postgres_pid)) - used) * (1_000 / rounds) };
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
