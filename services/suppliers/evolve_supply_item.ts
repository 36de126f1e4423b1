/** How events change a supply item: its policy, its open proposal, and what purchase orders and receipts have on the way. */
import type { SuppliersEvent } from '../../contracts/index.ts';
import { unreachable } from '../../platform/service.ts';
import { evolve_exceptions } from './evolve_exceptions.ts';
import { location_of, type OpenLine, type SupplyItem, sku_of } from './model.ts';

export function evolve_supply_item(item: SupplyItem, event: SuppliersEvent, id: string): SupplyItem {
  const named = item.sku === '' ? { ...item, sku: sku_of(id), location_id: location_of(id) } : item;
  switch (event.type) {
    case 'reorder_policy.changed': {
      const { method, reorder_point, target, review_days, safety_days, supplier_id = null, auto } = event.data;
      return { ...named, policy: true, method, reorder_point, target, review_days, safety_days, supplier_id, auto };
    }
    case 'replenishment.proposed':
    case 'replenishment.revised': {
      const { proposal_id, quantity, target, position } = event.data;
      const proposals_made = named.proposals_made + (event.type === 'replenishment.proposed' ? 1 : 0);
      return { ...named, proposals_made, proposal_id, proposed: quantity, proposed_need: target - position };
    }
    case 'replenishment.superseded':
    case 'replenishment.accepted':
      return { ...named, proposal_id: null, proposed: 0, proposed_need: 0 };
    case 'replenishment.dismissed':
      return { ...named, proposal_id: null, proposed: 0, proposed_need: 0, dismissed_until: event.data.dismissed_until ?? null };
    case 'purchase_order.created':
    case 'purchase_order.sent':
    case 'purchase_order.acknowledged':
    case 'purchase_order.rejected':
    case 'purchase_order.shipment_notified':
    case 'purchase_order.eta_changed':
    case 'goods.received':
    case 'purchase_order.closed':
    case 'purchase_order.cancelled':
    case 'purchase_order.cancellation_requested':
    case 'purchase_order.cancellation_refused':
      return evolve_open_lines(named, event);
    case 'exception.raised':
    case 'exception.resolved':
      return { ...named, exceptions: evolve_exceptions(named.exceptions, event) };
    case 'purchase_order.approved':
    case 'purchase_order.send_failed':
    case 'purchase_order.outcome_unknown':
    case 'purchase_order.invoiced':
    case 'backorder.pegged':
      throw new Error(`${event.type} changes no supply item`);
    default:
      return unreachable(event);
  }
}

type LinesEvent = Extract<
  SuppliersEvent,
  {
    type:
      | 'purchase_order.created'
      | 'purchase_order.sent'
      | 'purchase_order.acknowledged'
      | 'purchase_order.rejected'
      | 'purchase_order.shipment_notified'
      | 'purchase_order.eta_changed'
      | 'goods.received'
      | 'purchase_order.closed'
      | 'purchase_order.cancelled'
      | 'purchase_order.cancellation_requested'
      | 'purchase_order.cancellation_refused';
  }
>;

function evolve_open_lines(item: SupplyItem, event: LinesEvent): SupplyItem {
  const { po_id } = event.data;
  if (event.type === 'purchase_order.created') {
    // Each SKU stands once in an order, and the order is for one location.
    const added = event.data.lines.find(line => line.sku === item.sku);
    return added === undefined ? item : { ...item, open_lines: [...item.open_lines, new_open_line(po_id, added)] };
  }
  const open_lines = item.open_lines.flatMap(line => {
    const next = line.po_id === po_id ? evolve_open_line(line, event) : line;
    return next.outstanding > 0 ? [next] : [];
  });
  if (event.type !== 'goods.received') return { ...item, open_lines };
  const { receipt_id, lines } = event.data;
  const quantity = lines.find(line => line.sku === item.sku)?.accepted ?? 0;
  // Without a policy nobody asks for the position.
  const receipts = item.policy && quantity > 0 ? [...item.receipts, { receipt_id, quantity }] : item.receipts;
  return { ...item, open_lines, receipts };
}

function new_open_line(po_id: string, { line_no, quantity }: { readonly line_no: number; readonly quantity: number }): OpenLine {
  return { po_id, line_no, outstanding: quantity, in_transit: 0, refused: 0, expected_at: null, withdrawn: false };
}

function evolve_open_line(line: OpenLine, event: Exclude<LinesEvent, { type: 'purchase_order.created' }>): OpenLine {
  switch (event.type) {
    case 'purchase_order.sent':
      return { ...line, expected_at: line.expected_at ?? event.data.expected_at ?? null };
    case 'purchase_order.cancellation_requested':
      return { ...line, withdrawn: true };
    case 'purchase_order.cancellation_refused':
      return { ...line, withdrawn: false };
    case 'purchase_order.acknowledged':
    case 'purchase_order.rejected': {
      const told = named_line(event.data.lines, line);
      if (told === undefined) return line;
      const outstanding = line.outstanding + line.refused - told.rejected;
      return { ...line, outstanding, refused: told.rejected, expected_at: told.promised_at ?? line.expected_at };
    }
    case 'purchase_order.shipment_notified': {
      const told = named_line(event.data.lines, line);
      return told === undefined ? line : { ...line, in_transit: line.in_transit + told.quantity };
    }
    case 'purchase_order.eta_changed': {
      const told = named_line(event.data.lines, line);
      return told === undefined ? line : { ...line, expected_at: told.new_at };
    }
    case 'goods.received': {
      const told = named_line(event.data.lines, line);
      if (told === undefined) return line;
      return { ...line, outstanding: told.short, in_transit: still_in_transit(line.in_transit, told.accepted + told.rejected, told.short) };
    }
    case 'purchase_order.closed':
    case 'purchase_order.cancelled': {
      const outstanding = line.outstanding - (named_line(event.data.lines, line)?.cancelled ?? 0);
      return { ...line, outstanding, in_transit: Math.min(line.in_transit, outstanding) };
    }
    default:
      return unreachable(event);
  }
}

/** What arrived was announced, if anything was; what is left cannot be more than is outstanding. */
export function still_in_transit(in_transit: number, arrived: number, outstanding: number): number {
  return Math.min(Math.max(0, in_transit - arrived), outstanding);
}

/** The line of this number: at its place in an event that names all, else looked for. */
export function named_line<L extends { readonly line_no: number }>(
  lines: readonly L[],
  { line_no }: { readonly line_no: number },
): L | undefined {
  const at_place = lines[line_no - 1];
  return at_place?.line_no === line_no ? at_place : lines.find(line => line.line_no === line_no);
}
