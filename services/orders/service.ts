/** Orders, as the platform runs it: what it keeps (in lock order), what it can be asked, what it hears, what wakes it. */
import type { OrdersEvent } from '../../contracts/index.ts';
import type { Service } from '../../platform/service.ts';
import { product_kind, shipping_table_kind, tax_table_kind } from './catalog.ts';
import type { OrdersCommand } from './commands.ts';
import { cancel_lines, cancel_order } from './decide/cancel.ts';
import { erase_personal_data } from './decide/erase.ts';
import { hold_order, release_hold, resolve_exception } from './decide/holds.ts';
import { note_payment } from './decide/payment.ts';
import { place_order } from './decide/place.ts';
import { note_peg } from './decide/promise.ts';
import { create_quote } from './decide/quote.ts';
import { cancel_return, receive_return, request_return } from './decide/returns.ts';
import { note_shipment } from './decide/shipment.ts';
import { note_stock } from './decide/stock.ts';
import { capture_order, pay_order, refund_order, void_payment } from './decide/tender.ts';
import { wake } from './decide/wake.ts';
import { evolve_order } from './evolve.ts';
import type { Order, OrdersStates } from './model.ts';
import { project_shipment, shipment_records } from './projections.ts';
import { type OrdersHeard, orders_reactions } from './reactions.ts';
import type { OrdersRejection } from './rejections.ts';
import { order_rows } from './store.ts';
import { erasure_kind, person_kind, person_records } from './store_persons.ts';
import {
  contact_kind,
  customer_kind,
  discount_kind,
  order_number_kind,
  orders_records,
  quote_kind,
  redemptions_kind,
  reference_kind,
  shipments_kind,
  unpaid_kind,
} from './store_references.ts';

export const migrations_folder = new URL('./migrations', import.meta.url).pathname;

export const orders_service: Service<OrdersStates, OrdersCommand, OrdersEvent, OrdersRejection, OrdersHeard> = {
  name: 'orders',
  kinds: {
    product: product_kind,
    tax_table: tax_table_kind,
    shipping_table: shipping_table_kind,
    order_number: order_number_kind,
    reference: reference_kind,
    customer: customer_kind,
    unpaid: unpaid_kind,
    person: person_kind,
    erasure: erasure_kind,
    quote: quote_kind,
    order: { initial: (): Order | undefined => undefined, evolve: evolve_order, rows: order_rows },
    contact: contact_kind,
    shipments: shipments_kind,
    discount: discount_kind,
    redemptions: redemptions_kind,
  },
  commands: {
    create_quote,
    place_order,
    pay_order,
    cancel_order,
    cancel_lines,
    hold_order,
    release_hold,
    capture_order,
    void_payment,
    refund_order,
    request_return,
    receive_return,
    cancel_return,
    resolve_exception,
    erase_personal_data,
    note_stock,
    note_payment,
    note_shipment,
    note_peg,
    project_shipment,
    wake,
  },
  reactions: orders_reactions,
  timers: {
    order: ({ id }) => ({ type: 'wake', order_id: id, timer: 'order' }),
    return: ({ id }) => ({ type: 'wake', order_id: id, timer: 'return' }),
  },
  records: { ...orders_records, ...shipment_records, ...person_records },
};
