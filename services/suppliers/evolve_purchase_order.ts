/** How events change a purchase order (domain.md 3.5). */
import type { SuppliersEvent } from '../../contracts/index.ts';
import { unreachable } from '../../platform/service.ts';
import { evolve_exceptions } from './evolve_exceptions.ts';
import { named_line, still_in_transit } from './evolve_supply_item.ts';
import { is_outstanding, outstanding, type PurchaseOrder, type PurchaseOrderLine } from './model_order.ts';

type Of<T extends SuppliersEvent['type']> = Extract<SuppliersEvent, { type: T }>;

export function evolve_purchase_order(order: PurchaseOrder, event: SuppliersEvent): PurchaseOrder {
  switch (event.type) {
    case 'purchase_order.created':
      return created(order, event);
    case 'purchase_order.approved':
      return { ...order, status: 'approved', sending: 'open' };
    case 'purchase_order.sent':
      return { ...order, status: 'sent', sending: 'done', expected_at: event.data.expected_at ?? order.expected_at };
    case 'purchase_order.send_failed':
      return event.data.kind === 'cancel_order' ? { ...order, cancelling: 'failed' } : { ...order, sending: 'failed' };
    case 'purchase_order.outcome_unknown':
      return event.data.kind === 'cancel_order' ? { ...order, cancelling: 'unknown' } : { ...order, sending: 'unknown' };
    case 'purchase_order.acknowledged':
    case 'purchase_order.rejected':
      return acknowledged(order, event);
    case 'purchase_order.shipment_notified':
      return {
        ...order,
        lines: change_lines(order, event.data.lines, (line, { quantity }) => ({ ...line, in_transit: line.in_transit + quantity })),
      };
    case 'purchase_order.eta_changed':
      return {
        ...order,
        expected_at: event.data.expected_at ?? order.expected_at,
        lines: change_lines(order, event.data.lines, (line, { new_at }) => promised(line, new_at)),
      };
    case 'goods.received':
      return received(order, event);
    case 'purchase_order.invoiced':
      return {
        ...order,
        lines: change_lines(order, event.data.lines, (line, { quantity }) => ({ ...line, invoiced: line.invoiced + quantity })),
      };
    case 'purchase_order.closed':
    case 'purchase_order.cancelled':
      return ended(order, event);
    case 'purchase_order.cancellation_requested':
      return { ...order, status: 'cancelling', cancelling: 'open' };
    case 'purchase_order.cancellation_refused':
      return { ...order, status: 'acknowledged', cancelling: 'done' };
    case 'exception.raised':
    case 'exception.resolved':
      return { ...order, exceptions: evolve_exceptions(order.exceptions, event) };
    case 'replenishment.proposed':
    case 'replenishment.revised':
    case 'replenishment.superseded':
    case 'replenishment.dismissed':
    case 'replenishment.accepted':
    case 'reorder_policy.changed':
    case 'backorder.pegged':
      throw new Error(`${event.type} changes no purchase order`);
    default:
      return unreachable(event);
  }
}

function created(order: PurchaseOrder, { data }: Of<'purchase_order.created'>): PurchaseOrder {
  const { supplier_id, location_id, currency } = data;
  const lines = data.lines.map(({ line_no, sku, supplier_sku, quantity, cost, inspect }) => ({
    line_no,
    sku,
    supplier_sku,
    cost,
    quantity,
    confirmed: 0,
    in_transit: 0,
    received: 0,
    rejected: 0,
    refused: 0,
    cancelled: 0,
    over: 0,
    invoiced: 0,
    promised_at: null,
    first_promised_at: null,
    inspect: inspect ?? false,
  }));
  return { ...order, status: 'draft', supplier_id, location_id, currency, lines, expected_at: data.expected_at ?? null };
}

/** Quantities of an acknowledgment are absolute: what was refused before is in `rejected` already. */
function acknowledged(order: PurchaseOrder, event: Of<'purchase_order.acknowledged' | 'purchase_order.rejected'>): PurchaseOrder {
  const { ack_no, lines, expected_at } = event.data;
  return {
    ...order,
    ack_no,
    status: event.type === 'purchase_order.rejected' ? 'rejected' : 'acknowledged',
    expected_at: expected_at ?? order.expected_at,
    lines: change_lines(order, lines, (line, told) => {
      const rejected = line.rejected - line.refused + told.rejected;
      const answered = { ...line, confirmed: told.confirmed, refused: told.rejected, rejected, cost: told.cost ?? line.cost };
      return typeof told.promised_at === 'string' ? promised(answered, told.promised_at) : answered;
    }),
  };
}

function received(order: PurchaseOrder, { data }: Of<'goods.received'>): PurchaseOrder {
  const lines = change_lines(order, data.lines, (line, { accepted, rejected, over, short }) => {
    const now_received = line.received + accepted - over;
    return {
      ...line,
      received: now_received,
      over: line.over + over,
      rejected: line.quantity - now_received - line.cancelled - short,
      in_transit: still_in_transit(line.in_transit, accepted + rejected, short),
    };
  });
  return { ...order, lines, status: lines.some(is_outstanding) ? 'partially_received' : 'received' };
}

function ended(order: PurchaseOrder, event: Of<'purchase_order.closed' | 'purchase_order.cancelled'>): PurchaseOrder {
  const cancelling = order.status === 'cancelling' ? 'done' : order.cancelling;
  const lines = change_lines(order, event.data.lines, (line, { cancelled }) => {
    const next = { ...line, cancelled: line.cancelled + cancelled };
    return { ...next, in_transit: Math.min(line.in_transit, outstanding(next)) };
  });
  return { ...order, lines, cancelling, status: event.type === 'purchase_order.closed' ? 'closed' : 'cancelled' };
}

function promised(line: PurchaseOrderLine, at: string): PurchaseOrderLine {
  return { ...line, promised_at: at, first_promised_at: line.first_promised_at ?? at };
}

/** Lines the event does not name stay the objects they were: the store writes only what changed. */
function change_lines<L extends { readonly line_no: number }>(
  order: PurchaseOrder,
  told: readonly L[],
  change: (line: PurchaseOrderLine, told: L) => PurchaseOrderLine,
): readonly PurchaseOrderLine[] {
  if (told.length < order.lines.length) {
    const by_no = new Map(told.map(line => [line.line_no, line]));
    return order.lines.map(line => {
      const named = by_no.get(line.line_no);
      return named === undefined ? line : change(line, named);
    });
  }
  return order.lines.map(line => {
    const named = named_line(told, line);
    return named === undefined ? line : change(line, named);
  });
}
