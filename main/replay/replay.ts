/**
 * `replay <file>`: a retailer's year through the platform under the simulated clock. It is a client of the public API; only the clock is its own.
 * Day by day: orders are placed at their time, stock movements are posted, credits become cancellations or returns, suppliers deliver after days.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { print_line } from '../../auditor/auditor.ts';
import { audit_on_threads } from '../../auditor/threads.ts';
import { real_clock, type SimulatedClock, simulated_clock } from '../../platform/clock.ts';
import { bring_up, type Up } from '../platform_up.ts';
import { type Settings, service_list } from '../settings.ts';
import { print_accounting } from './accounting.ts';
import { type Api, all_of, api_client } from './client.ts';
import { figures_of_analytics } from './insight.ts';
import { opening_stock, type Plan, plan, type Step } from './plan.ts';
import { progress } from './progress.ts';
import { type ReturnDesk, return_desk } from './returns.ts';
import { country_code, first_moment, is_goods, read_invoices } from './rows.ts';
import { deliver_purchase_orders } from './supplier.ts';

export const location = 'warehouse';
const currency = 'GBP';
const day_ms = 86_400_000;
/** An ample limit keeps the sales that really happened (decisions.md 7). */
const backorder_limit = 1_000_000;
const quiet_days_max = 60;
const settle_timeout_ms = 120_000;
const settle_poll_ms = 4;
const requests_at_once = 128;
const import_lines_max = 400;
/** Nobody looks at the numbers before the end: long batches of analytics cost less. */
const analytics_batch_ms = 5_000;

export async function replay(base: Settings, file: string, options: { rows_max?: number }): Promise<number> {
  const started = real_clock.now_ms();
  console.log(`\n  reading ${file}`);
  const first = (await first_moment(file)) ?? real_clock.now();
  // The database begins while the file is read.
  const planning = plan(read_invoices(file, options.rows_max));
  planning.catch(() => undefined);
  const data_folder = join(base.data_folder, 'replay');
  await rm(data_folder, { recursive: true, force: true });
  const settings: Settings = {
    ...base,
    data_folder,
    port: 0,
    public_url: '',
    metrics_port: 0,
    sandbox: false,
    fulfillment: 'auto',
    replenishment: 'auto',
    carriers: [],
    manual_delivery_ms: day_ms,
    secret_key: base.secret_key ?? 'sk_replay_0123456789abcdef',
  };
  const clock = simulated_clock(Date.parse(first.slice(0, 10)) - day_ms);
  const up = await bring_up({
    settings,
    services: service_list,
    with_sandbox: false,
    with_door: true,
    with_metrics: false,
    clock,
    analytics_batching: { batch_ms: analytics_batch_ms },
  });
  const api = api_client(up.door?.url ?? '', settings.secret_key ?? '');
  try {
    const planned = await planning;
    console.log(
      `  ${planned.rows.toLocaleString('en-GB')} rows, ${planned.by_invoice.size.toLocaleString('en-GB')} orders, ${planned.products.size.toLocaleString('en-GB')} products; opening the shop`,
    );
    await hurry(up, true);
    await open_shop(api, planned);
    const outcome = await run_days(up, api, clock, planned, started);
    const figures = await figures_of_analytics(api, first.slice(0, 10), clock.now());
    const good = await print_accounting({
      planned,
      ...outcome,
      figures,
      url: up.admin_url,
      seconds: (real_clock.now_ms() - started) / 1_000,
    });
    const sound = await verdict(up, clock);
    console.log(`\n  to look at it: CARTWRIGHT_DATA=${data_folder} npm start\n`);
    return sound && good ? 0 : 1;
  } finally {
    api.close();
    await hurry(up, false);
    await up.stop();
  }
}

/**
 * A replay that dies is begun again from its file: nobody waits for the disk at each of a million commits; what it leaves behind is durable like anything.
 * Tables that double every few minutes need not be looked at every quarter of a minute: samples of them were a seventh of the database's time.
 */
const while_replaying: Readonly<Record<string, string>> = {
  synchronous_commit: 'off',
  autovacuum_analyze_scale_factor: '4',
  autovacuum_vacuum_scale_factor: '0.3',
};

async function hurry(up: Up, is_replaying: boolean): Promise<void> {
  const pool = new pg.Pool({ connectionString: up.admin_url, max: 1 });
  // None may share a transaction with another.
  const set = ([name, value]: [string, string]) =>
    pool.query(is_replaying ? `alter system set ${name} = ${value}` : `alter system reset ${name}`);
  await Promise.all(Object.entries(while_replaying).map(set));
  await pool.query('select pg_reload_conf()');
  await pool.end();
}

async function open_shop(api: Api, planned: Plan): Promise<void> {
  await api.call('PUT', `/v1/locations/${location}`, {
    name: 'Warehouse',
    priority: 1,
    address: { line1: 'Unit 1', city: 'London', postal_code: 'N1 7AA', country: 'GB' },
  });
  const products = [...planned.products].map(([sku, name]) => ({
    sku,
    name: name.slice(0, 200),
    stocked: is_goods(sku),
    prices: [{ currency, amount: planned.prices.get(sku) ?? 0 }],
  }));
  await api.import_lines('/v1/products/import', products);
  const opening = opening_stock(planned.steps);
  const known = new Set(opening.map(item => item.sku));
  const others = products
    .filter(product => product.stocked && !known.has(product.sku))
    .map(product => ({ sku: product.sku, location, on_hand: 0, backorder_limit }));
  await api.import_lines('/v1/stock/import', [
    ...opening.map(item => ({ sku: item.sku, location, on_hand: item.on_hand, backorder_limit })),
    ...others,
  ]);
  await api.call('PUT', '/v1/suppliers/wholesaler', { name: 'Wholesaler', channel: { kind: 'manual' }, currency });
  const terms = { cost: 100, minimum_quantity: 1, pack_size: 1, lead_time_days: 4, preferred: true };
  await api.import_lines(
    '/v1/suppliers/wholesaler/items/import',
    opening.map(({ sku }) => ({ sku, supplier_sku: sku, ...terms })),
  );
  await api.import_lines(
    '/v1/reorder-policies/import',
    opening.map(({ sku, reorder_point, target }) => ({ sku, location, reorder_point, target, supplier: 'wholesaler' })),
  );
}

export interface Outcome {
  readonly orders: ReadonlyMap<string, string>;
  readonly rejected: ReadonlyMap<string, string>;
  readonly returns: ReturnDesk;
}

async function run_days(up: Up, api: Api, clock: SimulatedClock, planned: Plan, started: number): Promise<Outcome> {
  const orders = new Map<string, string>();
  const rejected = new Map<string, string>();
  const returns = return_desk(api, orders);
  const bar = progress(started, real_clock.now_ms);
  let done = 0;
  let mills = 0;
  for (const [date, steps] of Map.groupBy(planned.steps, step => step.at.slice(0, 10))) {
    // What falls due by then goes on beside the day's own orders.
    clock.advance_to(Date.parse(`${date}T23:59:00.000Z`));
    await deliver_purchase_orders(api, clock.now());
    await place_orders(api, steps, orders, rejected);
    await all_of(
      steps.filter(step => step.kind === 'adjustment'),
      requests_at_once,
      step => adjust(api, step),
    );
    await settle(up, clock);
    await returns.take(steps.filter(step => step.kind === 'return'));
    for (const step of steps) if (step.kind === 'order') mills += planned.by_invoice.get(step.invoice)?.mills ?? 0;
    done += steps.length;
    bar.show({ date, share: done / planned.steps.length, orders: orders.size, mills });
  }
  bar.end();
  // The year is over: parcels arrive, suppliers deliver, credits that waited for a delivery are taken.
  for (let day = 0; day < quiet_days_max; day++) {
    clock.advance_to(clock.now_ms() + day_ms);
    await settle(up, clock);
    const delivered = await deliver_purchase_orders(api, clock.now());
    await returns.take([]);
    if (delivered === 0 && returns.waiting() === 0 && day > 7) break;
  }
  await settle(up, clock);
  return { orders, rejected, returns };
}

async function place_orders(api: Api, steps: readonly Step[], orders: Map<string, string>, rejected: Map<string, string>): Promise<void> {
  const placing = steps.filter(step => step.kind === 'order');
  for (let from = 0; from < placing.length; from += import_lines_max) {
    const piece = placing.slice(from, from + import_lines_max);
    const answers = await api.import_lines<{ line: number; id?: string; status: number | string; code?: string }>(
      '/v1/orders/import',
      piece.map(order_body),
    );
    for (const answer of answers) {
      const invoice = piece[answer.line - 1]?.invoice ?? '';
      if (answer.id === undefined) rejected.set(invoice, answer.code ?? String(answer.status));
      else orders.set(invoice, answer.id);
    }
  }
}

function order_body(step: Extract<Step, { kind: 'order' }>): unknown {
  return {
    reference: step.invoice,
    currency,
    placed_at: step.at,
    lines: step.lines,
    ...(step.customer === null ? {} : { customer: { id: `c-${step.customer}` } }),
    shipping_address: { country: country_code(step.country) },
    payment: { gateway: 'manual' },
    metadata: { country: step.country },
  };
}

/** A movement that the platform refuses (promised stock) is posted by force: it happened. */
async function adjust(api: Api, step: Step): Promise<void> {
  if (step.kind !== 'adjustment') return;
  await api
    .call('POST', '/v1/stock/adjustments', {
      sku: step.sku,
      location,
      kind: step.quantity > 0 ? 'adjusted' : 'counted',
      quantity: step.quantity,
      reason: step.reason,
      force: true,
    })
    .catch(error => {
      if ((error as { status?: number }).status !== 409) throw error;
    });
}

/** Waits until nothing is in flight at this simulated time: no command waits, no consumer lags, no timer is due. */
export async function settle(up: Up, clock: SimulatedClock): Promise<void> {
  const until = real_clock.now_ms() + settle_timeout_ms;
  let quiet = 0;
  while (quiet < 2) {
    if (real_clock.now_ms() > until)
      throw new Error(
        `the platform did not come to rest within ${settle_timeout_ms / 1_000} s at ${clock.now()}: ${await unrest(up, clock)}`,
      );
    quiet = (await unrest(up, clock)) === '' ? quiet + 1 : 0;
    await real_clock.sleep(settle_poll_ms);
  }
}

/** Cheap first: memory, then one look at the timers that the simulated time has made due. */
async function unrest(up: Up, clock: SimulatedClock): Promise<string> {
  const busy = [...up.runtimes].filter(([, runtime]) => !runtime.idle()).map(([name]) => `${name} is at work`);
  if (busy.length > 0) return busy.join(', ');
  const found = await Promise.all(
    [...up.runtimes].map(async ([name, runtime]) => {
      const { rows } = await runtime.pool.query<{ due: boolean }>({
        name: `${name}.timers.any`,
        text: `select exists (select 1 from ${name}.timers where due_at <= $1) as due`,
        values: [clock.now()],
      });
      return rows[0]?.due === true ? `${name} has timers due` : '';
    }),
  );
  return found.filter(text => text !== '').join('; ');
}

async function verdict(up: Up, clock: SimulatedClock): Promise<boolean> {
  console.log('\n  the auditor\n');
  const lines = await audit_on_threads({ url_of: up.url_of, ledgers: new Map(), now: clock.now(), at_rest: true }, print_line);
  return lines.every(line => line.findings.length === 0);
}
