/** The requests of operations (gateways/port.ts), frozen in their rows: a repeat sends the same bytes. */
import type { PaymentRequested } from '../../../contracts/index.ts';
import type { Row } from '../../../platform/service.ts';
import { authorize_of, type OwnOperation, type Payment } from '../model.ts';
import { asked_of } from './asked.ts';

/** Personal data that only the authorization needs; it stands in that operation's row alone. */
export interface StartRequest {
  readonly method: string;
  readonly return_url: string | null;
  readonly receipt_email: string | null;
}

/** What orders gave us to pay with; undefined when it cannot be a gateway's token. */
export function start_request(asked: PaymentRequested['data']): StartRequest | undefined {
  const method = asked.personal?.method_token ?? '';
  if (!/^[A-Za-z][A-Za-z0-9]*_[A-Za-z0-9_]+$/.test(method) || method.length > 200) return undefined;
  return { method, return_url: asked.return_url ?? null, receipt_email: asked.personal?.payer?.email ?? null };
}

/** `asked` goes along for the adapter's guard (operations.ts), which does not believe what contradicts it. */
export function request_of(payment_id: string, payment: Payment, operation: OwnOperation, start: StartRequest | undefined): Row {
  const { order_id, currency, intent, attempt_no } = payment;
  const { amount } = operation;
  const asked = asked_of(payment_id, payment);
  const gateway_ref = payment.gateway_ref ?? '';
  const common = { payment_id, order_id, currency, amount, asked };
  switch (operation.kind) {
    case 'authorize':
      return { ...common, intent, attempt_no, description: `Order ${order_id}`, ...start };
    case 'capture':
      return { ...common, gateway_ref, capture_no: operation.parts.at(-1)?.capture_no ?? 1, final: operation.final };
    case 'void':
      return { ...common, gateway_ref };
    case 'refund':
      return { ...common, gateway_ref, refund_id: operation.refund_id, reason: operation.reason };
    case 'ask':
    case 'abandon':
      return { ...common, gateway_ref, authorize_op_id: authorize_of(payment)?.op_id ?? '' };
  }
}
