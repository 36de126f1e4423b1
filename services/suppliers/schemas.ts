/** What comes in and goes out of suppliers' routes (api.md 5). One schema validates, documents and types. */
import Type, { type Static, type TSchema } from 'typebox';
import { At, Currency, optional } from '../../contracts/index.ts';
import { paging } from '../../platform/pages.ts';
import { order_lines_max, units_max } from './model.ts';
import { order_statuses } from './model_order.ts';
import type { PartnerChannel } from './model_partners.ts';

const closed = { additionalProperties: false } as const;
export const code_pattern = /^[A-Za-z0-9._-]{1,64}$/;
const Code = () => Type.String({ pattern: code_pattern.source });
const Text = (maxLength: number) => Type.String({ minLength: 1, maxLength });
const Units = () => Type.Integer({ minimum: 0, maximum: units_max });
const Ordered = () => Type.Integer({ minimum: 1, maximum: 1_000_000 });
const Ppm = () => Type.Integer({ minimum: 0, maximum: 1_000_000 });
const Days = (maximum: number) => Type.Integer({ minimum: 0, maximum });
const Money = () => Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'Minor units' });
const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const one_of = <const V extends readonly string[]>(...values: V) => Type.Enum<[...V]>([...values], { type: 'string' });

// --- reference data
const channel_kind = one_of('rest', 'manual', 'x12_http', 'x12_files', 'peppol');
/** Who it is in envelopes: of X12 the qualifier and id of ISA05 and ISA06, of Peppol scheme and id of its endpoint. */
const partner_pattern = '^[A-Za-z0-9]{2,4}/[A-Za-z0-9._-]{1,64}$';
const x12_partner_pattern = '^[A-Z0-9]{2}/[A-Za-z0-9._-]{2,15}$';
const peppol_partner_pattern = '^[0-9]{4}/[A-Za-z0-9._-]{1,50}$';
export const partner_of_channel: Readonly<Record<PartnerChannel, { readonly pattern: RegExp; readonly what: string }>> = {
  x12_http: { pattern: new RegExp(x12_partner_pattern), what: 'the qualifier and id of its ISA, with a slash between, ZZ/ACME say' },
  x12_files: { pattern: new RegExp(x12_partner_pattern), what: 'the qualifier and id of its ISA, with a slash between, ZZ/ACME say' },
  peppol: {
    pattern: new RegExp(peppol_partner_pattern),
    what: 'scheme and id of its endpoint, with a slash between, 0088/7300010000001 say',
  },
};
const channel_body = Type.Object({ kind: channel_kind, partner: optional(Type.String({ pattern: partner_pattern })) }, closed);
const tolerances = {
  over_receipt_ppm: optional(Ppm()),
  price_tolerance_ppm: optional(Ppm()),
};
export type SupplierBody = Static<typeof supplier_body>;
export const supplier_body = Type.Object({ name: Text(200), channel: channel_body, currency: Currency(), ...tolerances }, closed);
export const supplier_schema = Type.Object({
  code: Code(),
  name: Type.String(),
  channel: Type.Object({ kind: channel_kind, partner: optional(Type.String()) }),
  currency: Currency(),
  over_receipt_ppm: Ppm(),
  price_tolerance_ppm: Ppm(),
  version: Type.Integer(),
});

const lot = Type.Integer({ minimum: 1, maximum: units_max });
export type SupplierItemBody = Static<typeof supplier_item_body>;
export const supplier_item_body = Type.Object(
  {
    supplier_sku: Text(100),
    cost: Money(),
    minimum_quantity: lot,
    pack_size: lot,
    lead_time_days: Days(3_650),
    preferred: optional(Type.Boolean()),
    inspect: optional(Type.Boolean()),
  },
  closed,
);
export type SupplierItemLine = Static<typeof supplier_item_line>;
export const supplier_item_line = Type.Object({ sku: Code(), ...supplier_item_body.properties }, closed);
export const supplier_item_schema = Type.Object({
  supplier: Code(),
  sku: Code(),
  supplier_sku: Type.String(),
  cost: Money(),
  currency: Currency(),
  minimum_quantity: lot,
  pack_size: lot,
  lead_time_days: Days(3_650),
  preferred: Type.Boolean(),
  inspect: Type.Boolean(),
  version: Type.Integer(),
});

// --- replenishment
export type PolicyBody = Static<typeof policy_body>;
export const policy_body = Type.Object(
  {
    method: optional(one_of('fixed', 'demand')),
    reorder_point: optional(Units()),
    target: optional(Units()),
    review_days: optional(Days(365)),
    safety_days: optional(Days(365)),
    supplier: optional(Code()),
    auto: optional(Type.Boolean()),
  },
  closed,
);
export type PolicyLine = Static<typeof policy_line>;
export const policy_line = Type.Object({ sku: Code(), location: Code(), ...policy_body.properties }, closed);
export const policy_schema = Type.Object({
  sku: Code(),
  location: Code(),
  method: one_of('fixed', 'demand'),
  reorder_point: Units(),
  target: Units(),
  review_days: Days(365),
  safety_days: Days(365),
  supplier: nullable(Code()),
  auto: Type.Boolean(),
  demand_milli: Type.Integer({ description: 'Thousandths of a unit a day, as of the last review.' }),
  version: Type.Integer(),
});

const proposal_status = one_of('proposed', 'superseded', 'accepted', 'dismissed');
export const proposals_query = Type.Object({
  ...paging,
  status: Type.Optional(proposal_status),
  supplier: Type.Optional(Code()),
  location: Type.Optional(Code()),
  sku: Type.Optional(Code()),
});
export const proposal_schema = Type.Object({
  id: Type.String(),
  version: Type.Integer(),
  sku: Code(),
  location: Code(),
  supplier: Code(),
  quantity: Units(),
  status: proposal_status,
  position: Type.Integer(),
  reorder_point: Units(),
  target: Units(),
  reasons: Type.Array(Type.String()),
  purchase_order_id: nullable(Type.String()),
  dismissed_until: nullable(At()),
  created_at: At(),
});

// --- purchase orders
export type PurchaseOrderBody = Static<typeof purchase_order_body>;
export const purchase_order_body = Type.Object(
  {
    supplier: Code(),
    location: Code(),
    lines: Type.Array(Type.Object({ sku: Code(), quantity: Ordered() }, closed), { minItems: 1, maxItems: order_lines_max }),
  },
  closed,
);
export const purchase_orders_query = Type.Object({
  ...paging,
  status: Type.Optional(Type.Enum([...order_statuses], { type: 'string' })),
  supplier: Type.Optional(Code()),
  location: Type.Optional(Code()),
  sku: Type.Optional(Code()),
});
export type ReasonBody = Static<typeof reason_body>;
export const reason_body = Type.Object({ reason: optional(Text(500)) }, closed);
export type AcknowledgmentBody = Static<typeof acknowledgment_body>;
export const acknowledgment_body = Type.Object({ decision: one_of('accept', 'refuse') }, closed);
const Counted = () => Type.Integer({ minimum: 0, maximum: 1_000_000 });
export type ReceiptBody = Static<typeof receipt_body>;
export const receipt_body = Type.Object(
  {
    lines: Type.Array(
      Type.Object(
        {
          sku: Code(),
          accepted: Counted(),
          rejected: optional(Counted()),
          reason: optional(
            Type.String({ minLength: 1, maxLength: 200, description: '`damaged`: the rejected units stay here, as damaged stock.' }),
          ),
        },
        closed,
      ),
      { minItems: 1, maxItems: 2 * order_lines_max },
    ),
    force: optional(Type.Boolean({ description: 'Takes units beyond the supplier’s tolerance.' })),
  },
  closed,
);

const line_schema = Type.Object({
  id: Type.String(),
  sku: Code(),
  supplier_sku: Type.String(),
  cost: Money(),
  quantity: Units(),
  quantity_confirmed: Units(),
  quantity_in_transit: Units(),
  quantity_received: Units(),
  quantity_rejected: Units(),
  quantity_cancelled: Units(),
  quantity_outstanding: Units(),
  quantity_over: Units(),
  quantity_invoiced: Type.Integer({ minimum: 0 }),
  promised_at: nullable(At()),
  first_promised_at: nullable(At()),
});
const exception = Type.Object({
  id: Type.String(),
  reason: Type.String(),
  owner: Type.String(),
  deadline: At(),
  detail: Type.String(),
});
export const purchase_order_schema = Type.Object({
  id: Type.String(),
  version: Type.Integer(),
  supplier: Code(),
  location: Code(),
  currency: Currency(),
  status: Type.Enum([...order_statuses], { type: 'string' }),
  channel: nullable(Type.String()),
  reference: Type.String({ description: 'As its supplier knows it' }),
  receipt: one_of('none', 'awaited', 'accepted', 'rejected'),
  total: Money(),
  lines: Type.Array(line_schema),
  expected_at: nullable(At()),
  acknowledgment_to_decide: nullable(Type.Object({})),
  invoices: Type.Array(Type.Object({ reference: Type.String(), amount: Money(), state: one_of('waits', 'approved', 'differs') })),
  exceptions: Type.Array(exception),
  created_at: nullable(At()),
  sent_at: nullable(At()),
  closed_at: nullable(At()),
});

export const interchange_schema = Type.Object({
  id: Type.String(),
  channel: Type.String(),
  partner: Type.String({ description: 'As it names itself; empty: it does not' }),
  control_number: Type.String(),
  status: Type.Enum(['taken', 'quarantined'], { type: 'string', description: 'quarantined: nothing of it counted' }),
  received_at: At(),
  exceptions: Type.Array(exception),
  text: Type.String({ description: 'As it came, in UTF-8' }),
  reply: nullable(Type.String({ description: 'The 997 it was answered with' })),
});

export const receipt_schema = Type.Object({
  id: Type.String(),
  purchase_order_id: Type.String(),
  posted_at: At(),
  lines: Type.Array(
    Type.Object({
      line_id: Type.String(),
      sku: Code(),
      accepted: Units(),
      rejected: Units(),
      damaged: Units(),
      over: Units(),
      outstanding: Units(),
      reason: nullable(Type.String()),
    }),
  ),
});
const ship_notice_schema = Type.Object({
  id: Type.String(),
  reference: Type.String(),
  expected_at: At(),
  tracking_number: nullable(Type.String()),
  noticed_at: At(),
  lines: Type.Array(Type.Object({ line_id: Type.String(), sku: Code(), quantity: Units() })),
});
export const purchase_order_detail_schema = Type.Object({
  ...purchase_order_schema.properties,
  ship_notices: Type.Array(ship_notice_schema),
  receipts: Type.Array(receipt_schema),
});
