/** What waits for a person (domain.md 0.4): raised once per reason, resolved by a person or when its cause has gone. */
import { later } from '../../../platform/service.ts';
import type { ResolveException } from '../commands.ts';
import { exception_ms, is_open, type OpenException, type Shipment, type ShippingSettings } from '../model.ts';
import { type Draft, decision_of, open_draft, type ShippingHandler, say, shipment_ref } from './draft.ts';

export type ExceptionReason =
  /** Planned or being labeled for too long; labeled and still here. */
  | 'label_overdue'
  | 'dispatch_overdue'
  /** The carrier refused, offered no rate, or nobody knows where to. */
  | 'label_refused'
  | 'address_missing'
  /** A carrier says that nobody can be reached there. */
  | 'address_undeliverable'
  /** Nobody said where its location is, or not enough of it for a label. */
  | 'location_address_missing'
  /** Asked twice and waited, and still nobody knows whether the label was bought. */
  | 'label_outcome_unknown'
  /** The carrier keeps the money of a label that nobody needs, or gave back one that somebody does. */
  | 'label_void_refused'
  | 'label_voided_at_carrier'
  /** A parcel moves that should not be there, or was given up. */
  | 'scan_after_cancellation'
  | 'found_after_loss';

const owners: Readonly<Record<ExceptionReason, string>> = {
  label_overdue: 'warehouse',
  dispatch_overdue: 'warehouse',
  label_refused: 'warehouse',
  address_missing: 'support',
  address_undeliverable: 'support',
  location_address_missing: 'warehouse',
  label_outcome_unknown: 'operator',
  label_void_refused: 'operator',
  label_voided_at_carrier: 'warehouse',
  scan_after_cancellation: 'support',
  found_after_loss: 'support',
};

export function raise(draft: Draft, shipment: Shipment, reason: ExceptionReason, detail: string): Shipment {
  if (is_open_exception(shipment, reason)) return shipment;
  const exception = {
    exception_id: draft.new_id('exc'),
    reason,
    owner: owners[reason],
    deadline: later(draft.given.at, exception_ms),
    detail,
  };
  return say(draft, shipment, { type: 'exception.raised', data: { ...exception, subject: shipment.shipment_id } });
}

export function is_open_exception(shipment: Shipment, reason: ExceptionReason): boolean {
  return shipment.exceptions.some(open => open.reason === reason);
}

/** Its cause has gone although the shipment itself shows nothing of it. */
export function resolve_reason(draft: Draft, shipment: Shipment, reason: ExceptionReason): Shipment {
  return shipment.exceptions
    .filter(open => open.reason === reason)
    .reduce((now, open) => resolve(draft, now, open, 'Its cause has gone.'), shipment);
}

export function resolve_what_has_gone(draft: Draft, shipment: Shipment): Shipment {
  return shipment.exceptions
    .filter(open => has_gone(shipment, open))
    .reduce((now, open) => resolve(draft, now, open, 'Its cause has gone.'), shipment);
}

function resolve(draft: Draft, shipment: Shipment, exception: OpenException, text: string): Shipment {
  return say(draft, shipment, { type: 'exception.resolved', data: { ...exception, subject: shipment.shipment_id, note: text } });
}

function has_gone(shipment: Shipment, { reason }: OpenException): boolean {
  switch (reason) {
    case 'label_overdue':
    case 'label_refused':
    case 'address_missing':
    case 'address_undeliverable':
      return shipment.status !== 'planned' && shipment.status !== 'labeling';
    case 'location_address_missing':
      return shipment.status !== 'planned' || shipment.asked.length > 0;
    case 'dispatch_overdue':
      return !is_open(shipment);
    case 'label_outcome_unknown':
      return shipment.parcels.every(parcel => parcel.label_status !== 'unknown');
    default:
      return false;
  }
}

const not_open = { rejection: 'invalid_transition', detail: 'The exception is not open.' } as const;
/** Else it is a seller, whose list of labels was compared. */
const is_shipment = (subject: string) => subject.startsWith('shp_');
const watch_ref = (id: string) => ({ kind: 'watch', id }) as const;

export function resolve_exception(settings: ShippingSettings): ShippingHandler<ResolveException> {
  return {
    touches: ({ subject }) => [is_shipment(subject) ? shipment_ref(subject) : watch_ref(subject)],
    decide({ subject, exception_id, note }, view, given) {
      if (!is_shipment(subject)) {
        const found = view('watch', subject).exceptions.find(exception => exception.exception_id === exception_id);
        if (found === undefined) return not_open;
        const data = { ...found, subject, note };
        return { facts: [{ event: { type: 'exception.resolved', data }, key: subject, subject: watch_ref(subject) }] };
      }
      const shipment = view('shipment', subject);
      const open = shipment?.exceptions.find(exception => exception.exception_id === exception_id);
      if (shipment === undefined || open === undefined) return not_open;
      const draft = open_draft(settings, given, view);
      resolve(draft, shipment, open, note);
      return decision_of(draft);
    },
  };
}
