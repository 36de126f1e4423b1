/** The business noes of inventory (domain.md 3.6) and the status of their problem replies (api.md 1). */
import type { Rejection } from '../../platform/service.ts';

export const rejection_status = {
  // What was asked for cannot be, whatever the state.
  unknown_location: 422,
  // It collides with the state.
  would_break_promises: 409,
  limit_below_backordered: 409,
  not_enough_units: 409,
  too_many_units: 409,
  too_many_locations: 409,
  version_conflict: 412,
} as const;

export type RejectionCode = keyof typeof rejection_status;
export interface InventoryRejection extends Rejection {
  readonly rejection: RejectionCode;
}

export function reject(rejection: RejectionCode, detail: string, extra?: Rejection['extra']): InventoryRejection {
  return extra === undefined ? { rejection, detail } : { rejection, detail, extra };
}
