/**
 * The requests we send to CyberSource, made from frozen requests alone. The order of the elements is the XSD's sequence and is enforced; amounts
 * are decimal text in major units. The means of payment is a token: nothing here has a place for a card number.
 */
import { element, optional, type XmlNode } from '../../../platform/xml/write.ts';
import { to_decimal_text } from './currencies.ts';
import type { AuthorizeRequest, CaptureRequest, RefundRequest, VoidRequest } from './port.ts';

/** `urn:schemas-cybersource-com:transaction-data-` and the version that the setting names. */
export const namespace_of = (version: string): string => `urn:schemas-cybersource-com:transaction-data-${version}`;

export interface Envelope {
  readonly merchant_id: string;
  /** Names this try of the operation, both as merchantReferenceCode and as merchantTransactionIdentifier: new for each that may have an effect. */
  readonly reference: string;
}
export interface Authentication {
  /** Of the enrollment that asked for the payer's word. */
  readonly transaction_id: string;
  /** 3-D Secure 1: what the payer's browser brought back. */
  readonly signed_pares?: string;
}

/** Elements of requestMessage in the XSD's order; what is absent is left out. */
interface Parts {
  readonly billing?: AuthorizeRequest['billing'];
  readonly email?: string | null | undefined;
  readonly totals?: { readonly amount: number; readonly currency: string };
  readonly method?: string;
  readonly order_id: string;
  readonly services: readonly XmlNode[];
}

export function authorize_message(envelope: Envelope, request: AuthorizeRequest, return_url: string | undefined): XmlNode {
  const enroll =
    return_url === undefined
      ? []
      : [service('payerAuthEnrollService', [element('returnURL', return_url), element('transactionMode', 'S')])];
  return message(envelope, { ...paid_by(request), services: [...money_services(request), ...enroll] });
}

/** After the payer's word: checked, and with it the money is asked for. */
export function validate_message(envelope: Envelope, request: AuthorizeRequest, { transaction_id, signed_pares }: Authentication): XmlNode {
  const validate = service('payerAuthValidateService', [
    optional('signedPARes', signed_pares),
    element('authenticationTransactionID', transaction_id),
  ]);
  return message(envelope, { ...paid_by(request), services: [...money_services(request), validate] });
}

export function capture_message(envelope: Envelope, request: CaptureRequest): XmlNode {
  const { ref, token } = request.earlier?.authorize ?? { ref: request.gateway_ref };
  const capture = service('ccCaptureService', [element('authRequestID', ref), optional('authRequestToken', token)]);
  return message(envelope, { ...request_parts(request), services: [capture] });
}

export function reversal_message(envelope: Envelope, request: VoidRequest): XmlNode {
  const { ref, token } = request.earlier?.authorize ?? { ref: request.gateway_ref };
  const reversal = service('ccAuthReversalService', [element('authRequestID', ref), optional('authRequestToken', token)]);
  return message(envelope, { ...request_parts(request), services: [reversal] });
}

/** The time-out reversal: an authorization that nobody answered is named by its own reference. */
export function lost_reversal_message(envelope: Envelope, request: AuthorizeRequest): XmlNode {
  return message(envelope, { ...request_parts(request), services: [service('ccAuthReversalService', [])] });
}
/** The same for money that was to be taken at once. */
export function lost_void_message(envelope: Envelope, { order_id }: AuthorizeRequest): XmlNode {
  return message(envelope, { order_id, services: [service('voidService', [])] });
}

export function credit_message(envelope: Envelope, request: RefundRequest, ref: string, token: string | undefined): XmlNode {
  const credit = service('ccCreditService', [element('captureRequestID', ref), optional('captureRequestToken', token)]);
  return message(envelope, { ...request_parts(request), services: [credit] });
}

function paid_by(request: AuthorizeRequest): Omit<Parts, 'services'> {
  return { ...request_parts(request), billing: request.billing, email: request.receipt_email, method: request.method };
}

function request_parts({ order_id, amount, currency }: { order_id: string; amount: number; currency: string }): Omit<Parts, 'services'> {
  return { order_id, totals: { amount, currency } };
}

function money_services({ intent }: AuthorizeRequest): XmlNode[] {
  return [service('ccAuthService', []), ...(intent === 'charge' ? [service('ccCaptureService', [])] : [])];
}

function service(name: string, content: readonly (XmlNode | undefined)[]): XmlNode {
  return element(name, content, { run: 'true' });
}

function message({ merchant_id, reference }: Envelope, { billing, email, totals, method, order_id, services }: Parts): XmlNode {
  return element('requestMessage', [
    element('merchantID', merchant_id),
    element('merchantReferenceCode', reference),
    element('clientLibrary', 'Cartwright'),
    bill_to(billing, email),
    totals &&
      element('purchaseTotals', [
        element('currency', totals.currency),
        element('grandTotalAmount', to_decimal_text(totals.amount, totals.currency)),
      ]),
    ...means_of_payment(method),
    // For people in the vendor's Business Center.
    element('merchantDefinedData', [element('field1', order_id)]),
    ...services,
    element('merchantTransactionIdentifier', reference),
  ]);
}

function means_of_payment(method: string | undefined): XmlNode[] {
  if (method === undefined) return [];
  // A JWT has two dots, a subscription's id none.
  return method.includes('.')
    ? [element('tokenSource', [element('transientToken', method)])]
    : [element('recurringSubscriptionInfo', [element('subscriptionID', method)])];
}

function bill_to(billing: AuthorizeRequest['billing'], email: string | null | undefined): XmlNode | undefined {
  if (!billing) return undefined;
  const [first, last] = names_of(billing.name ?? '');
  return element('billTo', [
    optional('firstName', first),
    optional('lastName', last),
    optional('street1', billing.line1),
    optional('street2', billing.line2),
    optional('city', billing.city),
    optional('state', billing.region),
    optional('postalCode', billing.postal_code),
    element('country', billing.country),
    optional('phoneNumber', billing.phone),
    // The vendor's own word for "there is none": the element is required.
    element('email', email || 'null@cybersource.com'),
  ]);
}

/** CyberSource wants two names; who has one has it twice. */
function names_of(name: string): readonly [string, string] {
  const words = name.trim().split(/\s+/);
  const last = words.at(-1) ?? '';
  return [words.slice(0, -1).join(' ') || last, last];
}
