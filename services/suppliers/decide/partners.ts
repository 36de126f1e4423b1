/** What orders of partners need beside others: a number for their envelope, and somebody who looks when no receipt (997) comes. */
import { later } from '../../../platform/service.ts';
import type { SuppliersSettings } from '../model.ts';
import {
  next_control_number,
  type PartnerChannel,
  type PartyName,
  peppol_presets,
  type X12Settings,
  x12_presets,
} from '../model_partners.ts';
import { arm, type Draft, note_order, order_in, receipt_timer } from './draft.ts';
import { raise_of_order } from './exceptions.ts';

export function x12_of({ x12 }: SuppliersSettings) {
  return x12 ?? x12_presets;
}

/** Who we are on a channel, and how long we wait until somebody says that an order came. */
export interface Identity {
  readonly sender: PartyName & { readonly name?: string };
  readonly usage: X12Settings['usage'];
  readonly receipt_wait_ms: number;
}
export function identity_on(settings: SuppliersSettings, channel: PartnerChannel): Identity {
  // What is not in earnest goes to another access point: the documents have no word for it.
  return channel === 'peppol' ? { ...(settings.peppol ?? peppol_presets), usage: 'P' } : x12_of(settings);
}

/** One after the other within a decision, too. */
export function draw_control_number(draft: Draft, supplier_id: string): number {
  const last = draft.drawn.get(supplier_id) ?? draft.view('control_number', supplier_id).last;
  const number = next_control_number({ last });
  draft.drawn.set(supplier_id, number);
  draft.notes.push({ kind: 'control_number', id: supplier_id, change: () => ({ last: number }) });
  return number;
}

/** With the sending of an order: its supplier is to say that it could read it. */
export function await_receipt(draft: Draft, po_id: string, channel: PartnerChannel): void {
  if (order_in(draft, po_id).receipt !== 'none') return;
  note_order(draft, po_id, { receipt: 'awaited' });
  arm(draft, receipt_timer, po_id, later(draft.given.at, identity_on(draft.settings, channel).receipt_wait_ms));
}

export function note_receipt(draft: Draft, po_id: string, accepted: boolean, detail: string): void {
  const { receipt } = order_in(draft, po_id);
  if (receipt === 'rejected' || (receipt === 'accepted' && accepted)) return;
  note_order(draft, po_id, { receipt: accepted ? 'accepted' : 'rejected' });
  arm(draft, receipt_timer, po_id, null);
  if (!accepted) raise_of_order(draft, po_id, 'order_unreadable', `Its supplier cannot read it: ${detail}`);
}
