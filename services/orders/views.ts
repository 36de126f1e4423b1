/** The objects of the API (api.md 3, 4) from what orders knows. One function per object, for replies made inside a batch and for reads alike. */
import type { Row } from '../../platform/service.ts';
import type { Contact, Hold, Order, OrderLine, Payment, Quote, Refund, Return, Shipment } from './model.ts';

/** What the order object shows beside the order itself. */
export interface Beside {
  readonly version: number;
  readonly contact: Contact | undefined;
  readonly shipments: readonly Shipment[];
}

/** API line_id = line_no as text. */
export function line_id(line_no: number): string {
  return String(line_no);
}

export function render_order(order: Order, { version, contact, shipments }: Beside): Row {
  const { axes } = order;
  return {
    id: order.order_id,
    number: order.number,
    reference: order.reference,
    version,
    status: axes.status,
    payment_status: axes.payment_status,
    fulfillment_status: axes.fulfillment_status,
    currency: order.currency,
    tax_mode: order.tax_mode,
    quote_id: order.quote_id,
    customer: customer_of(contact),
    shipping_address: contact?.shipping_address ?? null,
    lines: order.lines.map(render_line),
    shipping: { service: order.shipping_service, carrier: order.shipping_carrier },
    discount_codes: order.discount_code === null ? [] : [order.discount_code],
    subtotal: order.subtotal,
    discount_total: order.discount_total,
    shipping_total: order.shipping_total,
    tax_total: order.tax_total,
    total: order.grand_total,
    amount_due: order.grand_total - order.cancelled_value - order.credited_value,
    captured_total: order.captured,
    refunded_total: order.refunded,
    payments: order.payments.map(render_payment),
    refunds: order.refunds.map(refund => render_refund(order, refund)),
    shipments: shipments.map(render_shipment),
    holds: order.holds.map(render_hold),
    rejection:
      order.rejection === null ? null : { ...order.rejection, short_lines: order.rejection.short_lines.map(line => ({ ...line })) },
    replaces_order_id: order.replaces_order_id,
    expires_at: order.closed_at === null && order.confirmed_at === null ? order.expires_at : null,
    placed_at: order.placed_at,
    confirmed_at: order.confirmed_at,
    completed_at: axes.status === 'completed' ? order.closed_at : null,
    cancelled_at: axes.status === 'cancelled' ? order.closed_at : null,
    metadata: order.metadata,
  };
}

function render_line(line: OrderLine): Row {
  return {
    id: line_id(line.line_no),
    sku: line.sku,
    name: line.name,
    quantity: line.quantity,
    unit_price: line.unit_price,
    discount: line.line_discount,
    tax: line.line_tax,
    total: line.line_total,
    quantity_allocated: line.allocated,
    quantity_backordered: line.backordered,
    quantity_shipped: line.shipped,
    quantity_delivered: line.delivered,
    quantity_cancelled: line.cancelled,
    quantity_returned: line.returned,
    promise_date: line.promise_at,
  };
}

function customer_of(contact: Contact | undefined): Row | null {
  if (contact === undefined) return null;
  const { customer, email, name, phone } = contact;
  return customer === null && email === null && name === null && phone === null ? null : { id: customer, email, name, phone };
}

export function render_payment(payment: Payment): Row {
  return {
    id: payment.payment_id,
    gateway: payment.gateway,
    status: payment.status,
    amount: payment.amount,
    authorized: payment.authorized,
    captured: payment.captured,
    voided: payment.voided,
    refunded: payment.refunded,
    action: payment.action === null ? null : { ...payment.action },
  };
}
export function render_order_payment(order: Order, payment: Payment): Row {
  return { ...render_payment(payment), order_id: order.order_id, method_kind: payment.method_kind };
}

export function render_refund(order: Order, refund: Refund): Row {
  return {
    id: refund.refund_id,
    order_id: order.order_id,
    payment_id: refund.payment_id,
    amount: refund.amount,
    tax: refund.tax,
    reason: refund.reason,
    status: refund.status,
    lines: refund.lines.map(line => ({ line_id: line_id(line.line_no), quantity: line.quantity, amount: line.amount, tax: line.tax })),
  };
}

export function render_hold(hold: Hold): Row {
  return { id: hold.hold_id, reason: hold.reason, actor: hold.actor };
}

export function render_return(order: Order, returned: Return): Row {
  return {
    id: returned.return_id,
    order_id: order.order_id,
    status: returned.status,
    lines: returned.lines.map(line => ({
      line_id: line_id(line.line_no),
      sku: order.lines[line.line_no - 1]?.sku ?? '',
      quantity: line.quantity,
      reason: line.reason,
      received: line.received,
      condition: line.condition,
    })),
    expires_at: returned.deadline,
  };
}

function render_shipment(shipment: Shipment): Row {
  return {
    id: shipment.shipment_id,
    location: shipment.location_id,
    status: shipment.status,
    carrier: shipment.carrier,
    parcels: shipment.parcels.map(parcel => ({
      id: parcel.parcel_id,
      tracking_number: parcel.tracking_number,
      tracking_url: parcel.tracking_url,
      status: parcel.status,
    })),
  };
}

export function render_quote(quote: Quote): Row {
  const { totals } = quote;
  return {
    id: quote.quote_id,
    currency: quote.currency,
    tax_mode: quote.tax_mode,
    lines: quote.lines.map(line => ({
      sku: line.sku,
      name: line.name,
      quantity: line.quantity,
      unit_price: line.unit_price,
      discount: line.line_discount,
      tax: line.line_tax,
      total: line.line_total,
    })),
    shipping_options: quote.shipping_options.map(option => ({
      service: option.service,
      carrier: option.carrier ?? null,
      amount: option.amount,
      discount: option.discount ?? 0,
      tax: option.tax,
      total: option.amount - (option.discount ?? 0) + (quote.tax_mode === 'exclusive' ? option.tax : 0),
      estimated_delivery: option.estimated_delivery_at ?? null,
    })),
    discount_codes: quote.discount ? [quote.discount.code] : [],
    subtotal: totals.subtotal,
    discount_total: totals.discount_total,
    tax_total: totals.tax_total,
    total: totals.grand_total,
    expires_at: quote.expires_at,
  };
}

/** For a guest who has the number and the link: no person, no place but the city. */
export function render_track(order: Order, { contact, shipments }: Omit<Beside, 'version'>): Row {
  return {
    number: order.number,
    status: order.axes.status,
    fulfillment_status: order.axes.fulfillment_status,
    placed_at: order.placed_at,
    shipping_city: contact?.shipping_address?.city ?? null,
    lines: order.lines.map(line => ({
      name: line.name,
      quantity: line.quantity,
      quantity_shipped: line.shipped,
      quantity_delivered: line.delivered,
      quantity_cancelled: line.cancelled,
      promise_date: line.promise_at,
    })),
    shipments: shipments.map(shipment => {
      const { status, carrier, parcels } = render_shipment(shipment);
      return { status, carrier, parcels };
    }),
  };
}
