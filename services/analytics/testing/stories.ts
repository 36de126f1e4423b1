/** What can happen to an order, with the numbers of a small shop: paid at once or after a decline, split, late, cancelled in part, refunded, never paid. */
import type { OrderLine, PaymentAbandoned, Quantities } from '../../../contracts/index.ts';
import { at, begin_ms, hour_ms, locations, minute_ms, shop_days, skus, type World } from './lives.ts';
import { tell_goods, tell_labels, tell_places, tell_purchase } from './supplies.ts';
import { tell_exception, tell_levels } from './surroundings.ts';

interface Life {
  readonly order_id: string;
  readonly placed_ms: number;
  readonly fields: { readonly order_id: string; readonly customer_ref: string; readonly currency: string };
  readonly lines: readonly OrderLine[];
  readonly grand_total: number;
  readonly gateway: string;
  readonly method_kind: 'card' | 'bank';
}
interface Paid {
  readonly payment_id: string;
  readonly paid_ms: number;
}
type Axes = readonly [
  status: 'placed' | 'awaiting_payment' | 'confirmed' | 'in_fulfillment' | 'completed' | 'rejected' | 'expired' | 'cancelled',
  payment: 'none' | 'pending' | 'authorized' | 'captured' | 'declined' | 'refunded' | 'voided',
  fulfillment: 'unfulfilled' | 'shipped' | 'delivered',
];
const axes = ([status, payment_status, fulfillment_status]: Axes) => ({ axes: { status, payment_status, fulfillment_status } });

/** `orders` lives over twelve days, with stock levels, exceptions and purchases beside them. */
export function tell_orders(orders: number): (world: World) => void {
  return world => {
    for (let no = 1; no <= orders; no++) tell_order(world, no);
    for (let no = 0; no < orders; no++) tell_levels(world, no);
    for (let no = 0; no < orders / 10; no++) tell_exception(world, no);
    for (let no = 0; no < orders / 10; no++) tell_purchase(world, no);
    for (let no = 0; no < orders / 5; no++) tell_goods(world, no);
    for (let no = 0; no < orders / 10; no++) tell_labels(world, no);
    tell_places(world);
  };
}

function tell_order(world: World, no: number): void {
  const { chance, whole, say } = world;
  const life = new_life(world, no);
  const is_quoted = chance() < 0.3;
  if (is_quoted) tell_quote(world, life, no);
  if (chance() < 0.08) return;
  placed(world, life, no, is_quoted ? `quo_${no}` : null);
  const { order_id, fields, placed_ms } = life;
  if (chance() < 0.1) {
    rejected(world, life);
    return;
  }
  say('inventory', 'stock.reserved', placed_ms + 20, order_id, `res_${no}`, {
    order_id,
    reservation_id: `res_${no}`,
    reservation_no: 1,
    expires_at: at(placed_ms + 20 * minute_ms),
    reasons: [],
    priority: 5,
    requested_at: at(placed_ms),
    lines: [],
  });
  const paid = pay(world, life);
  if (paid === undefined) {
    say('orders', 'order.expired', placed_ms + hour_ms, order_id, order_id, {
      ...fields,
      ...axes(['expired', 'declined', 'unfulfilled']),
      closed_at: at(placed_ms + hour_ms),
      reason: 'payment_deadline',
    });
    return;
  }
  const confirmed_ms = paid.paid_ms + 5 + whole(50);
  say('orders', 'order.confirmed', confirmed_ms, order_id, order_id, {
    ...fields,
    ...axes(['confirmed', 'authorized', 'unfulfilled']),
    confirmed_at: at(confirmed_ms),
    lines: life.lines.map(({ line_no }) => ({
      line_no,
      promise_at: chance() < 0.3 ? at(confirmed_ms + (24 + whole(72)) * hour_ms) : null,
    })),
  });
  if (chance() < 0.1) {
    say('orders', 'order.promise_changed', confirmed_ms + hour_ms, order_id, order_id, {
      ...fields,
      ...axes(['confirmed', 'authorized', 'unfulfilled']),
      cause: 'backorder.pegged',
      lines: [{ line_no: 1, old_at: null, new_at: at(confirmed_ms + (24 + whole(144)) * hour_ms) }],
    });
  }
  fulfill(world, life, paid, confirmed_ms);
}

function new_life({ whole, pick, chance }: World, no: number): Life {
  const order_id = `ord_${String(no).padStart(26, '0')}`;
  const placed_ms = begin_ms + whole(shop_days * 24 * hour_ms);
  const lines = Array.from({ length: 1 + whole(3) }, (_, index): OrderLine => {
    const [quantity, unit_price] = [1 + whole(5), 100 + whole(5_000)];
    const line_subtotal = quantity * unit_price;
    const line_discount = chance() < 0.2 ? whole(line_subtotal) : 0;
    const line_tax = Math.round((line_subtotal - line_discount) * 0.2);
    return {
      line_no: index + 1,
      sku: pick(skus),
      name: 'thing',
      stocked: true,
      tax_class: 'standard',
      weight_grams: 500,
      quantity,
      unit_price,
      line_subtotal,
      line_discount,
      line_tax,
      line_total: line_subtotal - line_discount + line_tax,
      taxes: [],
      accept_backorder: true,
      promise_at: chance() < 0.4 ? at(placed_ms + (24 + whole(72)) * hour_ms) : null,
    };
  });
  return {
    order_id,
    placed_ms,
    lines,
    method_kind: pick(['card', 'bank'] as const),
    grand_total: lines.reduce((sum, line) => sum + line.line_total, 495),
    gateway: pick(['stripe', 'manual']),
    fields: { order_id, customer_ref: `cus_${whole(40)}`, currency: pick(['GBP', 'GBP', 'EUR']) },
  };
}

const totals = ({ lines, grand_total }: Life) => ({
  subtotal: lines.reduce((sum, line) => sum + line.line_subtotal, 0),
  discount_total: 0,
  shipping_total: 495,
  shipping_tax: 0,
  tax_total: 0,
  grand_total,
});

function tell_quote({ say, whole }: World, life: Life, no: number): void {
  const created_ms = life.placed_ms - whole(40 * minute_ms);
  const { currency, customer_ref } = life.fields;
  say('orders', 'quote.created', created_ms, `quo_${no}`, `quo_${no}`, {
    quote_id: `quo_${no}`,
    customer_ref,
    currency,
    tax_mode: 'exclusive',
    destination: { country: 'GB' },
    lines: life.lines,
    shipping_options: [],
    totals: totals(life),
    expires_at: at(created_ms + 30 * minute_ms),
  });
}

function placed({ say, pick }: World, life: Life, no: number, quote_id: string | null): void {
  const { order_id, fields, placed_ms, lines } = life;
  say('orders', 'order.placed', placed_ms, order_id, order_id, {
    ...fields,
    ...axes(['placed', 'none', 'unfulfilled']),
    number: no,
    quote_id,
    placed_at: at(placed_ms),
    destination: { country: pick(['GB', 'DE', 'FR']) },
    tax_mode: 'exclusive',
    ship_policy: 'split',
    capture_policy: 'on_shipment',
    priority: 5,
    shipping_service: 'standard',
    metadata: {},
    lines,
    ...totals(life),
    expires_at: at(placed_ms + 30 * minute_ms),
  });
}

function rejected({ say, whole }: World, { order_id, fields, placed_ms, lines }: Life): void {
  say('inventory', 'stock.reservation_failed', placed_ms + 20, order_id, `res_${order_id}`, {
    order_id,
    reservation_id: `res_${order_id}`,
    reservation_no: 1,
    customer_ref: fields.customer_ref,
    priority: 5,
    requested_at: at(placed_ms),
    lines: [],
    short_lines: lines.map(({ sku, quantity }) => ({ sku, wanted: quantity, available: whole(quantity + 1) - 1 })),
  });
  say('orders', 'order.rejected', placed_ms + 40, order_id, order_id, {
    ...fields,
    ...axes(['rejected', 'none', 'unfulfilled']),
    closed_at: at(placed_ms + 40),
    reason: 'out_of_stock',
  });
}

/** One to three attempts; which one brought the money, and when. Undefined: none. */
function pay(world: World, life: Life): Paid | undefined {
  const { say, whole, chance, pick } = world;
  const { order_id, fields, grand_total, gateway, method_kind } = life;
  let now_ms = life.placed_ms + 60;
  for (let attempt = 1; attempt <= 3; attempt++) {
    const payment_id = `pay_${order_id}_${attempt}`;
    const asked = { order_id, payment_id, gateway, method_kind, currency: fields.currency };
    const sums = { amount: grand_total, authorized: 0, captured: 0, voided: 0, refunded: 0 };
    say('orders', 'payment.requested', now_ms, order_id, order_id, {
      ...fields,
      ...axes(['awaiting_payment', 'pending', 'unfulfilled']),
      ...asked,
      tender_no: 1,
      attempt_no: attempt,
      intent: 'authorize',
      amount: grand_total,
      deadline: at(now_ms + hour_ms),
      reserve_until: at(now_ms + hour_ms),
      personal: { payer: { name: 'Ada Lovelace' } },
    });
    const elapsed_ms = 50 + whole(900);
    now_ms += elapsed_ms;
    const ended = { ...asked, sums, kind: 'authorize' as const, elapsed_ms };
    if (chance() < 0.7) {
      say('payments', 'payment.authorized', now_ms, order_id, payment_id, {
        ...ended,
        state: 'authorized',
        sums: { ...sums, authorized: grand_total },
        amount: grand_total,
        late: false,
      });
      return { payment_id, paid_ms: now_ms };
    }
    if (chance() < 0.1) {
      say('payments', 'payment.outcome_unknown', now_ms, order_id, payment_id, {
        ...asked,
        sums,
        state: 'unknown',
        op_id: 'op_1',
        kind: 'authorize',
      });
      return undefined;
    }
    if (chance() < 0.2) {
      abandoned(world, order_id, ended, now_ms);
      return undefined;
    }
    say('payments', 'payment.declined', now_ms, order_id, payment_id, {
      ...ended,
      state: 'declined',
      decline_code: pick(['insufficient_funds', 'do_not_honor']),
      retryable: true,
    });
    now_ms += minute_ms;
  }
  return undefined;
}

type Ended = Pick<
  PaymentAbandoned['data'],
  'order_id' | 'payment_id' | 'gateway' | 'method_kind' | 'currency' | 'sums' | 'kind' | 'elapsed_ms'
>;

/** Money that comes after we gave it up is late, and no success. */
function abandoned({ say }: World, order_id: string, ended: Ended, now_ms: number): void {
  const { payment_id, sums } = ended;
  const late = { ...ended, state: 'authorized' as const, sums: { ...sums, authorized: sums.amount }, amount: sums.amount, late: true };
  say('payments', 'payment.abandoned', now_ms, order_id, payment_id, { ...ended, state: 'abandoned', retryable: true });
  say('payments', 'payment.authorized', now_ms + hour_ms, order_id, payment_id, late);
}

function fulfill(world: World, life: Life, paid: Paid, confirmed_ms: number): void {
  const { say, whole, chance, pick } = world;
  const { order_id, fields, lines } = life;
  const cancelled = chance() < 0.15 ? cancel_line(world, life, confirmed_ms + hour_ms) : undefined;
  const live = lines
    .map(line => ({ line_no: line.line_no, quantity: line.quantity - (line.line_no === 1 ? (cancelled ?? 0) : 0) }))
    .filter(line => line.quantity > 0);
  if (live.length === 0) {
    say('orders', 'order.cancelled', confirmed_ms + 2 * hour_ms, order_id, order_id, {
      ...fields,
      ...axes(['cancelled', 'voided', 'unfulfilled']),
      closed_at: at(confirmed_ms + 2 * hour_ms),
      reason: 'all',
    });
    return;
  }
  if (chance() < 0.1) return;
  const parts = live.length > 1 && chance() < 0.4 ? [live.slice(0, 1), live.slice(1)] : [live];
  let last_ms = confirmed_ms;
  for (const [index, part] of parts.entries()) {
    const shipment_id = `shp_${order_id}_${index}`;
    const of_shipment = { order_id, shipment_id, location_id: pick(locations) };
    const dispatched_ms = confirmed_ms + (3 + whole(40)) * hour_ms;
    const parcels = [{ parcel_id: `pcl_${order_id}_${index}`, lines: part }];
    say('shipping', 'shipment.dispatched', dispatched_ms, order_id, shipment_id, {
      ...of_shipment,
      shipment_status: 'dispatched',
      carrier: 'manual',
      dispatched_at: at(dispatched_ms),
      origin: 'warehouse',
      parcels,
    });
    const arrived_ms = dispatched_ms + (12 + whole(96)) * hour_ms;
    last_ms = Math.max(last_ms, arrived_ms);
    const of_parcel = { ...of_shipment, parcel_id: `pcl_${order_id}_${index}`, lines: part };
    if (chance() < 0.05) say('shipping', 'parcel.lost', arrived_ms, order_id, shipment_id, { ...of_parcel, shipment_status: 'closed' });
    else
      say('shipping', 'parcel.delivered', arrived_ms, order_id, shipment_id, {
        ...of_parcel,
        shipment_status: 'delivered',
        delivered_at: at(arrived_ms),
        assumed: false,
        personal: { signed_by: 'Ada' },
      });
  }
  const closed = {
    ...fields,
    ...axes(['completed', 'captured', 'delivered']),
    quantities: [] as Quantities[],
    closed_at: at(last_ms),
    cause: 'parcel.delivered',
    reservation_state: 'allocated' as const,
  };
  say('orders', 'order.completed', last_ms + 10, order_id, order_id, closed);
  if (chance() < 0.25) give_back(world, life, paid, last_ms + 24 * hour_ms);
}

function cancel_line({ say, whole }: World, { order_id, fields, lines }: Life, at_ms: number): number {
  const [line] = lines;
  if (line === undefined) return 0;
  const quantity = 1 + whole(line.quantity);
  const share = (amount: number) => Math.floor((amount * quantity) / line.quantity);
  const [total, tax] = [share(line.line_total), share(line.line_tax)];
  say('orders', 'order.lines_cancelled', at_ms, order_id, order_id, {
    ...fields,
    ...axes(['confirmed', 'authorized', 'unfulfilled']),
    cancellation_no: 1,
    reason: 'changed_mind',
    release_stock: true,
    shipping_total: 0,
    lines: [{ line_no: 1, quantity, net: total - tax, tax, total }],
  });
  return quantity;
}

/** A refund by line with goodwill beside it, now and then for a reason that credits nothing, or failing in the end. */
function give_back({ say, pick, chance, whole }: World, life: Life, { payment_id }: Paid, at_ms: number): void {
  const { order_id, fields, lines, gateway, grand_total, method_kind } = life;
  const [line] = lines;
  if (line === undefined) return;
  const [amount, tax] = [Math.floor(line.line_total / line.quantity), Math.floor(line.line_tax / line.quantity)];
  const extra = chance() < 0.5 ? whole(300) : 0;
  const refund = {
    order_id,
    payment_id,
    gateway,
    method_kind,
    currency: fields.currency,
    state: 'partially_refunded' as const,
    refund_id: `rfd_${order_id}`,
    amount: amount + extra,
    tax,
    origin: 'ours' as const,
    sums: { amount: grand_total, authorized: grand_total, captured: grand_total, voided: 0, refunded: amount + extra },
    reason: pick(['return', 'goodwill', 'overpaid']),
    lines: [{ line_no: 1, quantity: 1, amount, tax }],
  };
  say('payments', 'payment.refunded', at_ms, order_id, payment_id, refund);
  if (chance() < 0.2)
    say('payments', 'payment.refund_failed', at_ms + hour_ms, order_id, payment_id, { ...refund, code: 'expired_or_canceled_card' });
  say('orders', 'return.received', at_ms - hour_ms, order_id, order_id, {
    ...fields,
    ...axes(['completed', 'captured', 'delivered']),
    return_id: `ret_${order_id}`,
    return_status: 'received',
    receipt_no: 1,
    lines: [{ line_no: 1, quantity: 1, reason: 'too_small', condition: 'sellable' }],
  });
}
