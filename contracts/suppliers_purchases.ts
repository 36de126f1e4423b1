/** What suppliers says of purchase orders, from draft to bill (domain.md 3.5 and 4, Suppliers). */
import Type from 'typebox';
import { Amount, At, Currency, type EventOf, event, Id, optional, Quantity, Text } from './envelope.ts';
import { ids } from './examples.ts';
import { LineNo, Ordinal, PurchaseOrderOperationKind, Sku } from './shapes.ts';

const by_purchase_order = { service: 'suppliers', key: 'po_id', heard_by: [] } as const;
const purchase_order = { po_id: Id() };
const po = { po_id: ids.purchase_order };
export type PurchaseOrderCreated = EventOf<typeof purchase_order_created>;
export const purchase_order_created = event({
  type: 'purchase_order.created',
  ...by_purchase_order,
  description: 'A draft: one supplier, one location.',
  data: Type.Object({
    ...purchase_order,
    supplier_id: Id(),
    location_id: Id(),
    currency: Currency(), // of the costs
    lines: Type.Array(
      Type.Object({
        line_no: LineNo(),
        sku: Sku(),
        supplier_sku: Text(100),
        quantity: Quantity(),
        cost: Amount(),
        inspect: optional(Type.Boolean()),
      }),
      { minItems: 1 },
    ),
    proposal_ids: optional(Type.Array(Id())), // what it was accepted from
    expected_at: optional(At()),
  }),
  example: {
    ...po,
    supplier_id: ids.supplier,
    location_id: ids.near,
    currency: 'GBP',
    lines: [{ line_no: 1, sku: '22423', supplier_sku: 'RC-3T', quantity: 50, cost: 610 }],
    proposal_ids: [ids.proposal],
  },
});
export type PurchaseOrderApproved = EventOf<typeof purchase_order_approved>;
export const purchase_order_approved = event({
  type: 'purchase_order.approved',
  ...by_purchase_order,
  description: 'May be sent.',
  data: Type.Object({ ...purchase_order, actor: Text(200) }),
  example: { ...po, actor: 'system' },
});
export type PurchaseOrderSent = EventOf<typeof purchase_order_sent>;
export const purchase_order_sent = event({
  type: 'purchase_order.sent',
  ...by_purchase_order,
  description: 'The supplier has it; on the manual channel, it is printed.',
  data: Type.Object({ ...purchase_order, channel: Text(64), expected_at: optional(At()) }),
  example: { ...po, channel: 'rest', expected_at: '2026-05-11T12:00:00.000Z' },
});
const sending = {
  data: Type.Object({ ...purchase_order, op_id: Id(), code: optional(Text(100)), kind: optional(PurchaseOrderOperationKind) }),
};
export type PurchaseOrderSendFailed = EventOf<typeof purchase_order_send_failed>;
export const purchase_order_send_failed = event({
  type: 'purchase_order.send_failed',
  ...by_purchase_order,
  description: 'The channel refused it; a person looks at it.',
  ...sending,
  example: { ...po, op_id: ids.operation, code: 'unknown_supplier_sku', kind: 'send_order' },
});
export type PurchaseOrderOutcomeUnknown = EventOf<typeof purchase_order_outcome_unknown>;
export const purchase_order_outcome_unknown = event({
  type: 'purchase_order.outcome_unknown',
  ...by_purchase_order,
  description: 'It may or may not have reached the supplier.',
  ...sending,
  example: { ...po, op_id: ids.operation, kind: 'send_order' },
});

const acknowledgment = {
  data: Type.Object({
    ...purchase_order,
    ack_no: Ordinal(),
    lines: Type.Array(
      Type.Object({
        line_no: LineNo(),
        confirmed: Quantity(),
        backordered: Quantity(),
        rejected: Quantity(),
        cost: optional(Amount()),
        substitute_sku: optional(Text(100)),
        promised_at: optional(At()),
      }),
    ),
    expected_at: optional(At()), // the purchase order's, when the answer moves it
  }),
};
const acknowledged_line = { line_no: 1, confirmed: 50, backordered: 0, rejected: 0, cost: 610, promised_at: '2026-05-12T12:00:00.000Z' };
export type PurchaseOrderAcknowledged = EventOf<typeof purchase_order_acknowledged>;
export const purchase_order_acknowledged = event({
  type: 'purchase_order.acknowledged',
  ...by_purchase_order,
  description: 'The supplier answered and will deliver something.',
  ...acknowledgment,
  example: { ...po, ack_no: 1, lines: [acknowledged_line], expected_at: '2026-05-12T12:00:00.000Z' },
});
export type PurchaseOrderRejected = EventOf<typeof purchase_order_rejected>;
export const purchase_order_rejected = event({
  type: 'purchase_order.rejected',
  ...by_purchase_order,
  description: 'The supplier delivers nothing of it.',
  ...acknowledgment,
  example: { ...po, ack_no: 1, lines: [{ line_no: 1, confirmed: 0, backordered: 0, rejected: 50 }] },
});

export type PurchaseOrderShipmentNotified = EventOf<typeof purchase_order_shipment_notified>;
export const purchase_order_shipment_notified = event({
  type: 'purchase_order.shipment_notified',
  ...by_purchase_order,
  description: 'The supplier shipped these units.',
  data: Type.Object({
    ...purchase_order,
    notice_id: Id(),
    expected_at: At(),
    tracking_number: optional(Text(100)),
    lines: Type.Array(Type.Object({ line_no: LineNo(), sku: Sku(), quantity: Quantity() })),
  }),
  example: {
    ...po,
    notice_id: ids.notice,
    expected_at: '2026-05-12T12:00:00.000Z',
    tracking_number: 'SUP-77',
    lines: [{ line_no: 1, sku: '22423', quantity: 50 }],
  },
});
export type PurchaseOrderEtaChanged = EventOf<typeof purchase_order_eta_changed>;
export const purchase_order_eta_changed = event({
  type: 'purchase_order.eta_changed',
  ...by_purchase_order,
  description: 'Lines will arrive at another time.',
  data: Type.Object({
    ...purchase_order,
    cause: Text(),
    lines: Type.Array(Type.Object({ line_no: LineNo(), old_at: optional(At()), new_at: At() })),
    expected_at: optional(At()), // the purchase order's, after the event
  }),
  example: {
    ...po,
    cause: 'supplier_delayed',
    lines: [{ line_no: 1, old_at: '2026-05-12T12:00:00.000Z', new_at: '2026-05-13T12:00:00.000Z' }],
    expected_at: '2026-05-13T12:00:00.000Z',
  },
});
export type GoodsReceived = EventOf<typeof goods_received>;
export const goods_received = event({
  type: 'goods.received',
  ...by_purchase_order,
  heard_by: ['inventory'],
  description:
    'A receipt was posted. Accepted units enter the stock; of the rejected, damaged ones stay here as damaged, the others go back.',
  data: Type.Object({
    ...purchase_order,
    receipt_id: Id(),
    location_id: Id(),
    received_at: At(),
    lines: Type.Array(
      Type.Object({
        line_no: LineNo(),
        sku: Sku(),
        accepted: Quantity(),
        rejected: Quantity(),
        damaged: Quantity(), // of rejected
        over: Quantity(), // of accepted, beyond what was ordered
        short: Quantity(), // still outstanding
        reason: optional(Text()),
        inspect: Type.Boolean(), // accepted units go to quality control: the supplier's item says so, which inventory does not know
      }),
      { minItems: 1 },
    ),
  }),
  example: {
    ...po,
    receipt_id: ids.receipt,
    location_id: ids.near,
    received_at: '2026-05-12T10:15:00.000Z',
    lines: [{ line_no: 1, sku: '22423', accepted: 44, rejected: 4, damaged: 3, over: 0, short: 2, reason: 'damaged', inspect: false }],
  },
});
export type PurchaseOrderInvoiced = EventOf<typeof purchase_order_invoiced>;
export const purchase_order_invoiced = event({
  type: 'purchase_order.invoiced',
  ...by_purchase_order,
  description: "The supplier's bill, compared with order and receipts.",
  data: Type.Object({
    ...purchase_order,
    invoice_ref: Id(),
    amount: Amount(),
    currency: Currency(),
    lines: Type.Array(Type.Object({ line_no: LineNo(), quantity: Quantity(), cost: Amount() })),
    differences: Type.Array(Text()),
  }),
  example: {
    ...po,
    invoice_ref: 'INV-2026-118',
    amount: 26_840,
    currency: 'GBP',
    lines: [{ line_no: 1, quantity: 44, cost: 610 }],
    differences: [],
  },
});

const ending = {
  data: Type.Object({
    ...purchase_order,
    reason: Text(),
    lines: Type.Array(Type.Object({ line_no: LineNo(), cancelled: Quantity() })),
    actor: optional(Text(200)),
  }),
};
export type PurchaseOrderClosed = EventOf<typeof purchase_order_closed>;
export const purchase_order_closed = event({
  type: 'purchase_order.closed',
  ...by_purchase_order,
  description: 'Nothing more is expected; what was outstanding is cancelled.',
  ...ending,
  example: { ...po, reason: 'supplier_short', lines: [{ line_no: 1, cancelled: 2 }], actor: 'staff_7' },
});
export type PurchaseOrderCancelled = EventOf<typeof purchase_order_cancelled>;
export const purchase_order_cancelled = event({
  type: 'purchase_order.cancelled',
  ...by_purchase_order,
  description: 'Nothing of it will come.',
  ...ending,
  example: { ...po, reason: 'not_needed', lines: [{ line_no: 1, cancelled: 50 }], actor: 'staff_7' },
});
export type PurchaseOrderCancellationRequested = EventOf<typeof purchase_order_cancellation_requested>;
export const purchase_order_cancellation_requested = event({
  type: 'purchase_order.cancellation_requested',
  ...by_purchase_order,
  description: 'The supplier is asked to drop it.',
  ...ending,
  example: { ...po, reason: 'not_needed', lines: [{ line_no: 1, cancelled: 0 }], actor: 'staff_7' },
});
export type PurchaseOrderCancellationRefused = EventOf<typeof purchase_order_cancellation_refused>;
export const purchase_order_cancellation_refused = event({
  type: 'purchase_order.cancellation_refused',
  ...by_purchase_order,
  description: 'The supplier will deliver all the same.',
  ...ending,
  example: { ...po, reason: 'already_shipped', lines: [{ line_no: 1, cancelled: 0 }] },
});

export const suppliers_purchases_contracts = {
  'purchase_order.created': purchase_order_created,
  'purchase_order.approved': purchase_order_approved,
  'purchase_order.sent': purchase_order_sent,
  'purchase_order.send_failed': purchase_order_send_failed,
  'purchase_order.outcome_unknown': purchase_order_outcome_unknown,
  'purchase_order.acknowledged': purchase_order_acknowledged,
  'purchase_order.rejected': purchase_order_rejected,
  'purchase_order.shipment_notified': purchase_order_shipment_notified,
  'purchase_order.eta_changed': purchase_order_eta_changed,
  'goods.received': goods_received,
  'purchase_order.invoiced': purchase_order_invoiced,
  'purchase_order.closed': purchase_order_closed,
  'purchase_order.cancelled': purchase_order_cancelled,
  'purchase_order.cancellation_requested': purchase_order_cancellation_requested,
  'purchase_order.cancellation_refused': purchase_order_cancellation_refused,
};
