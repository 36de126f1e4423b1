/** What the other services say in a story, as they would: hand-made, with the sums and lines that follow from the order's state. */
import { test_time } from '../../../platform/testing/in_memory.ts';
import type { Payment } from '../model.ts';
import { type DataOf, near, type Step, type Story, type Units } from './story.ts';

/** What inventory says, for the usual two lines at one location. */
export function stock_facts(self: Story) {
  const sku = (line_no: number) => self.order().lines[line_no - 1]?.sku ?? '';
  const whole = (): Units =>
    self.order().lines.flatMap(line => (line.stocked ? [[line.line_no, line.quantity - line.cancelled] as const] : []));
  const items = (units: Units) =>
    units.map(([line_no, quantity, location_id = near]) => ({ line_no, quantity, location_id, sku: sku(line_no) }));
  const queue = { priority: 5, requested_at: test_time };
  return {
    reserved: (units: Units = whole(), reservation_no = 1) =>
      self.hear('stock.reserved', {
        reservation_id: 'res_1',
        reservation_no,
        expires_at: test_time,
        reasons: [],
        ...queue,
        lines: items(units).map(item => ({ ...item, quantity_held: item.quantity, quantity_backordered: 0, accept_backorder: true })),
      }),
    failed: () =>
      self.hear('stock.reservation_failed', {
        reservation_id: 'res_1',
        reservation_no: 1,
        short_lines: [{ sku: 'LAMP', wanted: 2, available: 1 }],
        ...queue,
        lines: [],
      }),
    expired: () => self.hear('stock.reservation_expired', { reservation_no: 1, expires_at: test_time, lines: [] }),
    allocated: (units: Units = whole(), waiting: Units = []) =>
      self.hear('stock.allocated', { lines: items(units), ...(waiting.length > 0 ? { waiting: items(waiting) } : {}) }),
    queued: (units: Units) => self.hear('backorder.queued', { lines: items(units).map(item => ({ ...item, ...queue })) }),
    filled: (units: Units) => self.hear('backorder.filled', { lines: items(units).map(item => ({ ...item, ...queue })) }),
    released: (units: Units = [], from: 'allocated' | 'held' = 'allocated') =>
      self.hear('stock.released', { lines: items(units).map(item => ({ ...item, from })), cause: 'order.lines_cancelled' }),
    short: (
      units: Units,
      outcome: { resourced?: readonly { location_id: string; quantity: number }[]; quantity_backordered?: number; quantity_short?: number },
    ) => {
      const { quantity_backordered = 0 } = outcome;
      const waiting = items(units).map(item => ({ ...item, quantity: quantity_backordered }));
      return self.hear('stock.shortfall_detected', {
        cause: 'short_pick',
        lines: items(units).map(item => ({ ...item, resourced: [], quantity_backordered: 0, quantity_short: 0, ...outcome })),
        ...(quantity_backordered > 0 ? { waiting } : {}),
      });
    },
  };
}

/** What payments says of a payment, the last one unless `place` names another. Sums are kept as payments keeps them. */
export function payment_facts(self: Story) {
  const common = (payment: Payment, changed: Partial<Payment>) => {
    const { authorized, captured, voided, refunded, amount } = { ...payment, ...changed };
    const { payment_id, gateway, method_kind } = payment;
    return { payment_id, gateway, method_kind, currency: 'GBP', sums: { amount, authorized, captured, voided, refunded } };
  };
  const of = (place?: number) => self.payment(place);
  const refused = (type: 'payment.declined' | 'payment.failed' | 'payment.abandoned', place?: number) =>
    self.hear(type, {
      ...common(of(place), {}),
      state: type === 'payment.declined' ? 'declined' : type === 'payment.failed' ? 'failed' : 'abandoned',
      decline_code: 'insufficient_funds',
      retryable: true,
    });
  return {
    authorized: ({ amount = undefined as number | undefined, late = false, place = -1 } = {}) => {
      const payment = of(place);
      const authorized = amount ?? payment.amount;
      return self.hear('payment.authorized', { ...common(payment, { authorized }), state: 'authorized', amount: authorized, late });
    },
    /** A charge: authorized and captured at once. */
    charged: ({ late = false, place = -1 } = {}) => {
      const payment = of(place);
      const all = { authorized: payment.amount, captured: payment.amount };
      return self.hear('payment.captured', {
        ...common(payment, all),
        state: 'captured',
        amount: payment.amount,
        final: true,
        released_amount: 0,
        late,
      });
    },
    captured: ({ amount = undefined as number | undefined, final = true, place = -1 } = {}) => {
      const payment = of(place);
      const taken = amount ?? payment.capture_pending;
      const captured = payment.captured + taken;
      const released = final ? payment.authorized - payment.voided - captured : 0;
      return self.hear('payment.captured', {
        ...common(payment, { captured, voided: payment.voided + released }),
        state: final ? 'captured' : 'partially_captured',
        capture_no: payment.captures,
        amount: taken,
        final,
        released_amount: released,
        late: false,
      });
    },
    capture_failed: ({ place = -1 } = {}) => {
      const payment = of(place);
      const said = { capture_no: payment.captures, amount: payment.capture_pending, decline_code: 'card_expired' as const };
      return self.hear('payment.capture_failed', {
        ...common(payment, {}),
        state: payment.captured > 0 ? 'partially_captured' : 'authorized',
        ...said,
      });
    },
    declined: (place?: number) => refused('payment.declined', place),
    failed: (place?: number) => refused('payment.failed', place),
    abandoned: (place?: number) => refused('payment.abandoned', place),
    action_required: (place?: number) =>
      self.hear('payment.action_required', {
        ...common(of(place), {}),
        state: 'action_required',
        action: { type: 'redirect', url: 'https://gateway.example/3ds' },
        deadline: self.at,
        reserve_until: self.at,
      }),
    pending: (place?: number) =>
      self.hear('payment.pending', { ...common(of(place), {}), state: 'pending', deadline: self.at, reserve_until: self.at }),
    unknown: (place?: number) =>
      self.hear('payment.outcome_unknown', { ...common(of(place), {}), state: 'unknown', op_id: 'op_1', kind: 'authorize' }),
    resolved: (place?: number) =>
      self.hear('payment.outcome_resolved', {
        ...common(of(place), {}),
        state: 'processing',
        op_id: 'op_1',
        kind: 'authorize',
        outcome: 'ok',
        elapsed_ms: 1,
      }),
    voided: (place?: number) => {
      const payment = of(place);
      const amount = payment.authorized - payment.captured - payment.voided;
      const state = payment.captured > 0 ? 'captured' : 'voided';
      return self.hear('payment.voided', { ...common(payment, { voided: payment.voided + amount }), state, amount });
    },
    lapsed: (place?: number) => {
      const payment = of(place);
      const amount = payment.authorized - payment.captured - payment.voided;
      const state = payment.captured > 0 ? 'captured' : 'lapsed';
      return self.hear('payment.authorization_expired', { ...common(payment, { voided: payment.voided + amount }), state, amount });
    },
    refunded: ({ place = -1, refund_id = '', amount = 0 } = {}) =>
      refund_fact(self, 'payment.refunded', { place, refund_id, amount, common }),
    refund_failed: ({ place = -1, refund_id = '', amount = 0 } = {}) =>
      refund_fact(self, 'payment.refund_failed', { place, refund_id, amount, common }),
    disputed: ({
      place,
      dispute_ref = 'dp_1',
      status = 'needs_response',
    }: {
      place?: number;
      dispute_ref?: string;
      status?: string;
    } = {}) =>
      self.hear('payment.disputed', {
        ...common(of(place), {}),
        state: 'captured',
        dispute_ref,
        amount: 100,
        reason: 'fraudulent',
        status,
      }),
  };
}

interface RefundFact {
  readonly place: number;
  /** Absent: the last refund of the order. */
  readonly refund_id: string;
  readonly amount: number;
  common(
    payment: Payment,
    changed: Partial<Payment>,
  ): Pick<DataOf<'payment.refunded'>, 'payment_id' | 'gateway' | 'method_kind' | 'currency' | 'sums'>;
}

function refund_fact(self: Story, type: 'payment.refunded' | 'payment.refund_failed', asked: RefundFact): Step {
  const known =
    self.order().refunds.find(refund => refund.refund_id === asked.refund_id) ??
    (asked.refund_id === '' ? self.order().refunds.at(-1) : undefined);
  const payment = self.order().payments.find(one => one.payment_id === known?.payment_id) ?? self.payment(asked.place);
  const amount = known?.amount ?? asked.amount;
  const was_back = known?.status === 'succeeded' ? amount : 0;
  const refunded = payment.refunded - was_back + (type === 'payment.refunded' ? amount : 0);
  const state = refunded === 0 ? 'captured' : refunded < payment.captured ? 'partially_refunded' : 'refunded';
  return self.hear(type, {
    ...asked.common(payment, { refunded }),
    state,
    refund_id: known?.refund_id ?? asked.refund_id,
    amount,
    tax: 0,
    origin: known === undefined ? 'gateway' : 'ours',
    reason: known?.reason ?? 'requested_by_customer',
    lines: [],
  });
}

/** What shipping says. */
export function shipping_facts(self: Story) {
  const lines = (units: Units) => units.map(([line_no, quantity, location_id = near]) => ({ line_no, quantity, location_id }));
  const asked = (): Units =>
    self
      .order()
      .lines.flatMap(line =>
        line.allocations.flatMap(at => (at.in_fulfillment > 0 ? [[line.line_no, at.in_fulfillment, at.location_id] as const] : [])),
      );
  const shipped = (): Units =>
    self
      .order()
      .lines.flatMap(line =>
        line.stocked && line.shipped > line.delivered ? [[line.line_no, line.shipped - line.delivered] as const] : [],
      );
  return {
    dispatched: (units: Units = asked(), shipment_id = 'shp_1') =>
      self.hear('shipment.dispatched', {
        shipment_id,
        location_id: near,
        shipment_status: 'dispatched',
        carrier: 'manual',
        dispatched_at: self.at,
        origin: 'warehouse',
        parcels: [{ parcel_id: `pcl_${shipment_id}`, tracking_number: 'T1', lines: lines(units) }],
      }),
    delivered: (units: Units = shipped(), shipment_id = 'shp_1') =>
      self.hear('parcel.delivered', {
        shipment_id,
        parcel_id: `pcl_${shipment_id}`,
        lines: lines(units),
        delivered_at: self.at,
        assumed: true,
        shipment_status: 'delivered',
      }),
    lost: (units: Units = shipped(), shipment_id = 'shp_1') =>
      self.hear('parcel.lost', { shipment_id, parcel_id: `pcl_${shipment_id}`, lines: lines(units) }),
    sent_back: (units: Units = shipped(), shipment_id = 'shp_1') =>
      self.hear('parcel.sent_back', { shipment_id, parcel_id: `pcl_${shipment_id}`, lines: lines(units) }),
    answered: (cancellation_no: number, cancelled: Units, refused: Units = []) =>
      self.hear('fulfillment.cancellation_answered', { cancellation_no, cancelled: lines(cancelled), refused: lines(refused) }),
  };
}
