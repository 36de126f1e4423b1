/** A business no, or any Problem, as the document a client gets (RFC 9457). */
import { Problem, type Reply } from './route.ts';
import type { Rejection, Row } from './service.ts';

/**
 * The HTTP status of each business rejection that is not answered with 409. The whole list, with what each means, is docs/rejections.md;
 * a test compares the two.
 */
export const rejection_status: Readonly<Record<string, number>> = {
  not_found: 404,
  archived: 410,
  version_conflict: 412,
  invalid_signature: 401,
  invalid_credentials: 401,
  own_account: 422,
  webhook_url_refused: 422,
  unknown_sku: 422,
  unknown_shipping_service: 422,
  unknown_location: 422,
  unknown_supplier: 422,
  channel_not_available: 422,
  currency_mismatch: 422,
  total_too_large: 422,
  discount_code_invalid: 422,
  destination_required: 422,
  customer_required: 422,
  line_not_found: 422,
  units_mismatch: 422,
  evidence_incomplete: 422,
  gateway_reference_needed: 422,
  query_refused: 422,
  query_invalid: 422,
  query_too_expensive: 422,
  too_many_unpaid_orders: 429,
};
export const default_rejection_status = 409;

export function status_of_rejection(code: string): number {
  return rejection_status[code] ?? default_rejection_status;
}

/** The same bytes for what does not exist and for what belongs to somebody else. */
export const not_found = () => new Problem(404, 'not_found', 'There is nothing here, or it is not yours.');

/**
 * A business no as the reply that is stored under the idempotency key. `request_id` is that of the request that was decided, so that its repetition
 * gets the same bytes; where there is none, the door fills in its own.
 */
export function problem_reply(rejection: Rejection, request_id?: string): Reply {
  const { rejection: code, detail, extra } = rejection;
  const more = extra === undefined ? {} : { extra };
  const problem =
    code === 'not_found' ? not_found() : new Problem(status_of_rejection(code), code, detail ?? `${code.replaceAll('_', ' ')}.`, more);
  return { status: problem.status, body: problem_document(problem, request_id), headers: problem_headers(problem) };
}

const retryable = new Set([408, 429, 503]);

/** RFC 9457 with our members (api.md 1). */
export function problem_document(problem: Problem, request_id: string | undefined): Row {
  const own = {
    type: `urn:cartwright:problem:${problem.code}`,
    title: problem.code.replaceAll('_', ' ').replace(/^./, first => first.toUpperCase()),
    status: problem.status,
    detail: problem.detail,
    code: problem.code,
    ...(request_id === undefined ? {} : { request_id }),
    retryable: retryable.has(problem.status) || problem.code === 'idempotency_in_progress',
  };
  // Nothing that a service adds stands in the place of the standard's own members.
  return { ...own, errors: problem.errors.map(error => ({ ...error })), ...problem.extra, ...own };
}

/** 401, 429 and 503 always say what their status asks for, whoever threw them. */
export function problem_headers(problem: Problem): Record<string, string> {
  const { status } = problem;
  return {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 401 ? { 'www-authenticate': 'Bearer realm="cartwright"' } : {}),
    ...(status === 429 || status === 503 ? { 'retry-after': '1' } : {}),
    ...Object.fromEntries(Object.entries(problem.headers).map(([name, value]) => [name.toLowerCase(), value])),
  };
}
