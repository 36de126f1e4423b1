/** What comes in with orders, quotes and returns (api.md 3, 4). What goes out: schemas_replies.ts. */
import Type, { type Static } from 'typebox';
import {
  CapturePolicy,
  Condition,
  FulfillmentStatus,
  OrderStatus,
  optional,
  PaymentStatus,
  ShipPolicy,
  TaxMode,
} from '../../contracts/index.ts';
import { paging } from '../../platform/pages.ts';
import { line_quantity_max, order_lines_max } from './commands.ts';
import { CountryCode, Instant, Money, Name, SkuText } from './schemas_catalog.ts';

const closed = { additionalProperties: false } as const;
const Text = (maxLength: number) => Type.String({ maxLength });
const Url = () => Type.String({ pattern: '^https?://', maxLength: 4_000 });
const Units = () => Type.Integer({ minimum: 1, maximum: line_quantity_max });
/** ISO 4217. Any text here: one that is no currency is answered with `currency_mismatch`, like one that is not the quote's. */
const AskedCurrency = () => Type.String({ minLength: 1, maxLength: 16, description: 'ISO 4217' });
const Reason = () => Type.String({ minLength: 1, maxLength: 500 });
const LineId = () => Type.String({ pattern: '^[1-9][0-9]{0,8}$' });
export const metadata_fields_max = 50;

export const address = Type.Object(
  {
    name: optional(Text(200)),
    line1: optional(Text(200)),
    line2: optional(Text(200)),
    city: optional(Text(200)),
    region: optional(Text(100)),
    postal_code: optional(Text(40)),
    country: CountryCode(),
    phone: optional(Text(40)),
  },
  closed,
);
export const customer = Type.Object(
  {
    id: optional(Name(200)),
    email: optional(Type.String({ pattern: '^[^@\\s]+@[^@\\s]+$', maxLength: 320 })),
    name: optional(Text(200)),
    phone: optional(Text(40)),
  },
  closed,
);
export const metadata = Type.Record(Type.String(), Type.Union([Text(500), Type.Number(), Type.Boolean(), Type.Null()]), {
  maxProperties: metadata_fields_max,
  propertyNames: { type: 'string', minLength: 1, maxLength: 64 },
});
const gateway = Type.Enum(['manual', 'stripe', 'cybersource'], { type: 'string' });
const method = {
  method: optional(Type.String({ minLength: 1, maxLength: 4_000, description: 'The gateway’s token. Never card data.' })),
  method_kind: optional(
    Type.Enum(['card', 'wallet', 'bank'], {
      type: 'string',
      description: 'Default: card. A bank transfer is taken at once, and may take days; the stock is kept so long.',
    }),
  ),
};

export type QuoteBody = Static<typeof quote_body>;
export const quote_body = Type.Object(
  {
    currency: AskedCurrency(),
    lines: Type.Array(Type.Object({ sku: SkuText(), quantity: Units() }, closed), { minItems: 1, maxItems: order_lines_max }),
    shipping_address: optional(address),
    discount_codes: optional(Type.Array(Text(100), { maxItems: 1 })),
    tax_mode: optional(TaxMode),
  },
  closed,
);

const order_line = Type.Object(
  { sku: SkuText(), quantity: Units(), unit_price: optional(Money()), accept_backorder: optional(Type.Boolean()) },
  closed,
);
export type OrderBody = Static<typeof order_body>;
export const order_body = Type.Object(
  {
    reference: optional(Name(255)),
    currency: AskedCurrency(),
    customer: optional(customer),
    shipping_address: optional(address),
    billing_address: optional(address),
    lines: optional(Type.Array(order_line, { minItems: 1, maxItems: order_lines_max })),
    quote_id: optional(Name(64)),
    shipping: optional(Type.Object({ service: optional(Name()), carrier: optional(Name()), amount: optional(Money()) }, closed)),
    discount_codes: optional(Type.Array(Text(100), { maxItems: 1 })),
    expected_total: optional(Money()),
    payment: optional(Type.Object({ gateway, ...method, capture: optional(CapturePolicy), return_url: optional(Url()) }, closed)),
    metadata: optional(metadata),
    ship_policy: optional(ShipPolicy),
    tax_mode: optional(TaxMode),
    priority: optional(Type.Integer({ minimum: 0, maximum: 9 })),
    replaces_order_id: optional(Name(64)),
    placed_at: optional(Instant()),
  },
  closed,
);

export type PaymentBody = Static<typeof payment_body>;
export const payment_body = Type.Object(
  { gateway, ...method, amount: optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })), return_url: optional(Url()) },
  closed,
);

const line_units = { line_id: LineId(), quantity: Units() };
const lines_of = <T extends Type.TProperties>(fields: T) =>
  Type.Array(Type.Object(fields, closed), { minItems: 1, maxItems: order_lines_max });
export type CancelBody = Static<typeof cancel_body>;
export const cancel_body = Type.Object({ reason: Reason(), lines: optional(lines_of(line_units)) }, closed);
export type HoldBody = Static<typeof hold_body>;
export const hold_body = Type.Object({ reason: Reason() }, closed);
export type ReturnBody = Static<typeof return_body>;
export const return_body = Type.Object({ lines: lines_of({ ...line_units, reason: Reason() }) }, closed);
export type ReceiveBody = Static<typeof receive_body>;
export const receive_body = Type.Object(
  {
    lines: lines_of({
      ...line_units,
      condition: Condition,
      location: optional(Type.String({ minLength: 1, maxLength: 64, description: 'Its id; absent: where the units were shipped from' })),
    }),
  },
  closed,
);

export type CaptureBody = Static<typeof capture_body>;
export const capture_body = Type.Object(
  { amount: optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })), final: optional(Type.Boolean()) },
  closed,
);
export type RefundBody = Static<typeof refund_body>;
export const refund_body = Type.Object(
  {
    amount: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    reason: Type.String({
      minLength: 1,
      maxLength: 500,
      description: 'lost, sent_back, return or goodwill; any other text counts as goodwill',
    }),
    lines: optional(lines_of(line_units)),
  },
  closed,
);

export const orders_query = Type.Object({
  ...paging,
  status: Type.Optional(OrderStatus),
  payment_status: Type.Optional(PaymentStatus),
  fulfillment_status: Type.Optional(FulfillmentStatus),
  number: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
  customer: Type.Optional(Text(320)),
  reference: Type.Optional(Text(255)),
  sku: Type.Optional(SkuText()),
  placed_from: Type.Optional(Instant()),
  placed_to: Type.Optional(Instant()),
});
export const returns_query = Type.Object({
  ...paging,
  order_id: Type.Optional(Text(64)),
  status: Type.Optional(Type.Enum(['requested', 'partially_received', 'received', 'cancelled'], { type: 'string' })),
});
export const track_query = Type.Object({ number: Type.Integer({ minimum: 1 }), token: Type.String({ minLength: 1, maxLength: 200 }) });
