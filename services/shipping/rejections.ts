/** Every business no of shipping (docs/rejections.md). */
import type { Rejection } from '../../platform/service.ts';

export interface ShippingRejection extends Rejection {
  readonly rejection: /** The order is on hold: nothing is labeled or dispatched. */
    | 'order_held'
    /** Not every parcel has its label. */
    | 'not_labeled'
    /** The shipment has left. */
    | 'already_dispatched'
    /** The state does not allow it. */
    | 'invalid_transition'
    /** The units named are not those of the shipment or parcel. */
    | 'units_mismatch'
    /** What an operator states does not name every label. */
    | 'evidence_incomplete'
    /** If-Match names another version. */
    | 'version_conflict';
}
