/** How events change what hangs on other rows: proposals, peg books, documents of orders that are not ours. */
import type { SuppliersEvent } from '../../contracts/index.ts';
import { evolve_exceptions } from './evolve_exceptions.ts';
import type { PegBook, Proposal, ProposalStatus, StrayDocument } from './model.ts';
import type { ReceivedInterchange } from './model_partners.ts';

const statuses = {
  'replenishment.proposed': 'proposed',
  'replenishment.revised': 'proposed',
  'replenishment.superseded': 'superseded',
  'replenishment.accepted': 'accepted',
  'replenishment.dismissed': 'dismissed',
} as const satisfies Partial<Record<SuppliersEvent['type'], ProposalStatus>>;

type ProposalEvent = Extract<SuppliersEvent, { type: keyof typeof statuses }>;

export function is_proposal_event(event: SuppliersEvent): event is ProposalEvent {
  return Object.hasOwn(statuses, event.type);
}

export function evolve_proposal(proposal: Proposal, event: SuppliersEvent): Proposal {
  if (!is_proposal_event(event)) throw new Error(`${event.type} changes no proposal`);
  const { proposal_id, sku, location_id, supplier_id, quantity, position, reorder_point, target, reasons, po_id, actor, dismissed_until } =
    event.data;
  return {
    ...proposal,
    ...{ proposal_id, sku, location_id, supplier_id, quantity, position, reorder_point, target, reasons },
    status: statuses[event.type],
    po_id: po_id ?? null,
    actor: actor ?? null,
    dismissed_until: dismissed_until ?? null,
  };
}

export function evolve_peg_book(book: PegBook, event: SuppliersEvent): PegBook {
  if (event.type !== 'backorder.pegged') throw new Error(`${event.type} changes no peg book`);
  const pegs = event.data.pegs.map(({ line_no, sku, location_id, quantity, po_id, po_line_no, expected_at }) => ({
    line_no,
    sku,
    location_id: location_id ?? '',
    quantity,
    po_id: po_id ?? null,
    po_line_no: po_line_no ?? null,
    expected_at: expected_at ?? null,
  }));
  return { ...book, pegs };
}

export function evolve_interchange(interchange: ReceivedInterchange, event: SuppliersEvent): ReceivedInterchange {
  if (event.type !== 'exception.raised' && event.type !== 'exception.resolved') throw new Error(`${event.type} changes no interchange`);
  return { ...interchange, exceptions: evolve_exceptions(interchange.exceptions, event) };
}

export function evolve_stray_document(stray: StrayDocument, event: SuppliersEvent): StrayDocument {
  if (event.type !== 'exception.raised' && event.type !== 'exception.resolved') throw new Error(`${event.type} changes no stray document`);
  return { ...stray, exceptions: evolve_exceptions(stray.exceptions, event) };
}
