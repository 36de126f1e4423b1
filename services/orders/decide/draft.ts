/**
 * A decision about one order in the making. Handlers change `order`; `say` tells it: each event carries what changed since the
 * event before it, in absolute values, and the order goes on as evolve makes it from that event. So the row is the fold of the
 * events, and no handler builds the common part of an event by hand.
 */
import type { Allocation, Axes, Line, OrdersEvent, Quantities } from '../../../contracts/index.ts';
import type { Decision, Fact, Given, Handler, NewRecord, Ref, TimerChange, View } from '../../../platform/service.ts';
import type { Heard } from '../commands.ts';
import { evolve_order, type OrderFields } from '../evolve.ts';
import type { Contact, OpenException, Order, OrderLine, OrdersStates, Refund } from '../model.ts';
import type { OrdersRejection } from '../rejections.ts';
import { axes_of } from './axes.ts';
import { money_of, pay_of } from './money.ts';

export type OrdersView = View<OrdersStates>;
export type OrdersRef = Ref<OrdersStates>;
export type OrdersFact = Fact<OrdersStates, OrdersEvent>;
export type OrdersDecision = Decision<OrdersStates, OrdersEvent>;
export type OrdersHandler<C> = Handler<C, OrdersStates, OrdersEvent, OrdersRejection>;
export type OrderEvent = Exclude<OrdersEvent, { type: 'quote.created' | 'order.placed' }>;

export interface Draft {
  readonly given: Given;
  /** New ids of this decision, each another one. */
  readonly new_id: (prefix: string) => string;
  /** Personal, so only there where a decision may ask payments or shipping; absent: it asks them nothing. */
  readonly asking: { readonly contact: Contact | undefined } | undefined;
  /** As the decision found it. */
  readonly before: Order;
  /** As the events said so far make it. */
  said: Order;
  /** As it is by now: what differs from `said` travels with the next event. */
  order: Order;
  readonly heard: Heard | undefined;
  readonly facts: OrdersFact[];
  readonly records: NewRecord[];
  readonly timers: TimerChange[];
  /** To be said with the last events (exceptions.ts). */
  readonly raised: OpenException[];
  /** Why money goes back and for which units, where the cause knows better than the state. */
  refund: Pick<Refund, 'reason' | 'lines'> | undefined;
  /** The shipment that made money owed. */
  shipment_id: string | undefined;
}

export const nothing: OrdersDecision = { facts: [] };

export function open_draft(
  order: Order,
  given: Given,
  more: { new_id?: Draft['new_id']; asking?: Draft['asking']; heard?: Heard } = {},
): Draft {
  return {
    given,
    new_id: more.new_id ?? id_source(given),
    asking: more.asking,
    before: order,
    said: order,
    order,
    heard: more.heard,
    facts: [],
    records: [],
    timers: [],
    raised: [],
    refund: undefined,
    shipment_id: undefined,
  };
}

/** Ids that differ within one decision, and repeat when the decision is repeated. */
export function id_source(given: Given): Draft['new_id'] {
  const used = new Map<string, number>();
  return prefix => {
    const ordinal = used.get(prefix) ?? 0;
    used.set(prefix, ordinal + 1);
    return given.id(prefix, ordinal);
  };
}

/** Heard before: the stream is already past it. */
export function is_known(order: Order, { stream, sequence }: Heard): boolean {
  return sequence !== null && sequence <= (order.heard[stream] ?? 0);
}

export function set_status(draft: Draft, status: Axes['status']): void {
  draft.order = { ...draft.order, axes: { ...draft.order.axes, status } };
}

/** Puts lines in their new form, whichever they are, with one copy of the list. */
export function put_lines(draft: Draft, changed: Iterable<OrderLine>): void {
  let lines: OrderLine[] | undefined;
  for (const line of changed) {
    if (draft.order.lines[line.line_no - 1] === line) continue;
    lines ??= draft.order.lines.slice();
    lines[line.line_no - 1] = line;
  }
  if (lines !== undefined) draft.order = { ...draft.order, lines };
}

/** Changes lines, one group of units after the other; each sees what the one before made of its line. */
export function change_lines<G extends Pick<Line, 'line_no'>>(
  draft: Draft,
  groups: readonly G[],
  change: (line: OrderLine, group: G) => OrderLine,
): void {
  const lines = new Map<number, OrderLine>();
  for (const group of groups) {
    const line = lines.get(group.line_no) ?? draft.order.lines[group.line_no - 1];
    if (line !== undefined) lines.set(group.line_no, change(line, group));
  }
  put_lines(draft, lines.values());
}

/** Says an event whose data begins with `news(draft)`. */
export function say(draft: Draft, event: OrderEvent): void {
  const order = evolve_order(draft.said, event);
  if (order === undefined) throw new Error(`${event.type} ended the order's row`);
  draft.facts.push(fact_of(order, event));
  draft.said = order;
  draft.order = order;
}

function fact_of(order: Order, event: OrderEvent): OrdersFact {
  const fact = { event, key: order.order_id, subject: { kind: 'order', id: order.order_id } } as const;
  const gives_back = event.type === 'order.rejected' || event.type === 'order.expired' || event.type === 'order.cancelled';
  return gives_back && order.discount_code !== null ? { ...fact, also_changes: [{ kind: 'discount', id: order.discount_code }] } : fact;
}

/** What every event of an order carries: who it is, where it stands, and what changed since the last event. */
export function news(draft: Draft): OrderFields {
  const { said, order, heard } = draft;
  const fields: { -readonly [F in keyof OrderFields]: OrderFields[F] } = {
    order_id: order.order_id,
    customer_ref: order.customer_ref,
    currency: order.currency,
    axes: axes_of(order),
  };
  if (heard !== undefined && heard.sequence !== null && said.heard[heard.stream] !== heard.sequence) {
    fields.heard = { stream: heard.stream, sequence: heard.sequence };
  }
  if (order.lines !== said.lines) add_units(fields, said, order);
  if (money_changed(said, order)) fields.money = money_of(order);
  if (order.payments !== said.payments) {
    fields.payments = order.payments.filter((payment, place) => payment !== said.payments[place]).map(pay_of);
  }
  if (order.refunds !== said.refunds)
    fields.refunds = order.refunds.filter((refund, place) => refund !== said.refunds[place]).map(told_refund);
  if (order.tender !== said.tender) fields.tender = order.tender;
  if (order.reservation_state !== said.reservation_state) fields.reservation_state = order.reservation_state;
  if (order.attempts !== said.attempts) fields.attempts = order.attempts;
  if (order.expires_at !== said.expires_at) fields.expires_at = order.expires_at;
  if (order.closed_at !== said.closed_at) fields.closed_at = order.closed_at;
  if (order.releases_open !== said.releases_open) fields.releases_open = order.releases_open;
  return fields;
}

/** Something changed that no event has told yet. */
export function has_news(draft: Draft): boolean {
  const { said, order } = draft;
  if (order === said) return false;
  const { order_id, customer_ref, currency, axes, heard, ...changes } = news(draft);
  if (Object.keys(changes).length > 0) return true;
  return (
    axes.status !== said.axes.status ||
    axes.payment_status !== said.axes.payment_status ||
    axes.fulfillment_status !== said.axes.fulfillment_status
  );
}

function add_units(
  fields: { quantities?: OrderFields['quantities']; allocations?: OrderFields['allocations'] },
  said: Order,
  order: Order,
): void {
  const quantities: Quantities[] = [];
  const allocations: Allocation[] = [];
  for (const [place, line] of order.lines.entries()) {
    const before = said.lines[place];
    if (before === undefined || line === before) continue;
    quantities.push(quantities_of(line, before));
    if (line.allocations === before.allocations) continue;
    for (const [at, allocation] of line.allocations.entries()) {
      if (allocation !== before.allocations[at]) allocations.push({ line_no: line.line_no, ...allocation });
    }
  }
  if (quantities.length > 0) fields.quantities = quantities;
  if (allocations.length > 0) fields.allocations = allocations;
}

/** Counters always, values only where they changed. */
function quantities_of(line: OrderLine, before: OrderLine): Quantities {
  const quantities: { -readonly [F in keyof Quantities]: Quantities[F] } = {
    line_no: line.line_no,
    cancelled: line.cancelled,
    backordered: line.backordered,
    allocated: line.allocated,
    in_fulfillment: line.in_fulfillment,
    shipped: line.shipped,
    delivered: line.delivered,
    lost: line.lost,
    sent_back: line.sent_back,
    returned: line.returned,
    credited: line.credited,
  };
  if (line.shipped_value !== before.shipped_value) quantities.shipped_value = line.shipped_value;
  if (line.cancelled_value !== before.cancelled_value) quantities.cancelled_value = line.cancelled_value;
  if (line.credited_value !== before.credited_value) quantities.credited_value = line.credited_value;
  if (line.shipped_tax !== before.shipped_tax) quantities.shipped_tax = line.shipped_tax;
  if (line.cancelled_tax !== before.cancelled_tax) quantities.cancelled_tax = line.cancelled_tax;
  if (line.credited_tax !== before.credited_tax) quantities.credited_tax = line.credited_tax;
  return quantities;
}

/** A refund the gateway began is told whole; of ours payment.refund_requested told the rest. */
function told_refund({ refund_id, status, payment_id, amount, tax, reason }: Refund) {
  return { refund_id, status, payment_id, amount, tax, reason };
}

function money_changed(said: Order, order: Order): boolean {
  return (
    order.captured !== said.captured ||
    order.authorized !== said.authorized ||
    order.voided !== said.voided ||
    order.refunded !== said.refunded ||
    order.capture_pending !== said.capture_pending ||
    order.refund_pending !== said.refund_pending ||
    order.cancelled_value !== said.cancelled_value ||
    order.credited_value !== said.credited_value
  );
}
