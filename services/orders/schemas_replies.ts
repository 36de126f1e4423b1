/** What goes out: the order object and its kin (api.md 3, 4). Made by views.ts. */
import Type from 'typebox';
import {
  Action,
  Address,
  At,
  Condition,
  FulfillmentStatus,
  MethodKind,
  OrderStatus,
  PaymentState,
  PaymentStatus,
  RefundReason,
  RefundStatus,
  ReturnStatus,
  ShortLine,
  TaxMode,
} from '../../contracts/index.ts';
import { Nullable } from './schemas_catalog.ts';

const Text = () => Type.String();
const Integer = () => Type.Integer();
const MaybeText = () => Nullable(Type.String());
const MaybeAt = () => Nullable(At());

export const parcel_schema = Type.Object({ id: Text(), tracking_number: MaybeText(), tracking_url: MaybeText(), status: Text() });
export const shipment_schema = Type.Object({
  id: Text(),
  location: MaybeText(),
  status: Text(),
  carrier: MaybeText(),
  parcels: Type.Array(parcel_schema),
});
export const payment_schema = Type.Object({
  id: Text(),
  gateway: Text(),
  status: PaymentState,
  amount: Integer(),
  authorized: Integer(),
  captured: Integer(),
  voided: Integer(),
  refunded: Integer(),
  action: Nullable(Action),
});
export const refund_schema = Type.Object({
  id: Text(),
  order_id: Text(),
  payment_id: Text(),
  amount: Integer(),
  tax: Integer(),
  reason: RefundReason,
  status: RefundStatus,
  lines: Type.Array(Type.Object({ line_id: Text(), quantity: Integer(), amount: Integer(), tax: Integer() })),
});
export const hold_schema = Type.Object({ id: Text(), reason: Text(), actor: Text() });
const line_schema = Type.Object({
  id: Text(),
  sku: Text(),
  name: Text(),
  quantity: Integer(),
  unit_price: Integer(),
  discount: Integer(),
  tax: Integer(),
  total: Integer(),
  quantity_allocated: Integer(),
  quantity_backordered: Integer(),
  quantity_shipped: Integer(),
  quantity_delivered: Integer(),
  quantity_cancelled: Integer(),
  quantity_returned: Integer(),
  promise_date: MaybeAt(),
});
const order_fields = {
  id: Text(),
  number: Integer(),
  reference: MaybeText(),
  version: Integer(),
  status: OrderStatus,
  payment_status: PaymentStatus,
  fulfillment_status: FulfillmentStatus,
  currency: Text(),
  tax_mode: TaxMode,
  quote_id: MaybeText(),
  customer: Nullable(Type.Object({ id: MaybeText(), email: MaybeText(), name: MaybeText(), phone: MaybeText() })),
  shipping_address: Nullable(Address),
  lines: Type.Array(line_schema),
  shipping: Type.Object({ service: Text(), carrier: Nullable(Text()) }),
  discount_codes: Type.Array(Text()),
  subtotal: Integer(),
  discount_total: Integer(),
  shipping_total: Integer(),
  tax_total: Integer(),
  total: Integer(),
  amount_due: Type.Integer({ description: 'total less what was cancelled or credited' }),
  captured_total: Integer(),
  refunded_total: Integer(),
  payments: Type.Array(payment_schema),
  refunds: Type.Array(refund_schema),
  shipments: Type.Array(shipment_schema),
  holds: Type.Array(hold_schema),
  rejection: Nullable(Type.Object({ reason: Text(), short_lines: Type.Array(ShortLine) })),
  replaces_order_id: MaybeText(),
  expires_at: MaybeAt(),
  placed_at: At(),
  confirmed_at: MaybeAt(),
  completed_at: MaybeAt(),
  cancelled_at: MaybeAt(),
  metadata: Type.Record(Type.String(), Type.Unknown()),
};
export const order_schema = Type.Object(order_fields);
export const placed_order_schema = Type.Object({
  ...order_fields,
  order_token: Type.String({ description: 'Shown here only: reads, follows, pays and cancels this order' }),
  track_token: Type.String({ description: 'Shown here only: for GET /v1/track' }),
});

export const quote_schema = Type.Object({
  id: Text(),
  currency: Text(),
  tax_mode: TaxMode,
  lines: Type.Array(
    Type.Object({
      sku: Text(),
      name: Text(),
      quantity: Integer(),
      unit_price: Integer(),
      discount: Integer(),
      tax: Integer(),
      total: Integer(),
    }),
  ),
  shipping_options: Type.Array(
    Type.Object({
      service: Text(),
      carrier: MaybeText(),
      amount: Type.Integer({ description: 'Before discount and, in exclusive mode, before tax' }),
      discount: Integer(),
      tax: Integer(),
      total: Type.Integer({ description: 'What the option adds to the order’s total' }),
      estimated_delivery: MaybeAt(),
    }),
  ),
  discount_codes: Type.Array(Text()),
  subtotal: Integer(),
  discount_total: Integer(),
  tax_total: Integer(),
  total: Type.Integer({ description: 'Without shipping' }),
  expires_at: At(),
});

export const return_schema = Type.Object({
  id: Text(),
  order_id: Text(),
  status: ReturnStatus,
  lines: Type.Array(
    Type.Object({
      line_id: Text(),
      sku: Text(),
      quantity: Integer(),
      reason: Text(),
      received: Integer(),
      condition: Nullable(Condition),
    }),
  ),
  expires_at: At(),
});
/** A payment as its order knows it; GET /v1/payments/{id} tells the rest. */
export const order_payment_schema = Type.Object({ ...payment_schema.properties, order_id: Text(), method_kind: MethodKind });

export const track_schema = Type.Object({
  number: Integer(),
  status: OrderStatus,
  fulfillment_status: FulfillmentStatus,
  placed_at: At(),
  shipping_city: MaybeText(),
  lines: Type.Array(
    Type.Object({
      name: Text(),
      quantity: Integer(),
      quantity_shipped: Integer(),
      quantity_delivered: Integer(),
      quantity_cancelled: Integer(),
      promise_date: MaybeAt(),
    }),
  ),
  shipments: Type.Array(Type.Object({ status: Text(), carrier: MaybeText(), parcels: Type.Array(parcel_schema) })),
});
