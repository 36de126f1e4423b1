/** Suppliers: what must be bought, what was ordered, what came, and when the rest will come. */
import type { SuppliersEvent } from '../../contracts/index.ts';
import { derived_id } from '../../platform/ids.ts';
import type { Kind, ReferenceKind, Service } from '../../platform/service.ts';
import type { SuppliersCommand } from './commands.ts';
import { acknowledgment_handlers } from './decide/acknowledgment.ts';
import { note_backorder, note_demand, note_lost_demand } from './decide/backorders.ts';
import {
  accept_timer,
  day_timer,
  order_timer,
  peg_timer,
  receipt_timer,
  receive_timer,
  review_timer,
  watch_timer,
} from './decide/draft.ts';
import { resolve_exception } from './decide/exceptions.ts';
import { fact_handlers } from './decide/facts.ts';
import { note_levels_handler, note_received_handler } from './decide/levels.ts';
import { peg_backorders } from './decide/pegging.ts';
import { set_reorder_policy_handler } from './decide/policy.ts';
import { proposal_handlers } from './decide/proposals.ts';
import { purchase_order_handlers } from './decide/purchase_orders.ts';
import { receipt_handlers } from './decide/receipts.ts';
import { reconciliation_handlers } from './decide/reconciliation.ts';
import { review_handlers } from './decide/review.ts';
import { sending_handlers } from './decide/sending.ts';
import { transmission_handlers } from './decide/transmission.ts';
import { day_of } from './demand.ts';
import { evolve_interchange, evolve_peg_book, evolve_proposal, evolve_stray_document } from './evolve_proposal.ts';
import { evolve_purchase_order } from './evolve_purchase_order.ts';
import { evolve_supply_item } from './evolve_supply_item.ts';
import {
  type Backorder,
  new_proposal,
  type PegBook,
  type Proposal,
  type Queue,
  type States,
  type StrayDocument,
  type SuppliersSettings,
  type SupplyItem,
  unknown_item,
} from './model.ts';
import { new_purchase_order, type PurchaseOrder } from './model_order.ts';
import { type ControlNumber, is_partner_channel, new_interchange, type ReceivedInterchange, type Watch } from './model_partners.ts';
import { outcomes } from './operations.ts';
import { type Heard, reactions } from './reactions.ts';
import type { SuppliersRejection } from './rejections.ts';
import { backorder_rows, peg_book_rows, proposal_rows, records, stray_document_rows, supply_item_rows } from './store.ts';
import { purchase_order_rows } from './store_orders.ts';
import {
  control_number_rows,
  interchange_rows,
  known_order_rows,
  named_order_rows,
  open_orders_rows,
  partner_rows,
  watch_rows,
} from './store_partners.ts';
import {
  due_items_rows,
  notice_rows,
  offers_rows,
  open_proposals_rows,
  planned_rows,
  queue_rows,
  supplier_rows,
} from './store_references.ts';

export const migrations_folder = new URL('./migrations', import.meta.url).pathname;

const no_queue: Queue = { entries: [], pegged: [] };

const supplier: ReferenceKind<States['supplier']> = { reference: true, initial: () => undefined, rows: supplier_rows };
const offers: ReferenceKind<States['offers']> = { reference: true, initial: () => [], rows: offers_rows };
const planned: ReferenceKind<States['planned']> = { reference: true, initial: () => [], rows: planned_rows };
const open_proposals: ReferenceKind<States['open_proposals']> = { reference: true, initial: () => [], rows: open_proposals_rows };
const due_items: ReferenceKind<States['due_items']> = { reference: true, initial: () => [], rows: due_items_rows };
const notice: ReferenceKind<States['notice']> = { reference: true, initial: () => undefined, rows: notice_rows };
const partner: ReferenceKind<States['partner']> = { reference: true, initial: () => undefined, rows: partner_rows };
const named_order: ReferenceKind<States['named_order']> = { reference: true, initial: () => undefined, rows: named_order_rows };
const open_orders: ReferenceKind<States['open_orders']> = { reference: true, initial: () => [], rows: open_orders_rows };
const known_order: ReferenceKind<States['known_order']> = { reference: true, initial: () => undefined, rows: known_order_rows };
const purchase_order: Kind<PurchaseOrder, SuppliersEvent> = {
  initial: new_purchase_order,
  evolve: evolve_purchase_order,
  rows: purchase_order_rows,
};
const supply_item: Kind<SupplyItem, SuppliersEvent> = { initial: () => unknown_item, evolve: evolve_supply_item, rows: supply_item_rows };
const queue: ReferenceKind<Queue> = { reference: true, initial: () => no_queue, rows: queue_rows };
const proposal: Kind<Proposal, SuppliersEvent> = { initial: new_proposal, evolve: evolve_proposal, rows: proposal_rows };
const backorder: Kind<Backorder, SuppliersEvent> = {
  initial: order_id => ({ order_id, heard: 0, lines: [] }),
  evolve: (_state, event) => {
    throw new Error(`${event.type} changes no backorder: it is inventory's word`);
  },
  rows: backorder_rows,
};
const peg_book: Kind<PegBook, SuppliersEvent> = {
  initial: order_id => ({ order_id, pegs: [] }),
  evolve: evolve_peg_book,
  rows: peg_book_rows,
};
const stray_document: Kind<StrayDocument, SuppliersEvent> = {
  initial: () => ({ document_ref: '', po_id: '', kind: '', exceptions: [] }),
  evolve: evolve_stray_document,
  rows: stray_document_rows,
};

const interchange: Kind<ReceivedInterchange, SuppliersEvent> = {
  initial: new_interchange,
  evolve: evolve_interchange,
  rows: interchange_rows,
};
/** Of what no event tells. */
const no_event = (_state: unknown, event: SuppliersEvent): never => {
  throw new Error(`${event.type} changes nothing of the kind`);
};
const control_number: Kind<ControlNumber, SuppliersEvent> = { initial: () => ({ last: 0 }), evolve: no_event, rows: control_number_rows };
const watch: Kind<Watch, SuppliersEvent> = { initial: () => ({ op_id: null, settle: [] }), evolve: no_event, rows: watch_rows };

export function suppliers_service(
  settings: SuppliersSettings,
): Service<States, SuppliersCommand, SuppliersEvent, SuppliersRejection, Heard> {
  return {
    name: 'suppliers',
    // The order in which rows are read and locked.
    kinds: {
      supplier,
      offers,
      planned,
      open_proposals,
      due_items,
      notice,
      partner,
      named_order,
      open_orders,
      known_order,
      interchange,
      watch,
      purchase_order,
      supply_item,
      queue,
      proposal,
      backorder,
      peg_book,
      stray_document,
      control_number,
    },
    commands: {
      set_reorder_policy: set_reorder_policy_handler(settings),
      ...review_handlers(settings),
      ...proposal_handlers(settings),
      ...purchase_order_handlers(settings),
      ...sending_handlers(settings),
      ...fact_handlers(settings),
      ...acknowledgment_handlers(settings),
      ...receipt_handlers(settings),
      ...transmission_handlers(settings),
      ...reconciliation_handlers(settings),
      note_levels: note_levels_handler(settings),
      note_received: note_received_handler(settings),
      note_demand,
      note_lost_demand,
      note_backorder,
      peg_backorders,
      resolve_exception,
    },
    reactions,
    timers: {
      [review_timer]: ({ id }) => ({ type: 'review_supply', item_id: id }),
      [day_timer]: ({ due_at }) => ({ type: 'review_day', day: day_of(due_at) }),
      [accept_timer]: ({ id, due_at }) => {
        const [supplier_id = '', location_id = ''] = id.split('@');
        return { type: 'accept_proposals', supplier_id, location_id, po_id: derived_id('po', `${id}/${due_at}`, 0) };
      },
      [peg_timer]: ({ id }) => ({ type: 'peg_backorders', item_id: id }),
      [order_timer]: ({ id }) => ({ type: 'check_purchase_order', po_id: id }),
      [receipt_timer]: ({ id }) => ({ type: 'check_receipt', po_id: id }),
      [watch_timer]: ({ id }) => {
        if (id !== 'rest' && !is_partner_channel(id)) throw new Error(`nobody looks at ${id}`);
        return { type: 'watch_channel', channel: id };
      },
      [receive_timer]: ({ id }) => {
        const [po_id = id, notice_id = null] = id.split(' ');
        return { type: 'receive_announced', po_id, notice_id };
      },
    },
    outcomes,
    records,
  };
}
