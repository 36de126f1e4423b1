/**
 * Once a day a supplier that can be asked says which orders of ours it has, and both lists are compared: what we sent and it does not have, what it has
 * and we know nothing of, what one of us takes for cancelled. What differs is a person's; nothing is put right by itself.
 */
import { later } from '../../../platform/service.ts';
import type { NoteReconciled } from '../commands.ts';
import { next_day } from '../demand.ts';
import type { StrayDocument, SuppliersHandler, SuppliersSettings, SuppliersView } from '../model.ts';
import { close_draft } from './close.ts';
import { arm, type Draft, nothing, open_draft, order_in, watch_timer } from './draft.ts';
import { raise_of_order, raised } from './exceptions.ts';

/** A supplier's own list may lag behind what it took. */
export const list_lag_ms = 3_600_000;

export function reconciliation_handlers(settings: SuppliersSettings) {
  return { note_reconciled: note_reconciled(settings) };
}

function note_reconciled(settings: SuppliersSettings): SuppliersHandler<NoteReconciled> {
  return {
    touches: ({ channel, orders }) => [
      ...orders.map(({ reference }) => ({ kind: 'known_order' as const, id: reference })),
      { kind: 'open_orders', id: channel },
      { kind: 'watch', id: channel },
    ],
    then_touches: (command, view) => [
      ...differences(command, view).map(({ po_id }) => ({ kind: 'purchase_order' as const, id: po_id })),
      ...strays(command, view).map(reference => ({ kind: 'stray_document' as const, id: stray_id(reference) })),
    ],
    decide(command, view, given) {
      const { channel, op_id, outcome } = command;
      if (view('watch', channel).op_id !== op_id || outcome === 'waits') return nothing;
      const draft = open_draft(view, given, settings);
      draft.notes.push({ kind: 'watch', id: channel, change: watch => ({ ...watch, op_id: null }) });
      arm(draft, watch_timer, channel, next_day(given.at));
      for (const { po_id, detail } of differences(command, view)) {
        if (order_in(draft, po_id).status !== 'new') raise_of_order(draft, po_id, 'differs_at_supplier', detail);
      }
      for (const reference of strays(command, view)) keep_stray(draft, reference);
      return close_draft(draft);
    },
  };
}

const underway = new Set(['sent', 'acknowledged', 'partially_received']);

interface Difference {
  readonly po_id: string;
  readonly detail: string;
}

function differences({ channel, asked_at, outcome, whole, orders }: NoteReconciled, view: SuppliersView): readonly Difference[] {
  if (outcome !== 'done') return [];
  const theirs = new Set(orders.map(order => order.reference));
  const missing = view('open_orders', channel)
    .filter(({ po_id, sent_at }) => whole && !theirs.has(po_id) && later(sent_at, list_lag_ms) <= asked_at)
    .map(({ po_id }) => ({ po_id, detail: 'We sent it, and the supplier does not list it.' }));
  const told = orders.flatMap(({ reference: po_id, cancelled }): readonly Difference[] => {
    const ours = view('known_order', po_id);
    if (ours === undefined) return [];
    if (cancelled && underway.has(ours.status))
      return [{ po_id, detail: `The supplier lists it as cancelled; here it is ${ours.status}.` }];
    const unsent = ours.status === 'draft' || ours.sending === 'failed' || (ours.status === 'cancelled' && ours.sending !== 'done');
    return unsent && !cancelled ? [{ po_id, detail: `The supplier has it; here it is ${ours.status}, and was never sent.` }] : [];
  });
  return [...missing, ...told];
}

/** Of nobody here. */
function strays({ outcome, orders }: NoteReconciled, view: SuppliersView): readonly string[] {
  return outcome === 'done' ? orders.flatMap(({ reference }) => (view('known_order', reference) === undefined ? [reference] : [])) : [];
}
function stray_id(reference: string): string {
  return `doc_listed_${reference}`;
}

function keep_stray(draft: Draft, reference: string): void {
  const id = stray_id(reference);
  if (draft.view('stray_document', id).document_ref !== '') return;
  const subject = { kind: 'stray_document', id } as const;
  const detail = `The supplier lists ${reference}, which is no purchase order of ours.`;
  draft.facts.push({ event: raised(draft, id, 'unknown_purchase_order', detail), key: id, subject });
  const fields = { document_ref: `listed ${reference}`, po_id: reference, kind: 'list' };
  draft.notes.push({ ...subject, change: (stray: StrayDocument) => ({ ...stray, ...fields }) });
}
