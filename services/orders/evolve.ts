/**
 * Rows as the fold of orders' events. Events carry absolute values, so most of an order's changes are one assignment
 * (`fold_fields`); what only one type of event can tell stands in its own case.
 */
import type {
  Allocation,
  OrderCancellationRequested,
  OrderConfirmed,
  OrderLinesCancelled,
  OrderPlaced,
  OrdersEvent,
  Pay,
  PaymentRefundRequested,
  Quantities,
  RefundChange,
  ReturnReceived,
  ReturnRequested,
} from '../../contracts/index.ts';
import { unreachable } from '../../platform/service.ts';
import type { Customer, Discount, Erasure, LineAllocation, Order, OrderLine, Payment, Quote, Refund, Return, ReturnLine } from './model.ts';

/** What every event of an order may carry. */
export type OrderFields = Omit<OrderConfirmed['data'], 'confirmed_at' | 'lines'>;

export function evolve_order(order: Order | undefined, event: OrdersEvent): Order | undefined {
  if (event.type === 'order.placed') return placed(event.data);
  if (order === undefined) throw new Error(`${event.type} about an order that was never placed`);
  if (event.type === 'exception.raised' || event.type === 'exception.resolved') return fold_exception(order, event);
  if (event.type === 'quote.created' || event.type === 'personal_data.erased') throw new Error(`${event.type} changes no order`);
  return fold_event(fold_fields(order, event.data), event);
}

type OrderEvent = Exclude<
  OrdersEvent,
  { type: 'order.placed' | 'quote.created' | 'personal_data.erased' | 'exception.raised' | 'exception.resolved' }
>;

function fold_event(order: Order, event: OrderEvent): Order {
  switch (event.type) {
    case 'order.updated':
    case 'order.completed':
    case 'stock.reservation_requested':
      return order;
    case 'order.confirmed':
      return promise({ ...order, tender: null, confirmed_at: event.data.confirmed_at }, event.data.lines, this_one);
    case 'order.rejected':
      return { ...order, tender: null, rejection: { reason: event.data.reason, short_lines: event.data.short_lines ?? [] } };
    case 'order.expired':
    case 'order.cancelled':
      return { ...order, tender: null, end_reason: event.data.reason };
    case 'order.promise_changed':
      return promise(
        order,
        event.data.lines.map(line => ({ line_no: line.line_no, promise_at: line.new_at })),
        earlier_one,
      );
    case 'payment.requested':
      return { ...order, tender: null };
    case 'payment.retry_opened':
      return event.data.reason === 'capture_failed' ? with_payment(order, event.data.payment_id, { blocked: true }) : order;
    case 'payment.capture_requested':
      return with_payment(order, event.data.payment_id, { captures: event.data.capture_no, final_requested: event.data.final });
    case 'payment.release_requested':
      return event.data.payment_ids.reduce((now, id) => with_payment(now, id, { release_requested: true }), order);
    case 'payment.refund_requested':
      return { ...order, refunds: [...order.refunds, refund_of(event.data)] };
    case 'fulfillment.requested':
      return { ...order, fulfillment_no: event.data.fulfillment_no };
    case 'order.cancellation_requested':
      return cancellation_requested(order, event.data);
    case 'order.lines_cancelled':
      return lines_cancelled(order, event.data);
    case 'order.cancellation_refused':
      return { ...order, cancellations: order.cancellations.filter(open => open.cancellation_no !== event.data.cancellation_no) };
    case 'order.held':
      return { ...order, holds: [...order.holds, { hold_id: event.data.hold_id, reason: event.data.reason, actor: event.data.actor }] };
    case 'order.hold_released':
      return { ...order, holds: order.holds.filter(hold => hold.hold_id !== event.data.hold_id) };
    case 'return.requested':
      return { ...order, returns: [...order.returns, requested_return(event.data)] };
    case 'return.received':
      return with_return(order, event.data.return_id, known => received_return(known, event.data));
    case 'return.cancelled':
      return with_return(order, event.data.return_id, known => ({ ...known, status: 'cancelled' }));
    default:
      return unreachable(event);
  }
}

function placed(data: OrderPlaced['data']): Order {
  const { order_id, customer_ref, currency, axes, money, heard, quantities, payments, refunds, allocations, lines, discount, ...rest } =
    data;
  return {
    order_id,
    number: rest.number,
    principal: rest.principal ?? null,
    reference: rest.reference ?? null,
    quote_id: rest.quote_id ?? null,
    customer_ref: customer_ref ?? null,
    currency,
    tax_mode: rest.tax_mode,
    destination: rest.destination ?? null,
    axes,
    subtotal: rest.subtotal,
    discount_total: rest.discount_total,
    shipping_total: rest.shipping_total,
    shipping_tax: rest.shipping_tax,
    tax_total: rest.tax_total,
    grand_total: rest.grand_total,
    discount_code: discount?.code ?? null,
    ...no_money,
    capture_policy: rest.capture_policy,
    ship_policy: rest.ship_policy,
    priority: rest.priority,
    shipping_service: rest.shipping_service,
    shipping_carrier: rest.shipping_carrier ?? null,
    metadata: rest.metadata,
    tender: rest.tender ?? null,
    reservation_state: rest.reservation_state ?? 'asked',
    attempts: 0,
    rejection: null,
    end_reason: null,
    replaces_order_id: rest.replaces_order_id ?? null,
    placed_at: rest.placed_at,
    confirmed_at: null,
    closed_at: null,
    expires_at: rest.expires_at,
    fulfillment_no: 0,
    cancellation_no: 0,
    releases_open: 0,
    ...nothing_open,
    lines: lines.map(placed_line),
  };
}

const no_money = {
  shipping_cancelled: 0,
  shipping_tax_cancelled: 0,
  cancelled_value: 0,
  credited_value: 0,
  authorized: 0,
  captured: 0,
  voided: 0,
  refunded: 0,
  capture_pending: 0,
  refund_pending: 0,
} as const;
const nothing_open = { cancellations: [], holds: [], exceptions: [], refunds: [], returns: [], payments: [], heard: {} } as const;
const no_units = {
  cancelled: 0,
  backordered: 0,
  allocated: 0,
  in_fulfillment: 0,
  shipped: 0,
  delivered: 0,
  lost: 0,
  sent_back: 0,
  returned: 0,
  credited: 0,
  shipped_value: 0,
  cancelled_value: 0,
  credited_value: 0,
  shipped_tax: 0,
  cancelled_tax: 0,
  credited_tax: 0,
  allocations: [],
} as const;

function placed_line(line: OrderPlaced['data']['lines'][number]): OrderLine {
  const promise_at = line.promise_at ?? null;
  return { ...line, promise_at, first_promise_at: promise_at, ...no_units };
}

/** Absolute values, absent ones stay as they are. */
function fold_fields(order: Order, data: OrderFields): Order {
  const { money, heard } = data;
  const folded = {
    ...order,
    axes: data.axes,
    lines: fold_lines(order.lines, data.quantities, data.allocations),
    tender: data.tender ?? order.tender,
    reservation_state: data.reservation_state ?? order.reservation_state,
    attempts: data.attempts ?? order.attempts,
    expires_at: data.expires_at ?? order.expires_at,
    closed_at: data.closed_at ?? order.closed_at,
    releases_open: data.releases_open ?? order.releases_open,
  };
  if (money !== undefined && money !== null) {
    folded.cancelled_value = money.cancelled;
    folded.credited_value = money.credited;
    folded.authorized = money.authorized;
    folded.captured = money.captured;
    folded.voided = money.voided;
    folded.refunded = money.refunded;
    folded.capture_pending = money.capture_pending ?? 0;
    folded.refund_pending = money.refund_pending;
  }
  if (data.payments) folded.payments = fold_payments(order.payments, data.payments);
  if (data.refunds) folded.refunds = fold_refunds(order.refunds, data.refunds);
  if (heard) folded.heard = { ...order.heard, [heard.stream]: heard.sequence };
  return folded;
}

function fold_lines(
  lines: readonly OrderLine[],
  quantities: OrderFields['quantities'],
  allocations: OrderFields['allocations'],
): readonly OrderLine[] {
  if (!quantities && !allocations) return lines;
  const folded = lines.slice();
  for (const change of quantities ?? []) {
    const line = folded[change.line_no - 1];
    if (line !== undefined) folded[change.line_no - 1] = fold_quantities(line, change);
  }
  for (const change of allocations ?? []) {
    const line = folded[change.line_no - 1];
    if (line !== undefined) folded[change.line_no - 1] = { ...line, allocations: fold_allocation(line.allocations, change) };
  }
  return folded;
}

function fold_quantities(line: OrderLine, change: Quantities): OrderLine {
  return {
    ...line,
    cancelled: change.cancelled,
    backordered: change.backordered,
    allocated: change.allocated,
    in_fulfillment: change.in_fulfillment,
    shipped: change.shipped,
    delivered: change.delivered,
    lost: change.lost,
    sent_back: change.sent_back,
    returned: change.returned,
    credited: change.credited,
    shipped_value: change.shipped_value ?? line.shipped_value,
    cancelled_value: change.cancelled_value ?? line.cancelled_value,
    credited_value: change.credited_value ?? line.credited_value,
    shipped_tax: change.shipped_tax ?? line.shipped_tax,
    cancelled_tax: change.cancelled_tax ?? line.cancelled_tax,
    credited_tax: change.credited_tax ?? line.credited_tax,
  };
}

function fold_allocation(
  allocations: readonly LineAllocation[],
  { location_id, quantity, in_fulfillment, backordered }: Allocation,
): readonly LineAllocation[] {
  const folded = { location_id, quantity, in_fulfillment, backordered: backordered ?? 0 };
  const place = allocations.findIndex(known => known.location_id === location_id);
  return place < 0 ? [...allocations, folded] : allocations.with(place, folded);
}

function fold_payments(payments: readonly Payment[], changes: readonly Pay[]): readonly Payment[] {
  const folded = payments.slice();
  for (const { action, ...change } of changes) {
    const place = folded.findIndex(known => known.payment_id === change.payment_id);
    if (place >= 0) folded[place] = { ...(folded[place] ?? untouched), ...change, action: action ?? null };
    else folded.push({ ...untouched, ...change, action: action ?? null });
  }
  return folded;
}
const untouched = { captures: 0, final_requested: false, release_requested: false, blocked: false } as const;

function fold_refunds(refunds: readonly Refund[], changes: readonly RefundChange[]): readonly Refund[] {
  const folded = refunds.slice();
  for (const { refund_id, status, payment_id, amount, tax, reason } of changes) {
    const place = folded.findIndex(known => known.refund_id === refund_id);
    const known = folded[place];
    if (known !== undefined) folded[place] = { ...known, status };
    else if (payment_id)
      folded.push({ refund_id, payment_id, amount: amount ?? 0, tax: tax ?? 0, reason: reason ?? 'goodwill', lines: [], status });
  }
  return folded;
}

function refund_of({ refund_id, payment_id, amount, tax, reason, lines }: PaymentRefundRequested['data']): Refund {
  return { refund_id, payment_id, amount, tax, reason, lines, status: 'requested' };
}

function with_payment(order: Order, payment_id: string, change: Partial<Payment>): Order {
  const place = order.payments.findIndex(payment => payment.payment_id === payment_id);
  const payment = order.payments[place];
  return payment === undefined ? order : { ...order, payments: order.payments.with(place, { ...payment, ...change }) };
}

type Promises = readonly { readonly line_no: number; readonly promise_at?: string | null }[];

/** What is promised to who pays is the first promise; later ones stand beside it. Lines whose promise stays are not written. */
function promise(order: Order, promises: Promises, first_of: (line: OrderLine, promise_at: string | null) => string | null): Order {
  let lines: OrderLine[] | undefined;
  for (const { line_no, promise_at = null } of promises) {
    const line = order.lines[line_no - 1];
    if (line === undefined) continue;
    const first_promise_at = first_of(line, promise_at);
    if (promise_at === line.promise_at && first_promise_at === line.first_promise_at) continue;
    lines ??= order.lines.slice();
    lines[line_no - 1] = { ...line, promise_at, first_promise_at };
  }
  return lines === undefined ? order : { ...order, lines };
}
const this_one = (_: OrderLine, promise_at: string | null) => promise_at;
const earlier_one = (line: OrderLine, promise_at: string | null) => line.first_promise_at ?? promise_at;

function cancellation_requested(order: Order, { cancellation_no, scope, reason, lines }: OrderCancellationRequested['data']): Order {
  const asked = lines.map(line => ({ line_no: line.line_no, location_id: line.location_id ?? '', quantity: line.quantity }));
  return {
    ...order,
    cancellation_no,
    end_reason: scope === 'all' ? reason : order.end_reason,
    tender: scope === 'all' ? null : order.tender,
    cancellations: asked.length === 0 ? order.cancellations : [...order.cancellations, { cancellation_no, scope, reason, lines: asked }],
  };
}

function lines_cancelled(order: Order, data: OrderLinesCancelled['data']): Order {
  return {
    ...order,
    cancellation_no: Math.max(order.cancellation_no, data.cancellation_no),
    shipping_cancelled: order.shipping_cancelled + data.shipping_total,
    shipping_tax_cancelled: order.shipping_tax_cancelled + (data.shipping_tax ?? 0),
    releases_open: order.releases_open + (data.release_stock ? 1 : 0),
    cancellations: data.answered ? order.cancellations.filter(open => open.cancellation_no !== data.cancellation_no) : order.cancellations,
  };
}

function requested_return(data: ReturnRequested['data']): Return {
  const lines = data.lines.map(({ line_no, quantity, reason }) => ({ line_no, quantity, reason, received: 0, condition: null }));
  return { return_id: data.return_id, status: data.return_status, lines, receipts: 0, deadline: data.deadline ?? null };
}

function received_return(known: Return, data: ReturnReceived['data']): Return {
  const lines: ReturnLine[] = known.lines.slice();
  for (const { line_no, quantity, condition } of data.lines) {
    const place = lines.findIndex(line => line.line_no === line_no && line.received < line.quantity);
    const line = lines[place];
    if (line !== undefined) lines[place] = { ...line, received: line.received + quantity, condition: condition ?? line.condition };
  }
  return { ...known, status: data.return_status, receipts: data.receipt_no, lines };
}

function with_return(order: Order, return_id: string, change: (known: Return) => Return): Order {
  return { ...order, returns: order.returns.map(known => (known.return_id === return_id ? change(known) : known)) };
}

function fold_exception(order: Order, event: Extract<OrdersEvent, { type: 'exception.raised' | 'exception.resolved' }>): Order {
  const { exception_id, reason, owner, deadline, detail } = event.data;
  const others = order.exceptions.filter(open => open.exception_id !== exception_id);
  return {
    ...order,
    exceptions: event.type === 'exception.raised' ? [...others, { exception_id, reason, owner, deadline, detail }] : others,
  };
}

/** A customer is named by the first order, and counted within a batch. */
export function evolve_customer(customer: Customer, event: OrdersEvent): Customer {
  if (event.type !== 'order.placed') throw new Error(`${event.type} changes no customer`);
  return { customer_ref: event.data.customer_ref ?? customer.customer_ref, placed: customer.placed + 1 };
}

export function evolve_erasure(_erasure: Erasure, event: OrdersEvent): Erasure {
  if (event.type !== 'personal_data.erased') throw new Error(`${event.type} erases nobody`);
  return { subject: event.data.subject, erased_at: event.data.erased_at };
}

export function evolve_quote(quote: Quote | undefined, event: OrdersEvent): Quote | undefined {
  if (event.type === 'quote.created') return { ...event.data, customer_ref: event.data.customer_ref ?? null, order_id: null };
  if (event.type === 'order.placed' && quote !== undefined) return { ...quote, order_id: event.data.order_id };
  throw new Error(`${event.type} changes no quote`);
}

/** More than a batch has commands. */
const lately_max = 1_000;

/** A code is redeemed by an order, and given back when the order comes to nothing. */
export function evolve_discount(discount: Discount | undefined, event: OrdersEvent): Discount | undefined {
  if (discount === undefined) return undefined;
  switch (event.type) {
    case 'order.placed': {
      const { customer_ref } = event.data;
      const redeemed = discount.redeemed + 1;
      const lately = customer_ref ? [...discount.lately.slice(-lately_max), { no: redeemed, customer_ref }] : discount.lately;
      return { ...discount, uses: discount.uses + 1, redeemed, lately };
    }
    case 'order.rejected':
    case 'order.expired':
    case 'order.cancelled':
      return { ...discount, uses: discount.uses - 1 };
    default:
      throw new Error(`${event.type} changes no discount`);
  }
}
