/** The forms we send to Stripe: exactly the fields of integrations.md 4, made from the frozen request alone, so that a repeat is byte-equal. */
import type { Operation } from '../../../platform/service.ts';
import { to_stripe_amount } from './currencies.ts';
import type { AuthorizeRequest, CaptureRequest, RefundRequest } from './port.ts';
import type { Fields } from './stripe_api.ts';

/** `undefined` where Stripe cannot express the amount. */
export function create_form(operation: Operation, request: AuthorizeRequest, multi_capture: boolean): Fields | undefined {
  const amount = to_stripe_amount(request.amount, request.currency);
  if (amount === undefined) return undefined;
  const manual = request.intent === 'authorize';
  return [
    ['amount', amount],
    ['currency', request.currency.toLowerCase()],
    ['capture_method', manual ? 'manual' : 'automatic'],
    ['confirm', true],
    ['payment_method', request.method],
    ['automatic_payment_methods[enabled]', true],
    ...(request.return_url
      ? ([['return_url', request.return_url]] as const)
      : ([['automatic_payment_methods[allow_redirects]', 'never']] as const)),
    ['payment_method_options[card][request_multicapture]', manual && multi_capture ? 'if_available' : undefined],
    ['metadata[order_id]', request.order_id],
    ['metadata[payment_id]', request.payment_id],
    ['metadata[operation_id]', operation.op_id],
    ['metadata[attempt]', request.attempt_no],
    ['description', request.description],
    ['statement_descriptor_suffix', request.statement_descriptor_suffix],
    ['receipt_email', request.receipt_email],
    ...shipping(request),
    ['expand[0]', 'latest_charge'],
  ];
}

function shipping({ shipping: to }: AuthorizeRequest): Fields {
  if (!to) return [];
  return [
    ['shipping[name]', to.name],
    ['shipping[phone]', to.phone],
    ['shipping[address][line1]', to.line1],
    ['shipping[address][line2]', to.line2],
    ['shipping[address][city]', to.city],
    ['shipping[address][state]', to.region],
    ['shipping[address][postal_code]', to.postal_code],
    ['shipping[address][country]', to.country],
  ];
}

/** The mark by which a capture is recognised among several: `metadata[capture_2]` is its operation. */
export function capture_mark(request: CaptureRequest): string {
  return `capture_${request.capture_no}`;
}
export function capture_form(operation: Operation, request: CaptureRequest): Fields | undefined {
  const amount = to_stripe_amount(request.amount, request.currency);
  if (amount === undefined) return undefined;
  return [
    ['amount_to_capture', amount],
    // Only where more captures follow: without multicapture Stripe refuses the field.
    ['final_capture', request.final ? undefined : false],
    [`metadata[${capture_mark(request)}]`, operation.op_id],
    ['expand[0]', 'latest_charge'],
  ];
}

export function cancel_form(): Fields {
  return [
    ['cancellation_reason', 'requested_by_customer'],
    ['expand[0]', 'latest_charge'],
  ];
}

export function release_form(): Fields {
  return [
    ['amount_to_capture', 0],
    ['final_capture', true],
    ['expand[0]', 'latest_charge'],
  ];
}

export function refund_form(operation: Operation, request: RefundRequest): Fields | undefined {
  const amount = to_stripe_amount(request.amount, request.currency);
  if (amount === undefined) return undefined;
  return [
    ['payment_intent', request.gateway_ref],
    ['amount', amount],
    ['reason', 'requested_by_customer'],
    ['metadata[refund_id]', request.refund_id],
    ['metadata[payment_id]', request.payment_id],
    ['metadata[order_id]', request.order_id],
    ['metadata[operation_id]', operation.op_id],
    ['metadata[reason]', request.reason],
  ];
}
