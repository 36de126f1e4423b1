/** `npm run order`: places an order through the public API and shows each event as it happens, until the parcel is at the door. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface OrderOptions {
  readonly url: string;
  readonly key: string;
  readonly gateway: string;
  /** Absent: a test card that is good. */
  readonly method?: string;
  /** Wanted; absent: whoever is cheapest. */
  readonly carrier?: string;
  readonly quantity: number;
  readonly timeout_s: number;
}

const poll_ms = 120;
const request_timeout_ms = 10_000;
const ends = ['completed', 'cancelled', 'rejected', 'expired'];
const good_methods: Readonly<Record<string, string>> = { stripe: 'pm_card_visa', cybersource: 'sim_visa' };
const london = { name: 'Ada Lovelace', line1: "12 St James's Square", city: 'London', postal_code: 'SW1Y 4JH', country: 'GB' };
const toronto = {
  name: 'Ada Lovelace',
  line1: '290 Bremner Boulevard',
  city: 'Toronto',
  region: 'ON',
  postal_code: 'M5V 3L9',
  country: 'CA',
  phone: '+1 416 555 0199',
};
/** Where a carrier delivers that does not deliver everywhere. */
const served_by: Readonly<Record<string, typeof toronto>> = { purolator: toronto };

interface TimelineEntry {
  readonly at: string;
  readonly service: string;
  readonly type: string;
  readonly summary: string;
  readonly id: string;
}

const plain = process.env['NO_COLOR'] !== undefined || !process.stdout.isTTY;
const paint = (code: number) => (text: string) => (plain ? text : `\u001b[${code}m${text}\u001b[0m`);
const bold = paint(1);
const dim = paint(2);
const colors: Readonly<Record<string, (text: string) => string>> = {
  orders: paint(36),
  inventory: paint(33),
  payments: paint(32),
  shipping: paint(35),
  suppliers: paint(34),
};

/** Exit code 0 when the order is completed. */
export async function show_order(options: OrderOptions): Promise<number> {
  const api = client(options);
  const products = await api('GET', '/v1/products?limit=3');
  const lines = products.data.map((product: { sku: string }, index: number) => ({
    sku: product.sku,
    quantity: index === 0 ? options.quantity : 1,
  }));
  if (lines.length === 0)
    throw new Error('there are no products to order: start with `npm start`, which seeds a small catalog, or PUT /v1/products/{sku}');
  const method = options.method ?? good_methods[options.gateway];
  const order = await api('POST', '/v1/orders', {
    currency: 'GBP',
    lines,
    customer: { id: 'ada', email: 'ada@example.com', name: 'Ada Lovelace' },
    shipping_address: (options.carrier && served_by[options.carrier]) ?? london,
    shipping: { service: 'standard', amount: 495, ...(options.carrier === undefined ? {} : { carrier: options.carrier }) },
    // Gateways lead to the bank's page only who can come back from it.
    payment: { gateway: options.gateway, return_url: `${options.url}/docs`, ...(method === undefined ? {} : { method }) },
  });
  print_head(order);
  const final = await follow(api, order.id, order.placed_at, options.timeout_s);
  return print_end(final);
}

type Answer = Awaited<ReturnType<ReturnType<typeof client>>>;

function print_head(order: Answer): void {
  console.log(`\n  ${bold(`Order ${order.number}`)}  ${dim(order.id)}`);
  for (const line of order.lines)
    console.log(`    ${String(line.quantity).padStart(3)} × ${line.name.padEnd(34)} ${money(line.total, order.currency).padStart(12)}`);
  console.log(`    ${'shipping'.padEnd(40)} ${money(order.shipping_total, order.currency).padStart(12)}`);
  console.log(`    ${bold('total'.padEnd(40))} ${bold(money(order.total, order.currency).padStart(12))}\n`);
}

/** Prints what is new on the timeline until the order ends. A shopper who must act is told once where, and has the gateway's time for it, not ours. */
async function follow(api: ReturnType<typeof client>, id: string, placed_at: string, timeout_s: number): Promise<Answer> {
  const shown = new Set<string>();
  let until = performance.now() + timeout_s * 1_000;
  let opened: string | undefined;
  for (;;) {
    const [timeline, order] = [await api('GET', `/v1/orders/${id}/timeline`), await api('GET', `/v1/orders/${id}`)];
    for (const entry of timeline.data as TimelineEntry[]) {
      if (shown.has(entry.id)) continue;
      shown.add(entry.id);
      const seconds = (Date.parse(entry.at) - Date.parse(placed_at)) / 1_000;
      const color = colors[entry.service] ?? ((text: string) => text);
      console.log(
        `  ${dim(`${seconds.toFixed(2).padStart(6)} s`)}  ${color('●')} ${color(entry.service.padEnd(10))} ${entry.type.padEnd(30)} ${dim(with_money(entry.summary))}`,
      );
    }
    if (ends.includes(order.status) || order.payment_status === 'declined') return order;
    const page = page_to_open(order);
    if (page !== undefined) until = performance.now() + timeout_s * 1_000;
    if (page !== undefined && page !== opened) print_page(page);
    opened = page;
    if (performance.now() > until) return order;
    await sleep(poll_ms);
  }
}

function page_to_open(order: Answer): string | undefined {
  return order.payment_status === 'action_required' ? order.payments.at(-1)?.action?.url : undefined;
}
function print_page(page: string): void {
  console.log(
    `\n  ${bold('The shopper’s bank asks who he is.')} Open this page and choose; the order goes on here when you have:\n    ${page}\n`,
  );
}

function print_end(order: Answer): number {
  const good = order.status === 'completed';
  const mark = good ? paint(32)('✔') : paint(31)('✖');
  console.log(
    `\n  ${mark} ${bold(order.status)} · payment ${order.payment_status} · ${order.fulfillment_status} · paid ${money(order.captured_total, order.currency)} of ${money(order.total, order.currency)}`,
  );
  for (const shipment of order.shipments ?? []) {
    for (const parcel of shipment.parcels)
      console.log(
        `    ${dim('parcel')} ${parcel.tracking_number ?? ''} ${dim(`${shipment.carrier ?? ''} from ${shipment.location}`)} ${parcel.status}`,
      );
  }
  if (order.payment_status === 'declined')
    console.log(`    the stock stays held until ${order.expires_at}: pay again with POST /v1/orders/${order.id}/payments`);
  if (order.rejection !== null && order.rejection !== undefined) console.log(`    ${JSON.stringify(order.rejection)}`);
  console.log('');
  return good ? 0 : 1;
}

/** Exceptions tell amounts as `1999 GBP minor units`. */
function with_money(summary: string): string {
  return summary.replaceAll(/(?<![\w.-])(-?\d{1,15}) ([A-Z]{3}) minor units\b/g, (_all, amount: string, currency: string) =>
    money(Number(amount), currency),
  );
}

function money(amount: number, currency: string): string {
  const digits = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
  return new Intl.NumberFormat('en-GB', { style: 'currency', currency }).format(amount / 10 ** digits);
}

function client({ url, key }: OrderOptions) {
  // biome-ignore lint/suspicious/noExplicitAny: a client of the public API reads JSON it does not own the types of.
  return async (method: string, path: string, body?: unknown): Promise<any> => {
    const response = await fetch(url + path, {
      method,
      signal: AbortSignal.timeout(request_timeout_ms),
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(method === 'POST' ? { 'idempotency-key': `demo-${process.pid}-${performance.timeOrigin + performance.now()}` } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw new Error(`nothing answers at ${url}: start it with \`npm start\` in another terminal`, { cause });
    });
    if (response.ok) return response.json();
    // The door answers every error as application/problem+json (RFC 9457).
    const problem = (await response.json()) as { status: number; code: string; detail: string; errors?: unknown };
    throw new Error(
      `${method} ${path}: ${problem.status} ${problem.code}: ${problem.detail}${problem.errors === undefined ? '' : ` ${JSON.stringify(problem.errors)}`}`,
    );
  };
}
