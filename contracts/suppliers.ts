/** What suppliers says of replenishment, under its SKU, and of backorders, under their order (domain.md 4, Suppliers). Of purchase orders: suppliers_purchases.ts. */
import Type from 'typebox';
import { At, type EventOf, event, Id, optional, Quantity, Text } from './envelope.ts';
import { ids } from './examples.ts';
import { Item, LineNo, ReorderMethod, Sku } from './shapes.ts';

const by_sku = { service: 'suppliers', key: 'sku', heard_by: [] } as const;

const proposal = {
  data: Type.Object({
    proposal_id: Id(),
    sku: Sku(),
    location_id: Id(),
    supplier_id: Id(),
    quantity: Quantity(),
    position: Type.Integer(),
    reorder_point: Quantity(),
    target: Quantity(),
    reasons: Type.Array(Text()),
    po_id: optional(Id()),
    actor: optional(Text(200)), // who accepted or dismissed
    dismissed_until: optional(At()), // no new proposal before (3.5)
  }),
};
const proposed = {
  proposal_id: ids.proposal,
  sku: '22423',
  location_id: ids.near,
  supplier_id: ids.supplier,
  quantity: 50,
  position: -2,
  reorder_point: 10,
  target: 48,
  reasons: ['position_at_reorder_point', 'up_to_pack_size'],
};
export type ReplenishmentProposed = EventOf<typeof replenishment_proposed>;
export const replenishment_proposed = event({
  type: 'replenishment.proposed',
  ...by_sku,
  description: 'The position fell to the reorder point: buy this much.',
  ...proposal,
  example: proposed,
});
export type ReplenishmentRevised = EventOf<typeof replenishment_revised>;
export const replenishment_revised = event({
  type: 'replenishment.revised',
  ...by_sku,
  description: 'The need changed while the proposal was open.',
  ...proposal,
  example: { ...proposed, quantity: 60, position: -12 },
});
export type ReplenishmentSuperseded = EventOf<typeof replenishment_superseded>;
export const replenishment_superseded = event({
  type: 'replenishment.superseded',
  ...by_sku,
  description: 'The need is gone.',
  ...proposal,
  example: { ...proposed, position: 48, reasons: ['position_above_reorder_point'] },
});
export type ReplenishmentDismissed = EventOf<typeof replenishment_dismissed>;
export const replenishment_dismissed = event({
  type: 'replenishment.dismissed',
  ...by_sku,
  description: 'A person does not want it; no new proposal for 7 days.',
  ...proposal,
  example: { ...proposed, actor: 'staff_7', dismissed_until: '2026-05-11T10:00:00.000Z' },
});
export type ReplenishmentAccepted = EventOf<typeof replenishment_accepted>;
export const replenishment_accepted = event({
  type: 'replenishment.accepted',
  ...by_sku,
  description: 'The proposal became lines of a purchase order.',
  ...proposal,
  example: { ...proposed, po_id: ids.purchase_order, actor: 'system' },
});
export type ReorderPolicyChanged = EventOf<typeof reorder_policy_changed>;
export const reorder_policy_changed = event({
  type: 'reorder_policy.changed',
  ...by_sku,
  heard_by: ['inventory'],
  description: 'When and how much to buy, as a person set it or the review computed it.',
  data: Type.Object({
    sku: Sku(),
    location_id: Id(),
    method: ReorderMethod,
    reorder_point: Quantity(),
    target: Quantity(),
    review_days: Quantity(),
    safety_days: Quantity(),
    supplier_id: optional(Id()),
    auto: Type.Boolean(),
  }),
  example: {
    sku: '22423',
    location_id: ids.near,
    method: 'fixed',
    reorder_point: 10,
    target: 48,
    review_days: 1,
    safety_days: 3,
    supplier_id: ids.supplier,
    auto: false,
  },
});

export type BackorderPegged = EventOf<typeof backorder_pegged>;
export const backorder_pegged = event({
  type: 'backorder.pegged',
  service: 'suppliers',
  key: 'order_id',
  heard_by: ['orders'],
  description: "Which purchase orders an order's backordered units wait for, all of them; a promise, not a claim.",
  data: Type.Object({
    order_id: Id(),
    pegs: Type.Array(
      Type.Object({ ...Item.properties, po_id: optional(Id()), po_line_no: optional(LineNo()), expected_at: optional(At()) }),
    ),
  }),
  example: {
    order_id: ids.order,
    pegs: [
      {
        line_no: 2,
        location_id: ids.near,
        quantity: 2,
        sku: '22423',
        po_id: ids.purchase_order,
        po_line_no: 1,
        expected_at: '2026-05-12T12:00:00.000Z',
      },
    ],
  },
});

export const suppliers_contracts = {
  'replenishment.proposed': replenishment_proposed,
  'replenishment.revised': replenishment_revised,
  'replenishment.superseded': replenishment_superseded,
  'replenishment.dismissed': replenishment_dismissed,
  'replenishment.accepted': replenishment_accepted,
  'reorder_policy.changed': reorder_policy_changed,
  'backorder.pegged': backorder_pegged,
};
