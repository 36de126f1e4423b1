/** The business noes of suppliers (domain.md 3.6) and the status of their problem replies (api.md 1). */
import type { Rejection } from '../../platform/service.ts';

export const rejection_status = {
  // What was asked for cannot be, whatever the state.
  unknown_supplier: 422,
  unknown_sku: 422,
  total_too_large: 422,
  // It collides with the state.
  over_receipt: 409,
  over_limit: 409,
  already_sent: 409,
  nothing_outstanding: 409,
  invalid_transition: 409,
  not_found: 404,
  version_conflict: 412,
} as const;

export type RejectionCode = keyof typeof rejection_status;
export interface SuppliersRejection extends Rejection {
  readonly rejection: RejectionCode;
}

export function reject(rejection: RejectionCode, detail: string, extra?: Rejection['extra']): SuppliersRejection {
  return extra === undefined ? { rejection, detail } : { rejection, detail, extra };
}

/** `if_version`: the version a person saw, when the request named one. */
export function version_differs(if_version: number | null, version: number): SuppliersRejection | undefined {
  return if_version === null || if_version === version ? undefined : reject('version_conflict', `The version is ${version}.`, { version });
}
