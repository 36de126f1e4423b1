/** Goods at the dock (domain.md 1 U11, 3.5): what is taken, what is sent back, what is too much. */
import type { PostReceipt, ReceiveAnnounced, ReceivedUnits } from '../commands.ts';
import type { Supplier, SuppliersHandler, SuppliersSettings } from '../model.ts';
import {
  is_outstanding,
  is_underway,
  line_of,
  outstanding,
  type PurchaseOrder,
  type PurchaseOrderLine,
  with_tolerance,
} from '../model_order.ts';
import { reject, type SuppliersRejection } from '../rejections.ts';
import { close_draft } from './close.ts';
import { type Draft, nothing, open_draft, order_in, say_of_order } from './draft.ts';
import { known_order, order_refs, order_touches, say_closed, wrong_state } from './purchase_orders.ts';

/** The reason that keeps rejected units here, as damaged stock; others go back. */
export const damaged_reason = 'damaged';
const reasons_length_max = 500;

export function receipt_handlers(settings: SuppliersSettings) {
  return { post_receipt: post_receipt(settings), receive_announced: receive_announced(settings) };
}

function post_receipt(settings: SuppliersSettings): SuppliersHandler<PostReceipt> {
  return {
    ...order_touches,
    decide(command, view, given) {
      const refused = known_order(view, command);
      if (refused !== undefined) return refused;
      const draft = open_draft(view, given, settings);
      const order = order_in(draft, command.po_id);
      if (order.status === 'closed' || order.status === 'received') {
        return reject('nothing_outstanding', 'Nothing of it is still to come.', { status: order.status });
      }
      if (!is_underway(order)) return wrong_state(order, 'received');
      const counted = count(order, command.lines);
      if ('rejection' in counted) return counted;
      const supplier = view('supplier', order.supplier_id);
      for (const each of counted.counts) {
        const over = beyond_tolerance(each, supplier);
        if (over > 0 && !command.force) return over_receipt(each, over);
      }
      receive(draft, command.po_id, counted.counts);
      return close_draft(draft);
    },
  };
}

/** What was counted of one line. */
interface Count {
  readonly line: PurchaseOrderLine;
  readonly accepted: number;
  readonly rejected: number;
  readonly damaged: number;
  readonly reasons: readonly string[];
}

/** Lines of one SKU add up: units may be rejected for more than one reason. */
function count(order: PurchaseOrder, lines: readonly ReceivedUnits[]): { readonly counts: readonly Count[] } | SuppliersRejection {
  const by_sku = new Map(order.lines.map(line => [line.sku, line]));
  const counts = new Map<string, Count>();
  for (const { sku, accepted, rejected, reason } of lines) {
    const line = by_sku.get(sku);
    if (line === undefined) return reject('unknown_sku', `${sku} was not ordered.`, { sku });
    const known = counts.get(sku) ?? { line, accepted: 0, rejected: 0, damaged: 0, reasons: [] };
    counts.set(sku, {
      line,
      accepted: known.accepted + accepted,
      rejected: known.rejected + rejected,
      damaged: known.damaged + (reason === damaged_reason ? rejected : 0),
      reasons: reason === null || known.reasons.includes(reason) ? known.reasons : [...known.reasons, reason],
    });
  }
  return { counts: [...counts.values()] };
}

/** Units taken beyond what was ordered and tolerated. */
function beyond_tolerance({ line, accepted }: Count, supplier: Supplier | undefined): number {
  const over = Math.max(0, accepted - outstanding(line));
  const most = with_tolerance(line.quantity, supplier?.over_receipt_ppm ?? 0) - line.quantity;
  return Math.max(0, line.over + over - most);
}
function over_receipt({ line, accepted }: Count, over: number): SuppliersRejection {
  const { sku } = line;
  const detail = `${accepted} of ${sku} are ${over} more than ordered and tolerated. Reject them, or use force.`;
  return reject('over_receipt', detail, { sku, outstanding: outstanding(line), over });
}

function receive(draft: Draft, po_id: string, counts: readonly Count[]): void {
  const order = order_in(draft, po_id);
  const receipt_id = draft.new_id('rcp');
  const lines = counts.map(({ line, accepted, rejected, damaged, reasons }) => {
    const due = outstanding(line);
    return {
      line_no: line.line_no,
      sku: line.sku,
      accepted,
      rejected,
      damaged,
      over: Math.max(0, accepted - due),
      short: Math.max(0, due - accepted - rejected),
      reason: reasons.length === 0 ? null : reasons.join(', ').slice(0, reasons_length_max),
      inspect: line.inspect,
    };
  });
  const { at } = draft.given;
  const { location_id } = order;
  say_of_order(draft, po_id, { type: 'goods.received', data: { po_id, receipt_id, location_id, received_at: at, lines } });
  draft.records.push({ table: 'receipt', row: { id: receipt_id, po_id, lines, posted_at: at, actor: draft.given.actor } });
  if (order_in(draft, po_id).status === 'received') say_closed(draft, po_id, 'received');
}

/** By timer, when the goods are expected and nobody stands at the dock: the announced units that are still in transit. */
function receive_announced(settings: SuppliersSettings): SuppliersHandler<ReceiveAnnounced> {
  return {
    touches: ({ po_id, notice_id }) => [
      ...(notice_id === null ? [] : [{ kind: 'notice' as const, id: notice_id }]),
      { kind: 'purchase_order', id: po_id },
    ],
    then_touches: ({ po_id }, view) => order_refs(view('purchase_order', po_id)),
    decide({ po_id, notice_id }, view, given) {
      const draft = open_draft(view, given, settings);
      const order = order_in(draft, po_id);
      if (settings.auto_receive !== true || !is_underway(order)) return nothing;
      const announced = notice_id === null ? undefined : (view('notice', notice_id)?.lines ?? []);
      const counts = arriving(order, announced);
      if (counts.length === 0) return nothing;
      receive(draft, po_id, counts);
      return close_draft(draft);
    },
  };
}

function arriving(
  order: PurchaseOrder,
  announced: readonly { readonly line_no: number; readonly quantity: number }[] | undefined,
): readonly Count[] {
  const arrived = (line: PurchaseOrderLine, accepted: number): Count => ({ line, accepted, rejected: 0, damaged: 0, reasons: [] });
  if (announced === undefined) return order.lines.filter(is_outstanding).map(line => arrived(line, outstanding(line)));
  return announced.flatMap(({ line_no, quantity }) => {
    const line = line_of(order, line_no);
    const units = line === undefined ? 0 : Math.min(quantity, line.in_transit);
    return line === undefined || units === 0 ? [] : [arrived(line, units)];
  });
}
