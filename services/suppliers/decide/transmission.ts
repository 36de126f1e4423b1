/**
 * What partners send in envelopes (integrations.md 8): an interchange counts once, whole or not at all; its documents are recorded with their orders, and
 * every group is answered. What cannot be read, comes from nobody we know, or under a number that another interchange has, is kept for a person.
 */

import { later } from '../../../platform/service.ts';
import type { TradeDocument } from '../channels/trade.ts';
import { write_interchange } from '../channels/x12/write.ts';
import type { CheckReceipt, NoteCollected, NoteReplySent, TakeTransmission, WatchChannel } from '../commands.ts';
import type { InboundInterchange } from '../inbound.ts';
import { item_id, type StrayDocument, type SuppliersHandler, type SuppliersSettings, type SuppliersView } from '../model.ts';
import { has_ended } from '../model_order.ts';
import { type PartnerChannel, partner_of, type ReceivedInterchange } from '../model_partners.ts';
import { close_draft } from './close.ts';
import { meaning_of } from './documents.ts';
import { arm, type Draft, nothing, open_draft, order_in, watch_timer } from './draft.ts';
import { type InterchangeException, raise_of_order, raised } from './exceptions.ts';
import { record_fact } from './facts.ts';
import { draw_control_number, identity_on, note_receipt, x12_of } from './partners.ts';
import { order_touches } from './purchase_orders.ts';

export function transmission_handlers(settings: SuppliersSettings) {
  return {
    take_transmission: take_transmission(settings),
    note_collected: note_collected(settings),
    watch_channel,
    check_receipt: check_receipt(settings),
    note_reply_sent,
  };
}

type Interchanges = { readonly interchanges: readonly InboundInterchange[] };

function interchange_refs({ interchanges }: Interchanges) {
  return interchanges.flatMap(({ id, quarantine_id, sender, documents }) => [
    { kind: 'partner' as const, id: partner_of(sender) },
    ...documents.map(({ about }) => ({ kind: 'named_order' as const, id: order_name(sender, about) })),
    ...[...new Set([id, quarantine_id])].map(one => ({ kind: 'interchange' as const, id: one })),
  ]);
}
function order_name(sender: InboundInterchange['sender'], about: string): string {
  return `${partner_of(sender)} ${about}`;
}

/** The orders that are named, with all that decisions about an order need, and the number of the answer. */
function named_refs({ interchanges }: Interchanges, view: SuppliersView) {
  return interchanges.flatMap(({ sender, documents }) => {
    const partner = view('partner', partner_of(sender));
    const orders = documents.flatMap(({ about }) => view('named_order', order_name(sender, about)) ?? []);
    return [
      ...(partner === undefined ? [] : [{ kind: 'control_number' as const, id: partner.supplier_id }]),
      ...orders.flatMap(({ po_id, supplier_id, location_id, skus }) => [
        { kind: 'supplier' as const, id: supplier_id },
        { kind: 'purchase_order' as const, id: po_id },
        ...skus.map(sku => ({ kind: 'supply_item' as const, id: item_id(sku, location_id) })),
      ]),
      ...documents.map(document => ({ kind: 'stray_document' as const, id: stray_id(sender, document) })),
    ];
  });
}
function stray_id(sender: InboundInterchange['sender'], { about, document_ref }: TradeDocument): string {
  return `doc_${order_name(sender, about)}_${document_ref}`.replaceAll(/[^A-Za-z0-9._-]/g, '_').slice(0, 200);
}

function take_transmission(settings: SuppliersSettings): SuppliersHandler<TakeTransmission> {
  return {
    touches: interchange_refs,
    then_touches: named_refs,
    decide({ channel, interchanges }, view, given) {
      const draft = open_draft(view, given, settings);
      for (const interchange of interchanges) take(draft, channel, interchange);
      return close_draft(draft);
    },
  };
}

/** Gives the answer that is new; null: known before, or nothing to say. */
function take(draft: Draft, channel: PartnerChannel, interchange: InboundInterchange): string | null {
  const { id, digest, sender, receiver, control, fault } = interchange;
  const known = draft.taken.get(id) ?? draft.view('interchange', id).digest;
  if (
    known === digest ||
    (draft.taken.get(interchange.quarantine_id) ?? draft.view('interchange', interchange.quarantine_id).digest) === digest
  )
    return null;
  const partner = draft.view('partner', partner_of(sender));
  const us = identity_on(draft.settings, channel).sender;
  const wrong = ((): { readonly reason: InterchangeException; readonly detail: string } | undefined => {
    if (control === '') return { reason: 'transmission_unreadable', detail: fault ?? '' };
    if (partner === undefined || partner.channel !== channel)
      return { reason: 'unknown_partner', detail: `${partner_of(sender)} is no partner of the channel ${channel}.` };
    if (partner_of(receiver) !== partner_of(us))
      return { reason: 'unknown_partner', detail: `It is for ${partner_of(receiver)}, not for us.` };
    if (known !== '')
      return {
        reason: 'interchange_number_reused',
        detail: `Another ${channel === 'peppol' ? '' : 'interchange '}${control} of ${partner_of(sender)} came before.`,
      };
    return fault === null ? undefined : { reason: 'transmission_unreadable', detail: fault };
  })();
  const answered = partner !== undefined && wrong?.reason !== 'unknown_partner';
  const reply = answered ? reply_to(draft, partner.supplier_id, interchange, wrong === undefined) : null;
  const kept_as = known === '' ? id : interchange.quarantine_id;
  keep(draft, kept_as, channel, interchange, wrong === undefined ? 'taken' : 'quarantined', reply);
  if (wrong !== undefined) raise_of_interchange(draft, kept_as, wrong.reason, wrong.detail);
  else {
    if (interchange.refused.length > 0) raise_of_interchange(draft, kept_as, 'document_unreadable', interchange.refused.join('; '));
    for (const document of interchange.documents) record_document(draft, sender, document);
  }
  return reply;
}

function keep(
  draft: Draft,
  id: string,
  channel: PartnerChannel,
  { sender, control, digest, raw }: InboundInterchange,
  status: ReceivedInterchange['status'],
  reply: string | null,
): void {
  const fields = { channel, partner: partner_of(sender), control, digest, raw, status, reply, received_at: draft.given.at };
  draft.taken.set(id, digest);
  draft.notes.push({ kind: 'interchange', id, change: interchange => ({ ...interchange, ...fields }) });
}

function raise_of_interchange(draft: Draft, id: string, reason: InterchangeException, detail: string): void {
  draft.facts.push({ event: raised(draft, id, reason, detail), key: id, subject: { kind: 'interchange', id } });
}

/** The 997 of every group, under the partner's next number. Nobody answers a 997. */
function reply_to(draft: Draft, supplier_id: string, interchange: InboundInterchange, whole: boolean): string | null {
  const sets = whole ? interchange.receipts : interchange.refusals;
  if (sets.length === 0) return null;
  const { sender, usage } = x12_of(draft.settings);
  const control_number = draw_control_number(draft, supplier_id);
  return write_interchange({ sender, receiver: interchange.sender, control_number, at: draft.given.at, usage }, 'FA', sets);
}

function record_document(draft: Draft, sender: InboundInterchange['sender'], document: TradeDocument): void {
  const named = draft.view('named_order', order_name(sender, document.about));
  // A receipt of something that is not waited for says nothing.
  if (named === undefined && document.kind === 'receipt') return;
  if (named === undefined || order_in(draft, named.po_id).status === 'new') {
    keep_stray_document(draft, sender, document);
    return;
  }
  const { po_id } = named;
  if (document.kind === 'receipt') note_receipt(draft, po_id, document.accepted, document.detail);
  else {
    // Who writes about it has read it.
    note_receipt(draft, po_id, true, '');
    const { fact, troubles } = meaning_of(order_in(draft, po_id), document, draft.given.at);
    for (const { reason, detail } of troubles) raise_of_order(draft, po_id, reason, detail);
    if (fact !== undefined) record_fact(draft, po_id, fact);
  }
}

function keep_stray_document(draft: Draft, sender: InboundInterchange['sender'], document: TradeDocument): void {
  const id = stray_id(sender, document);
  if (draft.view('stray_document', id).document_ref !== '') return;
  const { document_ref, about, kind } = document;
  const detail = `A ${kind} of ${partner_of(sender)} (${document_ref}) names ${about}, which is no purchase order of theirs.`;
  const subject = { kind: 'stray_document', id } as const;
  draft.facts.push({ event: raised(draft, id, 'unknown_purchase_order', detail), key: id, subject });
  draft.notes.push({ ...subject, change: (stray: StrayDocument) => ({ ...stray, document_ref, po_id: about, kind }) });
}

// --- receipts of our purchase orders

function check_receipt(settings: SuppliersSettings): SuppliersHandler<CheckReceipt> {
  return {
    ...order_touches,
    decide({ po_id }, view, given) {
      const draft = open_draft(view, given, settings);
      const order = order_in(draft, po_id);
      if (order.receipt !== 'awaited' || has_ended(order)) return nothing;
      const { reference, control_number } = order;
      const detail =
        order.channel === 'peppol'
          ? `Nothing has been said to ${reference}.`
          : `No 997 has come for ${reference}, sent as interchange ${control_number}.`;
      raise_of_order(draft, po_id, 'receipt_overdue', detail);
      return close_draft(draft);
    },
  };
}

// --- folders that are looked at

const watch_channel: SuppliersHandler<WatchChannel> = {
  touches: ({ channel }) => [{ kind: 'watch', id: channel }],
  decide({ channel }, view, given) {
    const { op_id: open, settle } = view('watch', channel);
    if (open !== null) return nothing;
    const op_id = given.id('op', 0);
    const request = { settle: settle.map(one => ({ ...one })) };
    return {
      facts: [],
      operations: [
        { op_id, kind: channel === 'rest' ? 'reconcile' : 'collect', provider: channel, subject: channel, key: channel, request },
      ],
      notes: [{ kind: 'watch', id: channel, change: watch => ({ ...watch, op_id }) }],
    };
  },
};

/** What was found counts, and where it goes is said, in one transaction: the next look moves the file. */
function note_collected(settings: SuppliersSettings): SuppliersHandler<NoteCollected> {
  return {
    touches: command => [...interchange_refs(command), { kind: 'watch', id: command.channel }],
    then_touches: named_refs,
    decide({ channel, op_id, name, outcome, interchanges }, view, given) {
      if (view('watch', channel).op_id !== op_id || outcome === 'waits') return nothing;
      const draft = open_draft(view, given, settings);
      let whole = true;
      for (const interchange of interchanges) {
        const reply = take(draft, channel, interchange);
        if (reply !== null) send_reply(draft, channel, interchange, reply);
        whole = whole && interchange.fault === null && interchange.refused.length === 0;
      }
      const settle = name === null ? [] : [{ name, to: whole ? ('done' as const) : ('failed' as const) }];
      const kept = outcome === 'failed' ? view('watch', channel).settle : settle;
      draft.notes.push({ kind: 'watch', id: channel, change: () => ({ op_id: null, settle: kept }) });
      // Where one lay, more may lie.
      arm(draft, watch_timer, channel, name === null ? later(given.at, x12_of(settings).poll_ms) : given.at);
      return close_draft(draft);
    },
  };
}

function send_reply(draft: Draft, channel: PartnerChannel, { id, control }: InboundInterchange, text: string): void {
  const op_id = draft.new_id('op');
  const request = { name: `997-${control}-${id.slice(-8)}.edi`, text };
  draft.operations.push({ op_id, kind: 'send_reply', provider: channel, subject: id, key: id, request });
}

const note_reply_sent: SuppliersHandler<NoteReplySent> = { touches: () => [], decide: () => nothing };
