/**
 * The HTTP status of each business rejection that is not answered with 409. The whole list, with what each means, is docs/rejections.md;
 * a test compares the two.
 */
export const rejection_status: Readonly<Record<string, number>> = {
  unknown_sku: 422,
  currency_mismatch: 422,
  discount_code_invalid: 422,
  too_many_unpaid_orders: 429,
  version_conflict: 412,
  invalid_signature: 401,
};
export const default_rejection_status = 409;

export function status_of_rejection(code: string): number {
  return rejection_status[code] ?? default_rejection_status;
}
