/** What payments says, under the order's key; the subject is the payment (domain.md 3.2 and 4, Payments). */
import Type from 'typebox';
import { Amount, At, Currency, type EventOf, event, Id, optional, Quantity, Text } from './envelope.ts';
import { ids } from './examples.ts';
import {
  Action,
  DeclineCode,
  MethodKind,
  Ordinal,
  PaymentIntent,
  PaymentOperationKind,
  PaymentOutcome,
  PaymentState,
  PaymentSums,
  RefundOrigin,
} from './shapes.ts';

const by_order = { service: 'payments', key: 'order_id' } as const;
/** `kind` and `elapsed_ms` where an operation ended. `state` and `sums` are absolute after the event, amounts beside them are this event's. */
const payment = {
  order_id: Id(),
  payment_id: Id(),
  gateway: Id(),
  method_kind: MethodKind,
  currency: Currency(),
  kind: optional(PaymentOperationKind),
  elapsed_ms: optional(Quantity()),
  // Not in domain.md's table: orders copies them instead of adding up, payments folds its row from them.
  state: PaymentState,
  sums: PaymentSums,
  tender_no: optional(Ordinal()),
  intent: optional(PaymentIntent),
  attempt_no: optional(Ordinal()),
  gateway_ref: optional(Id()),
};
const sums = { amount: 8400, authorized: 0, captured: 0, voided: 0, refunded: 0 };
const of_payment = { order_id: ids.order, payment_id: ids.payment, gateway: 'stripe', method_kind: 'card', currency: 'GBP' } as const;
const authorized = { ...of_payment, state: 'authorized', sums: { ...sums, authorized: 8400 } } as const;
const unknown = { ...of_payment, state: 'unknown', sums } as const;

export type PaymentStarted = EventOf<typeof payment_started>;
export const payment_started = event({
  type: 'payment.started',
  ...by_order,
  heard_by: [],
  description: 'The gateway is being asked; said only when it does not answer at once.',
  data: Type.Object({ ...payment, amount: Amount(), attempt_no: Ordinal(), deadline: At() }),
  example: {
    ...of_payment,
    state: 'processing',
    sums,
    tender_no: 1,
    intent: 'authorize',
    amount: 8400,
    attempt_no: 1,
    deadline: '2026-05-04T09:42:00.000Z',
  },
});

const waiting = { ...payment, action: optional(Action), reason: optional(Text()), deadline: At(), reserve_until: At() };
export type PaymentActionRequired = EventOf<typeof payment_action_required>;
export const payment_action_required = event({
  type: 'payment.action_required',
  ...by_order,
  heard_by: ['orders', 'inventory'],
  description: 'The shopper must do something at the gateway, by the deadline. Inventory keeps the stock until reserve_until.',
  data: Type.Object(waiting),
  example: {
    ...of_payment,
    state: 'action_required',
    sums,
    action: { type: 'redirect', url: 'https://gateway.example/3ds/4242', expires_at: '2026-05-04T09:22:01.000Z' },
    deadline: '2026-05-04T09:22:01.000Z',
    reserve_until: '2026-05-04T09:47:00.000Z',
  },
});
export type PaymentPending = EventOf<typeof payment_pending>;
export const payment_pending = event({
  type: 'payment.pending',
  ...by_order,
  heard_by: ['orders', 'inventory'],
  description: 'The money is on its way, or a person at the gateway looks at it.',
  data: Type.Object(waiting),
  example: {
    ...of_payment,
    method_kind: 'bank',
    state: 'pending',
    sums,
    reason: 'bank_transfer',
    deadline: '2026-05-07T09:12:00.000Z',
    reserve_until: '2026-05-07T09:17:00.000Z',
  },
});
export type PaymentAuthorized = EventOf<typeof payment_authorized>;
export const payment_authorized = event({
  type: 'payment.authorized',
  ...by_order,
  heard_by: ['orders'],
  description: 'The gateway keeps the amount for us. Late: after we had given the payment up.',
  data: Type.Object({ ...payment, amount: Amount(), authorization_expires_at: optional(At()), late: Type.Boolean() }),
  example: {
    ...authorized,
    kind: 'authorize',
    elapsed_ms: 412,
    tender_no: 1,
    intent: 'authorize',
    attempt_no: 1,
    gateway_ref: 'pi_3P1a2b3c4d5e6f',
    amount: 8400,
    authorization_expires_at: '2026-05-11T09:12:01.000Z',
    late: false,
  },
});

const refused = { data: Type.Object({ ...payment, decline_code: optional(DeclineCode), retryable: Type.Boolean() }) };
export type PaymentDeclined = EventOf<typeof payment_declined>;
export const payment_declined = event({
  type: 'payment.declined',
  ...by_order,
  heard_by: ['orders'],
  description: 'The gateway or the bank said no.',
  ...refused,
  example: {
    ...of_payment,
    state: 'declined',
    sums,
    kind: 'authorize',
    elapsed_ms: 380,
    decline_code: 'insufficient_funds',
    retryable: true,
  },
});
export type PaymentFailed = EventOf<typeof payment_failed>;
export const payment_failed = event({
  type: 'payment.failed',
  ...by_order,
  heard_by: ['orders'],
  description: "The payment cannot be made, and not by the bank's word: our fault, or the gateway's.",
  ...refused,
  example: { ...of_payment, state: 'failed', sums, kind: 'authorize', elapsed_ms: 90, decline_code: 'processing_error', retryable: true },
});
export type PaymentAbandoned = EventOf<typeof payment_abandoned>;
export const payment_abandoned = event({
  type: 'payment.abandoned',
  ...by_order,
  heard_by: ['orders'],
  description: 'The shopper never finished; the gateway was asked, and cancelled it.',
  ...refused,
  example: { ...of_payment, state: 'abandoned', sums, retryable: true },
});

export type PaymentOutcomeUnknown = EventOf<typeof payment_outcome_unknown>;
export const payment_outcome_unknown = event({
  type: 'payment.outcome_unknown',
  ...by_order,
  heard_by: ['orders', 'inventory'],
  description: 'The gateway may or may not have done it. Nobody may act as if it had not.',
  data: Type.Object({
    ...payment,
    op_id: Id(),
    kind: PaymentOperationKind,
    reserve_until: optional(At()), // absent: no stock depends on it (a capture, a void, a refund)
  }),
  example: { ...unknown, op_id: ids.operation, kind: 'authorize', reserve_until: '2026-05-05T09:12:31.000Z' },
});
export type PaymentOutcomeResolved = EventOf<typeof payment_outcome_resolved>;
export const payment_outcome_resolved = event({
  type: 'payment.outcome_resolved',
  ...by_order,
  heard_by: ['orders'],
  description: 'Evidence came; what it means follows as an event of its own.',
  data: Type.Object({ ...payment, op_id: Id(), kind: PaymentOperationKind, outcome: PaymentOutcome, elapsed_ms: Quantity() }),
  example: { ...unknown, state: 'processing', op_id: ids.operation, kind: 'authorize', outcome: 'ok', elapsed_ms: 35_200 },
});

export type PaymentCaptured = EventOf<typeof payment_captured>;
export const payment_captured = event({
  type: 'payment.captured',
  ...by_order,
  heard_by: ['orders'],
  description: 'The amount is ours; released_amount is what the gateway no longer keeps. Late: after we had given the payment up.',
  data: Type.Object({
    ...payment,
    capture_no: optional(Ordinal()),
    amount: Amount(),
    final: Type.Boolean(),
    released_amount: Amount(),
    shipment_id: optional(Id()),
    late: Type.Boolean(),
  }),
  example: {
    ...of_payment,
    state: 'partially_captured',
    sums: { ...sums, authorized: 8400, captured: 5850 },
    kind: 'capture',
    elapsed_ms: 240,
    capture_no: 1,
    amount: 5850,
    final: false,
    released_amount: 0,
    shipment_id: ids.shipment,
    late: false,
  },
});
export type PaymentCaptureFailed = EventOf<typeof payment_capture_failed>;
export const payment_capture_failed = event({
  type: 'payment.capture_failed',
  ...by_order,
  heard_by: ['orders'],
  description: 'The amount could not be taken.',
  data: Type.Object({ ...payment, capture_no: Ordinal(), amount: Amount(), decline_code: DeclineCode }),
  example: { ...authorized, kind: 'capture', elapsed_ms: 310, capture_no: 1, amount: 5850, decline_code: 'card_expired' },
});

const given_back = { data: Type.Object({ ...payment, amount: Amount() }) };
export type PaymentVoided = EventOf<typeof payment_voided>;
export const payment_voided = event({
  type: 'payment.voided',
  ...by_order,
  heard_by: ['orders'],
  description: 'What was authorized and not captured is given back.',
  ...given_back,
  example: {
    ...of_payment,
    state: 'voided',
    sums: { ...sums, authorized: 8400, voided: 8400 },
    kind: 'void',
    elapsed_ms: 190,
    amount: 8400,
  },
});
export type PaymentAuthorizationExpired = EventOf<typeof payment_authorization_expired>;
export const payment_authorization_expired = event({
  type: 'payment.authorization_expired',
  ...by_order,
  heard_by: ['orders'],
  description: 'The gateway keeps this amount no longer; it counts as voided.',
  ...given_back,
  example: { ...of_payment, state: 'lapsed', sums: { ...sums, authorized: 8400, voided: 8400 }, amount: 8400 },
});

const refund = {
  data: Type.Object({
    ...payment,
    refund_id: Id(),
    amount: Amount(),
    tax: Amount(),
    origin: RefundOrigin,
    reason: Text(), // ours: a RefundReason; the gateway's: its word
    lines: Type.Array(Type.Object({ line_no: Ordinal(), quantity: Quantity(), amount: Amount(), tax: Amount() })),
    code: optional(Text(64)),
  }),
};
const refunding = {
  ...of_payment,
  kind: 'refund',
  elapsed_ms: 260,
  refund_id: ids.refund,
  amount: 510,
  tax: 85,
  origin: 'ours',
  reason: 'return',
  lines: [{ line_no: 1, quantity: 2, amount: 510, tax: 85 }],
} as const;
export type PaymentRefunded = EventOf<typeof payment_refunded>;
export const payment_refunded = event({
  type: 'payment.refunded',
  ...by_order,
  heard_by: ['orders'],
  description: "The amount went back, at our request or by the gateway's own doing.",
  ...refund,
  example: {
    ...refunding,
    lines: [...refunding.lines],
    state: 'partially_refunded',
    sums: { ...sums, authorized: 8400, captured: 8400, refunded: 510 },
  },
});
export type PaymentRefundFailed = EventOf<typeof payment_refund_failed>;
export const payment_refund_failed = event({
  type: 'payment.refund_failed',
  ...by_order,
  heard_by: ['orders'],
  description: 'The refund did not go through, or came back later.',
  ...refund,
  example: {
    ...refunding,
    lines: [...refunding.lines],
    state: 'captured',
    sums: { ...sums, authorized: 8400, captured: 8400 },
    code: 'expired_or_canceled_card',
  },
});

export type PaymentDisputed = EventOf<typeof payment_disputed>;
export const payment_disputed = event({
  type: 'payment.disputed',
  ...by_order,
  heard_by: ['orders'],
  description: 'The payer contests a payment; a person answers at the gateway.',
  data: Type.Object({ ...payment, dispute_ref: Id(), amount: Amount(), reason: Text(), status: Text(64) }),
  example: {
    ...of_payment,
    state: 'captured',
    sums: { ...sums, authorized: 8400, captured: 8400 },
    dispute_ref: 'dp_1P9z8y7x',
    amount: 8400,
    reason: 'product_not_received',
    status: 'needs_response',
  },
});
export type PaymentDriftDetected = EventOf<typeof payment_drift_detected>;
export const payment_drift_detected = event({
  type: 'payment.drift_detected',
  ...by_order,
  heard_by: [],
  description: 'A fact, or a comparison with the gateway, contradicts us; a person looks at it.',
  data: Type.Object({ ...payment, measure: Text(100), ours: Text(), theirs: Text() }),
  example: { ...authorized, measure: 'authorized', ours: '8400', theirs: '840' },
});

export const payments_contracts = {
  'payment.started': payment_started,
  'payment.action_required': payment_action_required,
  'payment.pending': payment_pending,
  'payment.authorized': payment_authorized,
  'payment.declined': payment_declined,
  'payment.failed': payment_failed,
  'payment.abandoned': payment_abandoned,
  'payment.outcome_unknown': payment_outcome_unknown,
  'payment.outcome_resolved': payment_outcome_resolved,
  'payment.captured': payment_captured,
  'payment.capture_failed': payment_capture_failed,
  'payment.voided': payment_voided,
  'payment.authorization_expired': payment_authorization_expired,
  'payment.refunded': payment_refunded,
  'payment.refund_failed': payment_refund_failed,
  'payment.disputed': payment_disputed,
  'payment.drift_detected': payment_drift_detected,
};
