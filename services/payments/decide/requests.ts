/** The requests of operations (gateways/port.ts), frozen in their rows: a repeat sends the same bytes. */
import { Compile } from 'typebox/compile';
import type { Address, PaymentRequested } from '../../../contracts/index.ts';
import type { Row } from '../../../platform/service.ts';
import { holds_card_number } from '../../../platform/strict_json.ts';
import { type AuthorizeRequest, AuthorizeSchema, type Gateway, type Step } from '../gateways/port.ts';
import { authorize_of, type OwnOperation, type Payment } from '../model.ts';
import { asked_of } from './asked.ts';

/** Personal data that only the authorization needs; it stands in that operation's row alone. */
export interface StartRequest {
  readonly method: string;
  readonly return_url: string | null;
  readonly receipt_email: string | null;
  readonly billing?: Billing | null;
}
type Billing = NonNullable<AuthorizeRequest['billing']>;

/** What orders gave us to pay with; undefined when it cannot be a token of this gateway, or may be a card number. */
export function start_request(asked: PaymentRequested['data'], gateway: Gateway | undefined): StartRequest | undefined {
  const { method_token: method = null, payer, billing = null } = asked.personal ?? {};
  if (method === null || !method_check.Check(method) || holds_card_number(method)) return undefined;
  if (gateway?.takes_method?.(method) === false) return undefined;
  const start = { method, return_url: asked.return_url ?? null, receipt_email: payer?.email ?? null };
  return gateway?.needs_billing ? { ...start, billing: billing_of(billing, payer) } : start;
}
const method_check = Compile(AuthorizeSchema.properties.method);

function billing_of(billing: Address | null, payer: Payer | null | undefined): Billing | null {
  if (billing === null) return null;
  const { line1, line2, city, region, postal_code, country } = billing;
  const [name, phone] = [billing.name ?? payer?.name ?? null, billing.phone ?? payer?.phone ?? null];
  return { name, phone, line1, line2, city, region, postal_code, country };
}
type Payer = NonNullable<NonNullable<PaymentRequested['data']['personal']>['payer']>;

/** `asked` goes along for the adapter's guard (operations.ts), which does not believe what contradicts it. */
export function request_of(payment_id: string, payment: Payment, operation: OwnOperation, start: StartRequest | undefined): Row {
  const { order_id, currency, intent, attempt_no } = payment;
  const { amount } = operation;
  const asked = asked_of(payment_id, payment);
  const gateway_ref = payment.gateway_ref ?? '';
  const earlier = earlier_of(payment);
  const common = { payment_id, order_id, currency, amount, asked, ...(earlier && { earlier }) };
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

/** What the gateway called the steps so far: the last capture that succeeded, or the authorization itself where it took the money at once. */
function earlier_of(payment: Payment): { readonly authorize?: Step; readonly capture?: Step } | undefined {
  const authorize = authorize_of(payment)?.step;
  const captured = payment.operations.findLast(operation => operation.kind === 'capture' && operation.state === 'succeeded')?.step;
  const capture = captured ?? (payment.intent === 'charge' ? authorize : undefined);
  if (authorize === undefined && capture === undefined) return undefined;
  return { ...(authorize && { authorize }), ...(capture && { capture }) };
}
