/** Purchase orders as people and accepted proposals make them: draft, approval, cancellation, end (domain.md 3.5). */
import type { PurchaseOrderCreated } from '../../../contracts/index.ts';
import { later, type Row } from '../../../platform/service.ts';
import type {
  ApprovePurchaseOrder,
  CancelPurchaseOrder,
  CheckPurchaseOrder,
  ClosePurchaseOrder,
  CreatePurchaseOrder,
} from '../commands.ts';
import { next_day } from '../demand.ts';
import { day_ms, item_id, type Offer, type Supplier, type SuppliersHandler, type SuppliersSettings, type SuppliersView } from '../model.ts';
import { has_ended, is_outstanding, is_underway, outstanding, type PurchaseOrder, total_of } from '../model_order.ts';
import { is_partner_channel, type PartnerChannel, party_of, reference_of } from '../model_partners.ts';
import { cancel_order_request, send_order_request } from '../operations.ts';
import { reject, type SuppliersRejection, version_differs } from '../rejections.ts';
import { close_draft, order_due, order_wait_ms } from './close.ts';
import {
  arm,
  type Draft,
  note_order,
  nothing,
  open_draft,
  order_in,
  order_timer,
  receive_timer,
  say_of_order,
  watch_timer,
} from './draft.ts';
import { is_overdue, type OrderException, raise_of_order } from './exceptions.ts';
import { await_receipt, draw_control_number, identity_on } from './partners.ts';

export function purchase_order_handlers(settings: SuppliersSettings) {
  return {
    create_purchase_order: create_purchase_order(settings),
    approve_purchase_order: approve_purchase_order(settings),
    cancel_purchase_order: cancel_purchase_order(settings),
    close_purchase_order: close_purchase_order(settings),
    check_purchase_order: check_purchase_order(settings),
  };
}

/** An order, its supplier, and the items its lines are for: what every decision about an order needs. */
export const order_touches = {
  touches: ({ po_id }: { readonly po_id: string }) => [{ kind: 'purchase_order' as const, id: po_id }],
  then_touches: ({ po_id }: { readonly po_id: string }, view: SuppliersView) => order_refs(view('purchase_order', po_id)),
};
export function order_refs({ status, supplier_id, location_id, lines }: PurchaseOrder) {
  if (status === 'new') return [];
  const items = lines.map(line => ({ kind: 'supply_item' as const, id: item_id(line.sku, location_id) }));
  return [{ kind: 'supplier' as const, id: supplier_id }, ...items];
}

/** A person's command about an order that is there and has not changed since they saw it. */
export function known_order(
  view: SuppliersView,
  { po_id, if_version }: { readonly po_id: string; readonly if_version: number | null },
): SuppliersRejection | undefined {
  if (view('purchase_order', po_id).status === 'new') return reject('not_found', 'There is no such purchase order.');
  return version_differs(if_version, view.version('purchase_order', po_id));
}
export function wrong_state({ status }: PurchaseOrder, what: string): SuppliersRejection {
  return reject('invalid_transition', `A purchase order that is ${status} cannot be ${what}.`, { status });
}

// --- draft

export interface WantedLine {
  readonly sku: string;
  readonly quantity: number;
  readonly offer: Offer;
}

function create_purchase_order(settings: SuppliersSettings): SuppliersHandler<CreatePurchaseOrder> {
  return {
    touches: ({ po_id, supplier_id, location_id, lines }) => [
      { kind: 'supplier', id: supplier_id },
      ...lines.map(line => ({ kind: 'offers' as const, id: line.sku })),
      { kind: 'purchase_order', id: po_id },
      ...lines.map(line => ({ kind: 'supply_item' as const, id: item_id(line.sku, location_id) })),
    ],
    decide({ po_id, supplier_id, location_id, lines }, view, given) {
      const supplier = view('supplier', supplier_id);
      if (supplier === undefined) return reject('unknown_supplier', `There is no supplier ${supplier_id}.`);
      const wanted: WantedLine[] = [];
      for (const { sku, quantity } of lines) {
        const offer = view('offers', sku).find(one => one.supplier_id === supplier_id);
        if (offer === undefined) return reject('unknown_sku', `${supplier_id} has no offer for ${sku}.`, { sku });
        wanted.push({ sku, quantity, offer });
      }
      if (is_too_large(wanted)) return reject('total_too_large', 'The total is beyond what a number can carry exactly.');
      const draft = open_draft(view, given, settings);
      say_created(draft, po_id, supplier, location_id, wanted, []);
      return close_draft(draft);
    },
  };
}

export function is_too_large(lines: readonly WantedLine[]): boolean {
  return total_of(lines.map(({ quantity, offer }) => ({ quantity, cost: offer.cost }))) > BigInt(Number.MAX_SAFE_INTEGER);
}

export function say_created(
  draft: Draft,
  po_id: string,
  supplier: Supplier,
  location_id: string,
  wanted: readonly WantedLine[],
  proposal_ids: readonly string[],
): void {
  const lines = wanted.map(({ sku, quantity, offer: { supplier_sku, cost, inspect } }, place) => {
    return { line_no: place + 1, sku, supplier_sku, quantity, cost, inspect };
  });
  const data: PurchaseOrderCreated['data'] = {
    po_id,
    supplier_id: supplier.id,
    location_id,
    currency: supplier.currency,
    lines,
    proposal_ids,
  };
  say_of_order(draft, po_id, { type: 'purchase_order.created', data });
  const lead_time_days = wanted.reduce((longest, { offer }) => Math.max(longest, offer.lead_time_days), 0);
  note_order(draft, po_id, { lead_time_days, created_at: draft.given.at });
}

// --- approval

function approve_purchase_order(settings: SuppliersSettings): SuppliersHandler<ApprovePurchaseOrder> {
  return {
    ...order_touches,
    then_touches: ({ po_id }, view) => {
      const order = view('purchase_order', po_id);
      return order.status === 'new' ? [] : [...order_refs(order), { kind: 'control_number' as const, id: order.supplier_id }];
    },
    decide(command, view, given) {
      const refused = known_order(view, command);
      if (refused !== undefined) return refused;
      const draft = open_draft(view, given, settings);
      const order = order_in(draft, command.po_id);
      // A person asks again for what the channel refused.
      const again = order.status === 'approved' && order.sending === 'failed';
      if (order.status !== 'draft' && !again) return wrong_state(order, 'approved');
      const limit = limit_exceeded(order, settings);
      if (limit !== undefined) return reject('over_limit', `The total is above ${limit} ${order.currency}, the most that may be approved.`);
      approve(draft, command.po_id);
      return close_draft(draft);
    },
  };
}

/** The limit that the order's total is above. */
export function limit_exceeded(order: PurchaseOrder, { approval_limits }: SuppliersSettings): number | undefined {
  const limit = approval_limits?.[order.currency];
  return limit !== undefined && total_of(order.lines) > BigInt(limit) ? limit : undefined;
}

/** Channel `manual`: sent when printed, which is now. */
export function approve(draft: Draft, po_id: string): void {
  const order = order_in(draft, po_id);
  const channel = draft.view('supplier', order.supplier_id)?.channel ?? 'manual';
  say_of_order(draft, po_id, { type: 'purchase_order.approved', data: { po_id, actor: draft.given.actor } });
  note_order(draft, po_id, { channel });
  if (channel === 'manual') {
    say_sent(draft, po_id, null);
    return;
  }
  // A look at the supplier's list is due at midnight, whatever becomes of the sending.
  if (channel === 'rest') arm(draft, watch_timer, channel, next_day(draft.given.at));
  const op_id = draft.new_id('op');
  note_order(draft, po_id, { send_op_id: op_id });
  const request = {
    ...send_order_request(order_in(draft, po_id), draft.given.at),
    ...(is_partner_channel(channel) && addressed(draft, po_id, channel)),
  };
  draft.operations.push({ op_id, kind: 'send_order', provider: channel, subject: po_id, key: po_id, request });
}

/** The reference under which a partner knows the order, and the envelope with its number. */
function addressed(draft: Draft, po_id: string, channel: PartnerChannel): Row {
  const { supplier_id, lead_time_days } = order_in(draft, po_id);
  const { sender, usage } = identity_on(draft.settings, channel);
  const reference = reference_of(po_id);
  const control_number = draw_control_number(draft, supplier_id);
  note_order(draft, po_id, { reference, control_number });
  const supplier = draft.view('supplier', supplier_id);
  const receiver = { ...party_of(supplier?.partner ?? ''), ...(supplier && { name: supplier.name }) };
  const { at } = draft.given;
  const expected_at = later(at, lead_time_days * day_ms);
  return { reference, expected_at, envelope: { sender: { ...sender }, receiver, control_number, at, usage } };
}

/** `expected_at`: the supplier's own word; else its usual lead time. */
export function say_sent(draft: Draft, po_id: string, expected_at: string | null): void {
  const order = order_in(draft, po_id);
  const { at } = draft.given;
  const channel = order.channel ?? 'manual';
  const expected = expected_at ?? later(at, order.lead_time_days * day_ms);
  say_of_order(draft, po_id, { type: 'purchase_order.sent', data: { po_id, channel, expected_at: expected } });
  note_order(draft, po_id, { sent_at: at });
  if (is_partner_channel(channel)) await_receipt(draft, po_id, channel);
  if (channel === 'x12_files') arm(draft, watch_timer, channel, at);
  if (channel === 'manual' && draft.settings.auto_receive === true) arm(draft, receive_timer, po_id, expected);
}

// --- cancellation and end

function cancel_purchase_order(settings: SuppliersSettings): SuppliersHandler<CancelPurchaseOrder> {
  return {
    ...order_touches,
    decide(command, view, given) {
      const refused = known_order(view, command);
      if (refused !== undefined) return refused;
      const draft = open_draft(view, given, settings);
      const rejection = cancel(draft, command.po_id, command.reason);
      return rejection ?? close_draft(draft);
    },
  };
}

/** Before it is sent it is ours to drop; then the supplier is asked. In between nobody knows whether the supplier has it. */
export function cancel(draft: Draft, po_id: string, reason: string): SuppliersRejection | undefined {
  const order = order_in(draft, po_id);
  const { status, sending, channel } = order;
  if (status === 'draft' || (status === 'approved' && sending === 'failed')) return say_cancelled(draft, po_id, reason);
  if (status === 'approved')
    return reject('already_sent', 'It is on its way to the supplier. Cancel it when it is known to be there.', { status });
  const again = status === 'cancelling' && order.cancelling === 'failed';
  if (status === 'partially_received') return reject('already_sent', 'Goods have come. Close it instead.', { status });
  if (status !== 'sent' && status !== 'acknowledged' && !again) return wrong_state(order, 'cancelled');
  say_of_order(draft, po_id, {
    type: 'purchase_order.cancellation_requested',
    data: { po_id, reason, lines: order.lines.map(({ line_no }) => ({ line_no, cancelled: 0 })), actor: draft.given.actor },
  });
  note_order(draft, po_id, { pending_acknowledgment: null });
  // Who cancels there has spoken with the supplier before.
  if (channel === null || channel === 'manual') return say_cancelled(draft, po_id, reason);
  const op_id = draft.new_id('op');
  note_order(draft, po_id, { cancel_op_id: op_id });
  draft.operations.push({
    op_id,
    kind: 'cancel_order',
    provider: channel,
    subject: po_id,
    key: po_id,
    request: cancel_order_request(order),
  });
  return undefined;
}

export function say_cancelled(draft: Draft, po_id: string, reason: string): undefined {
  const lines = what_is_left(order_in(draft, po_id));
  say_of_order(draft, po_id, { type: 'purchase_order.cancelled', data: { po_id, reason, lines, actor: draft.given.actor } });
}

function what_is_left(order: PurchaseOrder) {
  return order.lines.filter(is_outstanding).map(line => ({ line_no: line.line_no, cancelled: outstanding(line) }));
}

function close_purchase_order(settings: SuppliersSettings): SuppliersHandler<ClosePurchaseOrder> {
  return {
    ...order_touches,
    decide(command, view, given) {
      const refused = known_order(view, command);
      if (refused !== undefined) return refused;
      const draft = open_draft(view, given, settings);
      const order = order_in(draft, command.po_id);
      if (has_ended(order)) return reject('nothing_outstanding', 'Nothing of it is still to come.', { status: order.status });
      if (!is_underway(order)) return wrong_state(order, 'closed');
      say_closed(draft, command.po_id, command.reason);
      return close_draft(draft);
    },
  };
}

/** What is outstanding is cancelled; what was billed and never came is a person's to see. */
export function say_closed(draft: Draft, po_id: string, reason: string): void {
  const lines = what_is_left(order_in(draft, po_id));
  say_of_order(draft, po_id, { type: 'purchase_order.closed', data: { po_id, reason, lines, actor: draft.given.actor } });
  note_order(draft, po_id, { pending_acknowledgment: null });
  arm(draft, receive_timer, po_id, null);
  const billed = order_in(draft, po_id).lines.filter(line => line.invoiced > line.received + line.over);
  if (billed.length === 0) return;
  const detail = billed.map(line => `line ${line.line_no}: ${line.invoiced} billed, ${line.received + line.over} taken`).join('; ');
  raise_of_order(draft, po_id, 'invoiced_too_much', detail);
}

// --- nothing happened for too long

const overdue: Partial<Record<PurchaseOrder['status'], readonly [OrderException, string]>> = {
  draft: ['draft_overdue', 'Nobody has approved it.'],
  approved: ['sending_overdue', 'It is not known whether the supplier has it.'],
  sent: ['acknowledgment_overdue', 'The supplier has not acknowledged it.'],
  cancelling: ['cancellation_overdue', 'The supplier has not answered the cancellation.'],
};

function check_purchase_order(settings: SuppliersSettings): SuppliersHandler<CheckPurchaseOrder> {
  return {
    ...order_touches,
    decide({ po_id }, view, given) {
      const draft = open_draft(view, given, settings);
      const order = order_in(draft, po_id);
      if (order.status === 'new' || has_ended(order)) return nothing;
      const [reason, detail] = overdue[order.status] ?? [];
      if (reason !== undefined && detail !== undefined) raise_of_order(draft, po_id, reason, detail);
      else if (is_overdue(order, given.at)) raise_of_order(draft, po_id, 'delivery_overdue', 'Goods are overdue by a day or more.');
      arm(draft, order_timer, po_id, reason === undefined ? order_due(order, given.at) : later(given.at, order_wait_ms));
      return close_draft(draft);
    },
  };
}
