/** The aggregates that events are about: where their rows are, which events change them, and what of them no event tells. */

import type { AnyService } from '../platform/batch.ts';
import { inventory_service } from '../services/inventory/service.ts';
import { orders_service } from '../services/orders/service.ts';
import { order_select } from '../services/orders/store.ts';
import { payments_service } from '../services/payments/service.ts';
import { bookkeeping_columns } from '../services/payments/store.ts';
import { shipping_service } from '../services/shipping/service.ts';
import { shipment_columns } from '../services/shipping/store.ts';
import { suppliers_service } from '../services/suppliers/service.ts';

export interface FoldedEvent {
  readonly position: number;
  readonly key: string;
  readonly type: string;
  readonly subject: string;
  readonly sequence: number | null;
  // The log's JSON; each fold reads of it what the contract of its type has.
  readonly data: Readonly<Record<string, unknown>>;
}

export interface SubjectKind {
  readonly service: string;
  readonly table: string;
  /** The column that holds the partition key of its events. */
  readonly key: string;
  /** A row may be there before its first event: a note wrote it. */
  readonly noted?: true;
  /** Absent: its rows are kept by notes alone. */
  readonly fold?: Fold;
}
/** How a row is made again from the events of its key. */
export interface Fold {
  readonly kind: string;
  /** Its rows as the service's from_row takes them, without a lock; $1: ids. */
  readonly select: string;
  /** A condition on the log's columns: which events may change them; absent: any. */
  readonly those?: string;
  ids(event: FoldedEvent): readonly string[];
  /** Of a state, what events tell. */
  told(state: State): State;
}
export type State = Readonly<Record<string, unknown>>;

const is = (event: FoldedEvent, ...types: readonly string[]) => types.includes(event.type);
const without =
  (...fields: readonly string[]) =>
  (state: State): State =>
    Object.fromEntries(Object.entries(state).filter(([field]) => !fields.includes(field)));

const orders: SubjectKind = {
  service: 'orders',
  table: 'orders.orders',
  key: 'id',
  fold: {
    kind: 'order',
    select: `select ${order_select} from orders.orders o where o.id = any($1)`,
    ids: event => (is(event, 'quote.created', 'personal_data.erased') ? [] : [event.subject]),
    told: without(),
  },
};

/** Who was forgotten. The key of its event is the person, whose orders' events it changes nothing of. */
const erasures: SubjectKind = {
  service: 'orders',
  table: 'orders.erasure',
  key: 'subject',
  fold: {
    kind: 'erasure',
    those: `type = 'personal_data.erased'`,
    select: 'select * from orders.erasure where id = any($1)',
    ids: event => [event.subject],
    told: without(),
  },
};

/** Which order used it is told under that order's key (O5). */
const quotes: SubjectKind = {
  service: 'orders',
  table: 'orders.quote',
  key: 'id',
  fold: {
    kind: 'quote',
    those: `type = 'quote.created'`,
    select: 'select * from orders.quote where id = any($1)',
    ids: event => [event.subject],
    told: without('order_id'),
  },
};

/** One that was stored before it was told has no event yet. */
const locations: SubjectKind = {
  service: 'inventory',
  table: 'inventory.location',
  key: 'id',
  noted: true,
  fold: {
    kind: 'location',
    those: `type = 'location.changed'`,
    select: 'select * from inventory.location where id = any($1)',
    ids: event => [event.subject],
    told: without(),
  },
};

const reservations: SubjectKind = {
  service: 'inventory',
  table: 'inventory.reservation',
  key: 'id',
  fold: {
    kind: 'reservation',
    those: `sequence is not null and type <> 'location.changed'`,
    select: `select o.*, (select coalesce(json_agg(l), '[]'::json) from inventory.reservation_line l where l.order_id = o.id) as lines
               from inventory.reservation o where o.id = any($1)`,
    ids: event => [event.subject],
    told: state => ({ ...state, lines: (state['lines'] as readonly ReservationLine[]).toSorted(by_place) }),
  },
};
interface ReservationLine {
  readonly reservation_no: number;
  readonly line_no: number;
  readonly location_id: string;
}
function by_place(a: ReservationLine, b: ReservationLine): number {
  return a.reservation_no - b.reservation_no || a.line_no - b.line_no || (a.location_id < b.location_id ? -1 : 1);
}

const payments: SubjectKind = {
  service: 'payments',
  table: 'payments.payment',
  key: 'order_id',
  fold: {
    kind: 'payment',
    select: `select p.*, '[]'::json as facts from payments.payment p where p.id = any($1)`,
    // A webhook's exceptions have `provider/event_ref` for a subject.
    ids: event => (event.subject.includes('/') ? [] : [event.subject]),
    told: without('facts', ...bookkeeping_columns),
  },
};
const webhooks: SubjectKind = { service: 'payments', table: 'payments.webhook_inbox', key: 'id', noted: true };

const fulfillments: SubjectKind = {
  service: 'shipping',
  table: 'shipping.fulfillment',
  key: 'id',
  noted: true,
  fold: {
    kind: 'fulfillment',
    those: `type in ('shipment.planned', 'fulfillment.cancellation_answered')`,
    select: 'select * from shipping.fulfillment where id = any($1)',
    // A later plan of the same shipment says nothing new of the order's.
    ids: event => (is(event, 'shipment.planned') && event.data['revision_no'] !== 1 ? [] : [event.key]),
    told: without('hold_ids', 'ship_to'),
  },
};

const known_locations: SubjectKind = { service: 'shipping', table: 'shipping.location', key: 'id', noted: true };

const shipments: SubjectKind = {
  service: 'shipping',
  table: 'shipping.shipment',
  key: 'order_id',
  fold: {
    kind: 'shipment',
    select: `select ${shipment_columns} from shipping.shipment s where s.id = any($1)`,
    ids: event => (is(event, 'fulfillment.cancellation_answered') || !event.subject.startsWith('shp_') ? [] : [event.subject]),
    told(state) {
      const parcels = (state['parcels'] as readonly State[]).map(({ facts: _facts, label_op_id: _op_id, ...parcel }) => ({
        ...parcel,
        // That the carrier keeps the money is noted, not said.
        label_status: parcel['label_status'] === 'void_refused' ? 'void_requested' : parcel['label_status'],
      }));
      return { ...without('held', 'asked', 'address_check', 'considered')(state), parcels };
    },
  },
};

const watches: SubjectKind = {
  service: 'shipping',
  table: 'shipping.watch',
  key: 'id',
  fold: {
    kind: 'watch',
    select: 'select * from shipping.watch where id = any($1)',
    ids: event => (event.type.startsWith('exception.') && !event.subject.startsWith('shp_') ? [event.subject] : []),
    told: state => state,
  },
};

const of_purchase_order = (event: FoldedEvent) => event.type.startsWith('purchase_order.') || is(event, 'goods.received');
const of_proposal = (event: FoldedEvent) => event.type.startsWith('replenishment.');
const of_exception = (event: FoldedEvent) => event.type.startsWith('exception.');
const only =
  (...fields: readonly string[]) =>
  (state: State): State =>
    Object.fromEntries(fields.map(field => [field, state[field]]));

const purchase_orders: SubjectKind = {
  service: 'suppliers',
  table: 'suppliers.purchase_order',
  key: 'id',
  fold: {
    kind: 'purchase_order',
    select: `select o.*, (select json_agg(l order by l.line_no) from suppliers.purchase_order_line l where l.po_id = o.id) as lines
               from suppliers.purchase_order o where o.id = any($1)`,
    ids: event => (of_purchase_order(event) || (of_exception(event) && event.subject.startsWith('po_')) ? [event.subject] : []),
    told: without(
      ...['channel', 'lead_time_days', 'send_op_id', 'cancel_op_id', 'pending_acknowledgment', 'held', 'documents'],
      ...['reference', 'control_number', 'receipt', 'invoices'],
      ...['created_at', 'sent_at', 'closed_at'],
    ),
  },
};
const proposals: SubjectKind = {
  service: 'suppliers',
  table: 'suppliers.proposal',
  key: 'sku',
  fold: {
    kind: 'proposal',
    those: `type like 'replenishment.%'`,
    select: 'select * from suppliers.proposal where id = any($1)',
    ids: event => [event.subject],
    told: without('created_at'),
  },
};
/** Its policy and its proposals; what it expects is told under the keys of purchase orders (D2), what it heard by no event of its own. */
const supply_items: SubjectKind = {
  service: 'suppliers',
  table: 'suppliers.supply_item',
  key: 'sku',
  noted: true,
  fold: {
    kind: 'supply_item',
    select: 'select * from suppliers.supply_item where id = any($1)',
    ids(event) {
      if (of_proposal(event)) return [`${event.data['sku']}@${event.data['location_id']}`];
      return is(event, 'reorder_policy.changed') || (of_exception(event) && event.subject.includes('@')) ? [event.subject] : [];
    },
    told: only(
      ...['policy', 'method', 'reorder_point', 'target', 'review_days', 'safety_days', 'supplier_id', 'auto'],
      ...['proposals_made', 'proposal_id', 'proposed', 'dismissed_until', 'exceptions'],
    ),
  },
};
const peg_books: SubjectKind = {
  service: 'suppliers',
  table: 'suppliers.peg_book',
  key: 'id',
  fold: {
    kind: 'peg_book',
    those: `type = 'backorder.pegged'`,
    select: 'select * from suppliers.peg_book where id = any($1)',
    ids: event => [event.subject],
    told: without(),
  },
};
const stray_documents: SubjectKind = { service: 'suppliers', table: 'suppliers.stray_document', key: 'id', noted: true };
const interchanges: SubjectKind = { service: 'suppliers', table: 'suppliers.interchange', key: 'id', noted: true };

export const subject_kinds: readonly SubjectKind[] = [
  ...[orders, quotes, erasures, locations, reservations, payments, webhooks, known_locations, fulfillments, shipments, watches],
  ...[purchase_orders, proposals, supply_items, peg_books, stray_documents, interchanges],
];

/** Only their states' part is used: nothing is decided, so settings do not matter. */
export const services: Readonly<Record<string, AnyService>> = {
  orders: orders_service,
  inventory: inventory_service(),
  payments: payments_service({ gateways: {} }),
  shipping: shipping_service({
    fulfillment: 'manual',
    sellers: [],
    carriers: {},
    manual_delivery_ms: 0,
    label_currency: 'GBP',
  }),
  suppliers: suppliers_service({ replenishment: 'manual' }),
};
