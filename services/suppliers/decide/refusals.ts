/**
 * What a supplier refused is not proposed to it again for a while (docs/decisions/0010): a day, doubled with every refusal in a row. It is
 * forgotten with the first line that the supplier takes whole. Pure arithmetic, and what is noted of an answer.
 */
import { later } from '../../../platform/service.ts';
import { day_ms, item_id, type Offer, type Refusal, type SupplyItem } from '../model.ts';
import { line_of, type PurchaseOrder } from '../model_order.ts';
import { type Draft, item_in, note_item } from './draft.ts';
import { raise_of_item, settle_item_exception } from './exceptions.ts';

export const refused_first_ms = day_ms;
export const refused_max_ms = 16 * day_ms;

export function after_refusal(refusals: readonly Refusal[], supplier_id: string, at: string): readonly Refusal[] {
  const times = (refusals.find(one => one.supplier_id === supplier_id)?.times ?? 0) + 1;
  // Beyond 2 ** 30 it is the longest for long.
  const wait_ms = Math.min(refused_max_ms, refused_first_ms * 2 ** Math.min(times - 1, 30));
  return [...without(refusals, supplier_id), { supplier_id, times, until: later(at, wait_ms) }];
}

function without(refusals: readonly Refusal[], supplier_id: string): readonly Refusal[] {
  return refusals.filter(one => one.supplier_id !== supplier_id);
}

export function refuses({ refusals }: SupplyItem, supplier_id: string, at: string): boolean {
  return refusals.some(one => one.supplier_id === supplier_id && one.until > at);
}

/** Of the offers those that may be proposed. */
export function willing(item: SupplyItem, offers: readonly Offer[], at: string): readonly Offer[] {
  return item.refusals.length === 0 ? offers : offers.filter(offer => !refuses(item, offer.supplier_id, at));
}

/** When the first of those who refuse, and whom the policy allows, is asked again; null: none of them has an offer. */
export function asked_again_at(item: SupplyItem, offers: readonly Offer[]): string | null {
  const allowed = offers.filter(offer => item.supplier_id === null || item.supplier_id === offer.supplier_id);
  const until = item.refusals.filter(one => allowed.some(offer => offer.supplier_id === one.supplier_id)).map(one => one.until);
  return until.length === 0 ? null : until.reduce((first, each) => (each < first ? each : first));
}

/** Of one line, as the order was before the answer. `units`: confirmed or backordered. */
interface Answered {
  readonly line_no: number;
  readonly units: number;
  readonly rejected: number;
}

/** Items without a policy are not bought by themselves: nothing is noted of them. */
export function note_answer(draft: Draft, before: PurchaseOrder, answered: readonly Answered[]): void {
  for (const { line_no, units, rejected } of answered) {
    const line = line_of(before, line_no);
    const id = item_id(line?.sku ?? '', before.location_id);
    if (line === undefined || !item_in(draft, id).policy) continue;
    if (rejected > line.refused) note_refusal(draft, id, before, rejected - line.refused);
    else if (units > 0 && rejected === 0) note_taken(draft, id, before.supplier_id);
  }
}

function note_refusal(draft: Draft, id: string, { po_id, supplier_id }: PurchaseOrder, units: number): void {
  const item = item_in(draft, id);
  const refusals = after_refusal(item.refusals, supplier_id, draft.given.at);
  note_item(draft, id, { refusals });
  const until = refusals.at(-1)?.until;
  const detail = `${supplier_id} refuses ${units} of ${item.sku} for ${item.location_id} in ${po_id}. It is not asked again by itself before ${until}; other suppliers are.`;
  raise_of_item(draft, id, 'refused_by_supplier', detail);
}

/** A whole line: somebody sells it. Of one that is refused in part the refusal stands, however often it is told. */
function note_taken(draft: Draft, id: string, supplier_id: string): void {
  const { refusals, refused_until } = item_in(draft, id);
  const left = without(refusals, supplier_id);
  if (left.length < refusals.length || refused_until !== null) note_item(draft, id, { refusals: left, refused_until: null });
  settle_item_exception(draft, id, 'refused_by_supplier');
}
