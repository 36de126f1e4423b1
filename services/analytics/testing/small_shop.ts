/**
 * A shop so small that every number can be worked out by hand: two products, three customers, three months, one supplier. What it says is written
 * down event by event; what comes of it stands as literals in insight.test.ts.
 */
import type { OrderLine } from '../../../contracts/index.ts';
import { at, hour_ms, type World } from './lives.ts';
import { levels_of } from './surroundings.ts';

const day_ms = 24 * hour_ms;
const moment = (text: string) => Date.parse(`${text}:00.000Z`);
const near = 'loc_near';

export function tell_small_shop(world: World): void {
  // Ada orders in January, February and March, Bob in January, Cy first in March.
  buy(world, { no: 1, customer: 'cus_ada', country: 'GB', placed: '2026-01-10T10:00', lamps: 2, mugs: 0 });
  buy(world, { no: 2, customer: 'cus_bob', country: 'DE', placed: '2026-01-20T09:00', lamps: 0, mugs: 5 });
  buy(world, { no: 3, customer: 'cus_ada', country: 'GB', placed: '2026-02-05T12:00', lamps: 1, mugs: 4 });
  buy(world, { no: 4, customer: 'cus_ada', country: 'GB', placed: '2026-03-02T08:00', lamps: 0, mugs: 10 });
  buy(world, { no: 5, customer: 'cus_cy', country: 'GB', placed: '2026-03-20T08:00', lamps: 14, mugs: 0 });
  give_back(world, 3, '2026-02-20T10:00');
  buy_stock(world);
  for (const [sku, available, version] of [
    ['LAMP', 9, 1],
    ['MUG', 400, 1],
    ['LAMP', 3, 2],
    ['VASE', 30, 1],
  ] as const) {
    say_levels(world, sku, available, version);
  }
  world.say('suppliers', 'reorder_policy.changed', moment('2026-01-01T00:00'), 'LAMP', `LAMP@${near}`, {
    sku: 'LAMP',
    location_id: near,
    method: 'fixed',
    reorder_point: 15,
    target: 40,
    review_days: 1,
    safety_days: 3,
    auto: false,
  });
  for (const [no, hours] of [
    [1, 2],
    [2, 10],
  ] as const)
    exception(world, no, hours);
}

interface Bought {
  readonly no: number;
  readonly customer: string;
  readonly country: string;
  readonly placed: string;
  readonly lamps: number;
  readonly mugs: number;
}

/** A lamp is 20.00 and 4.00 tax, a mug 5.00 and 1.00; every order is confirmed after a minute and leaves after a day. */
function buy({ say }: World, { no, customer, country, placed, lamps, mugs }: Bought): void {
  const order_id = `ord_${no}`;
  const placed_ms = moment(placed);
  const of_order = { order_id, customer_ref: customer, currency: 'GBP' };
  const axes = (status: 'placed' | 'confirmed') => ({
    axes: { status, payment_status: 'none', fulfillment_status: 'unfulfilled' } as const,
  });
  const lines = [priced(1, 'LAMP', 'Desk lamp', lamps, 2_000), priced(2, 'MUG', 'Blue mug', mugs, 500)].filter(line => line.quantity > 0);
  const sum = (of: (line: OrderLine) => number) => lines.reduce((total, line) => total + of(line), 0);
  say('orders', 'order.placed', placed_ms, order_id, order_id, {
    ...of_order,
    ...axes('placed'),
    number: 1_000 + no,
    placed_at: at(placed_ms),
    destination: { country },
    tax_mode: 'exclusive',
    ship_policy: 'split',
    capture_policy: 'on_shipment',
    priority: 5,
    shipping_service: 'standard',
    metadata: {},
    lines,
    subtotal: sum(line => line.line_subtotal),
    discount_total: 0,
    shipping_total: 0,
    shipping_tax: 0,
    tax_total: sum(line => line.line_tax),
    grand_total: sum(line => line.line_total),
    expires_at: at(placed_ms + hour_ms),
  });
  const confirmed_ms = placed_ms + 60_000;
  const promises = lines.map(({ line_no }) => ({ line_no, promise_at: null }));
  say('orders', 'order.confirmed', confirmed_ms, order_id, order_id, {
    ...of_order,
    ...axes('confirmed'),
    confirmed_at: at(confirmed_ms),
    lines: promises,
  });
  const items = lines.map(({ line_no, sku, quantity }) => ({ line_no, sku, quantity, location_id: near }));
  const shipped_ms = placed_ms + day_ms;
  say('inventory', 'stock.consumed', shipped_ms, order_id, order_id, { order_id, shipment_id: `shp_${no}`, lines: items });
  const shipment = { order_id, shipment_id: `shp_${no}`, location_id: near };
  const parcel_id = `pcl_${no}`;
  say('shipping', 'shipment.dispatched', shipped_ms, order_id, shipment.shipment_id, {
    ...shipment,
    shipment_status: 'dispatched',
    carrier: no === 5 ? 'purolator' : 'manual',
    dispatched_at: at(shipped_ms),
    origin: 'warehouse',
    parcels: [{ parcel_id, lines: items }],
  });
  if (no === 5) return;
  const arrived_ms = shipped_ms + no * day_ms;
  const arrived = {
    ...shipment,
    shipment_status: 'delivered' as const,
    parcel_id,
    lines: items,
    delivered_at: at(arrived_ms),
    assumed: false,
  };
  say('shipping', 'parcel.delivered', arrived_ms, order_id, shipment.shipment_id, arrived);
}

function priced(line_no: number, sku: string, name: string, quantity: number, unit_price: number): OrderLine {
  const [line_subtotal, line_tax] = [quantity * unit_price, (quantity * unit_price) / 5];
  return {
    line_no,
    sku,
    name,
    stocked: true,
    tax_class: 'standard',
    weight_grams: 500,
    quantity,
    unit_price,
    line_subtotal,
    line_discount: 0,
    line_tax,
    line_total: line_subtotal + line_tax,
    taxes: [],
    accept_backorder: true,
  };
}

/** One lamp of order 3: 20.00 and its tax. */
function give_back({ say }: World, no: number, when: string): void {
  const order_id = `ord_${no}`;
  say('payments', 'payment.refunded', moment(when), order_id, `pay_${no}`, {
    order_id,
    payment_id: `pay_${no}`,
    gateway: 'manual',
    method_kind: 'manual',
    currency: 'GBP',
    state: 'partially_refunded',
    refund_id: `rfd_${no}`,
    amount: 2_400,
    tax: 400,
    origin: 'ours',
    sums: { amount: 4_800, authorized: 4_800, captured: 4_800, voided: 0, refunded: 2_400 },
    reason: 'return',
    lines: [{ line_no: 1, quantity: 1, amount: 2_400, tax: 400 }],
  });
}

/**
 * Four purchase orders, each sent on the 1st of February at noon and promised for the 5th: the first comes on the day in two parts, the second a day late,
 * the third two days early and short of one, the fourth is cancelled before. A fifth is on its way, promised for the 30th of March.
 */
function buy_stock({ say }: World): void {
  const order = (no: number, sku: string, quantity: number, promised: string) => {
    const [po_id, sent_ms] = [`po_${no}`, no === 5 ? moment('2026-03-20T12:00') : moment('2026-02-01T12:00')];
    const line = { line_no: 1, sku, supplier_sku: sku, quantity, cost: 700 };
    say('suppliers', 'purchase_order.created', sent_ms - 2, po_id, po_id, {
      po_id,
      supplier_id: 'sup_one',
      location_id: near,
      currency: 'GBP',
      lines: [line],
    });
    say('suppliers', 'purchase_order.approved', sent_ms - 1, po_id, po_id, { po_id, actor: 'system' });
    say('suppliers', 'purchase_order.sent', sent_ms, po_id, po_id, { po_id, channel: 'rest' });
    const confirmed = { line_no: 1, confirmed: quantity, backordered: 0, rejected: 0, promised_at: at(moment(promised)) };
    say('suppliers', 'purchase_order.acknowledged', sent_ms + hour_ms, po_id, po_id, { po_id, ack_no: 1, lines: [confirmed] });
  };
  const receive = (no: number, when: string, sku: string, accepted: number, short: number) => {
    const line = { line_no: 1, sku, accepted, rejected: 0, damaged: 0, over: 0, short, inspect: false };
    const receipt = { po_id: `po_${no}`, receipt_id: `rcp_${no}_${when}`, location_id: near, received_at: at(moment(when)), lines: [line] };
    say('suppliers', 'goods.received', moment(when), receipt.po_id, receipt.po_id, receipt);
  };
  for (const no of [1, 2, 3, 4]) order(no, 'LAMP', 10, '2026-02-05T09:00');
  order(5, 'LAMP', 6, '2026-03-30T09:00');
  receive(1, '2026-02-04T12:00', 'LAMP', 6, 4);
  receive(1, '2026-02-05T23:59', 'LAMP', 4, 0);
  receive(2, '2026-02-06T12:00', 'LAMP', 10, 0);
  receive(3, '2026-02-03T12:00', 'LAMP', 9, 1);
  say('suppliers', 'purchase_order.closed', moment('2026-02-10T12:00'), 'po_3', 'po_3', {
    po_id: 'po_3',
    reason: 'supplier_short',
    lines: [{ line_no: 1, cancelled: 1 }],
  });
  const cancelled = { po_id: 'po_4', reason: 'not_needed', lines: [{ line_no: 1, cancelled: 10 }] };
  say('suppliers', 'purchase_order.cancelled', moment('2026-02-03T12:00'), 'po_4', 'po_4', cancelled);
}

function say_levels({ say }: World, sku: string, available: number, version: number): void {
  const at_ms = moment(version === 1 ? '2026-01-02T00:00' : '2026-03-22T00:00');
  say('inventory', 'stock.levels_changed', at_ms, sku, sku, { levels: [levels_of(sku, near, version, available)] });
}

function exception({ say }: World, no: number, hours: number): void {
  const raised_ms = moment(`2026-03-0${no}T08:00`);
  const data = {
    exception_id: `exc_${no}`,
    subject: `ord_${no}`,
    reason: 'dispatch_overdue',
    owner: 'warehouse',
    deadline: at(raised_ms),
    detail: 'late',
  };
  say('orders', 'exception.raised', raised_ms, data.subject, data.exception_id, data);
  say('orders', 'exception.resolved', raised_ms + hours * hour_ms, data.subject, data.exception_id, { ...data, note: 'sent' });
}

/** Beside each SKU, why it is to be reordered: one reason each, and one without any. */
export function tell_reasons(world: World): void {
  const { say } = world;
  const items = [
    { sku: 'OUT', available: 0, shipped: 28, backordered: 0 },
    { sku: 'SOON', available: 10, shipped: 56, backordered: 0 },
    { sku: 'WAIT', available: 0, shipped: 0, backordered: 4 },
    { sku: 'PROPOSED', available: 10, shipped: 0, backordered: 0 },
    { sku: 'FINE', available: 100, shipped: 28, backordered: 0 },
    { sku: 'SMALL', available: 20, shipped: 280, backordered: 0 },
  ];
  for (const { sku, available, shipped, backordered } of items) {
    say('inventory', 'stock.levels_changed', moment('2026-03-22T00:00'), sku, sku, {
      levels: [{ ...levels_of(sku, near, 1, available), backordered }],
    });
    const lines = [{ line_no: 1, sku, location_id: near, quantity: shipped }];
    const order_id = `ord_${sku}`;
    if (shipped > 0)
      say('inventory', 'stock.consumed', moment('2026-03-10T00:00'), order_id, order_id, { order_id, shipment_id: `shp_${sku}`, lines });
  }
  // Filled up to its target it would be sold out before anything comes.
  const policy = { method: 'fixed', reorder_point: 10, target: 30, review_days: 1, safety_days: 3, auto: false } as const;
  say('suppliers', 'reorder_policy.changed', moment('2026-03-01T00:00'), 'SMALL', `SMALL@${near}`, {
    sku: 'SMALL',
    location_id: near,
    ...policy,
  });
  const asked = {
    sku: 'PROPOSED',
    location_id: near,
    supplier_id: 'sup_one',
    quantity: 24,
    position: 10,
    reorder_point: 12,
    target: 34,
    reasons: [],
  };
  say('suppliers', 'replenishment.proposed', moment('2026-03-20T00:00'), 'PROPOSED', 'prp_1', { proposal_id: 'prp_1', ...asked });
  // One that was bought is proposed no more.
  say('suppliers', 'replenishment.proposed', moment('2026-03-01T00:00'), 'FINE', 'prp_2', { ...asked, sku: 'FINE', proposal_id: 'prp_2' });
  say('suppliers', 'replenishment.accepted', moment('2026-03-02T00:00'), 'FINE', 'prp_2', { ...asked, sku: 'FINE', proposal_id: 'prp_2' });
}
