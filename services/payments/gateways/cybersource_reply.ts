/** What a reply of CyberSource says, read by name and never by position, in whatever version of the schema; and what no readable reply proves. */
import { type Answer, outcome_of } from '../../../platform/adapters/call.ts';
import type { Outcome } from '../../../platform/service.ts';
import { child, children, text_at, type XmlElement } from '../../../platform/xml/parse.ts';
import { read_soap } from '../../../platform/xml/soap.ts';
import type { DeclineCode } from './port.ts';

/** Of one service in a reply: its own reasonCode, and the amount as it stands there. */
export interface ServiceReply {
  readonly reason_code: string;
  readonly amount: string | undefined;
}
export interface CybersourceReply {
  readonly request_id: string;
  readonly request_token: string | undefined;
  /** Ours, repeated. */
  readonly reference: string | undefined;
  readonly decision: string;
  readonly reason_code: string;
  readonly currency: string | undefined;
  readonly auth: ServiceReply | undefined;
  readonly capture: ServiceReply | undefined;
  readonly credit: ServiceReply | undefined;
  readonly reversal: ServiceReply | undefined;
  readonly void: ServiceReply | undefined;
  readonly enrollment: Enrollment | undefined;
  /** Names of elements that are missing or wrong. */
  readonly complaints: readonly string[];
}
/** What the payer's browser is to post, and where. */
export interface Enrollment {
  readonly transaction_id: string | undefined;
  readonly action: string | undefined;
  readonly access_token: string | undefined;
  readonly pa_req: string | undefined;
}
export type Told = { readonly reply: CybersourceReply } | { readonly outcome: Outcome };

const unknown = (detail: string): Told => ({ outcome: { outcome: 'unknown', detail } });

export function told(answer: Answer): Told {
  if (answer.answer !== 'reply') return { outcome: outcome_of(answer) };
  const { status, bytes, retry_after_ms } = answer;
  if (status === 429) return { outcome: { outcome: 'retryable', detail: 'HTTP 429', ...(retry_after_ms && { after_ms: retry_after_ms }) } };
  const soap = read_soap(bytes);
  if (soap.soap === 'fault') return { outcome: fault_outcome(soap.code, soap.text) };
  if (soap.soap === 'unreadable' && never_got_in.has(status))
    return { outcome: { outcome: 'permanent_error', code: `http_${status}`, detail: 'the address does not answer as CyberSource does' } };
  if (status !== 200 || soap.soap === 'unreadable') return unknown(`HTTP ${status}${'detail' in soap ? `: ${soap.detail}` : ''}`);
  const reply = reply_of(soap.content);
  return reply === undefined ? unknown('a reply without requestID, decision or reasonCode') : { reply };
}
const never_got_in: ReadonlySet<number> = new Set([301, 302, 307, 308, 400, 401, 403, 404, 405, 411, 413, 415]);

/** A signature that does not verify, or a message that is not of the schema, was not executed; what failed on their side may have been. */
function fault_outcome(code: string, text: string): Outcome {
  const detail = `soap fault ${code}: ${text}`.slice(0, 300);
  const refused =
    /^(Client|VersionMismatch|MustUnderstand|FailedCheck|FailedAuthentication|InvalidSecurity\w*|Unsupported\w+|SecurityToken\w+)/;
  return refused.test(code) ? { outcome: 'permanent_error', code: code.slice(0, 64), detail } : { outcome: 'unknown', detail };
}

function reply_of(message: XmlElement): CybersourceReply | undefined {
  const [request_id, decision, reason_code] = ['requestID', 'decision', 'reasonCode'].map(name => text_at(message, name));
  if (message.name !== 'replyMessage' || request_id === undefined || decision === undefined || reason_code === undefined) return undefined;
  if (!/^\w{1,60}$/.test(request_id)) return undefined;
  const service = (name: string): ServiceReply | undefined => {
    const found = child(message, name);
    return found && { reason_code: text_at(found, 'reasonCode') ?? '', amount: text_at(found, 'amount') };
  };
  return {
    request_id,
    request_token: text_at(message, 'requestToken')?.slice(0, 1_000),
    reference: text_at(message, 'merchantReferenceCode'),
    decision,
    reason_code,
    currency: text_at(message, 'purchaseTotals', 'currency'),
    auth: service('ccAuthReply'),
    capture: service('ccCaptureReply'),
    credit: service('ccCreditReply'),
    reversal: service('ccAuthReversalReply'),
    void: service('voidReply'),
    enrollment: enrollment_of(child(message, 'payerAuthEnrollReply')),
    complaints: ['missingField', 'invalidField'].flatMap(name => children(message, name).map(one => `${name} ${one.text.trim()}`)),
  };
}

function enrollment_of(found: XmlElement | undefined): Enrollment | undefined {
  if (found === undefined) return undefined;
  return {
    transaction_id: text_at(found, 'authenticationTransactionID') ?? text_at(found, 'xid'),
    action: text_at(found, 'stepUpUrl') ?? text_at(found, 'acsURL'),
    access_token: text_at(found, 'accessToken'),
    pa_req: text_at(found, 'paReq'),
  };
}

// --- what a reason means (integrations.md 5)

interface Refusal {
  readonly code: DeclineCode;
  /** Whether the payer may try the same method again: after a correction, or later. */
  readonly retryable: boolean;
}
const again = (code: DeclineCode): Refusal => ({ code, retryable: true });
const never = (code: DeclineCode): Refusal => ({ code, retryable: false });

const refusals: Readonly<Record<string, Refusal>> = {
  110: again('partial_approval'),
  200: again('do_not_honor'),
  201: never('do_not_honor'),
  202: again('card_expired'),
  203: never('do_not_honor'),
  204: again('insufficient_funds'),
  205: never('lost_or_stolen'),
  207: again('issuer_unavailable'),
  208: never('card_invalid'),
  210: again('limit_exceeded'),
  211: again('incorrect_cvc'),
  221: never('suspected_fraud'),
  222: never('do_not_honor'),
  230: again('incorrect_cvc'),
  231: again('card_invalid'),
  232: never('card_invalid'),
  233: never('do_not_honor'),
  236: again('processing_error'),
  240: never('card_invalid'),
  476: again('authentication_failed'),
  478: again('authentication_failed'),
  481: never('suspected_fraud'),
  520: never('do_not_honor'),
};

/** On codes that nobody here knows the decision alone counts: refused, and another way to pay may do. */
export function refusal_of({ reason_code }: CybersourceReply): Refusal {
  return refusals[reason_code] ?? never('other');
}

const set = (codes: string): ReadonlySet<string> => new Set(codes.split(' '));
/** The issuer approved before CyberSource refused: the money is held. */
const approved_first = set('200 230 481 520');
export const is_held = ({ reason_code, auth }: CybersourceReply): boolean =>
  auth !== undefined && (approved_first.has(reason_code) || auth.reason_code === '100' || auth.reason_code === '110');
export const needs_payer = ({ reason_code }: CybersourceReply): boolean => reason_code === '475';
const our_faults = set('101 102 234');
export const is_our_fault = ({ reason_code }: CybersourceReply): boolean => our_faults.has(reason_code);
const repeats = set('104 105');
/** An earlier message of ours under the same name was taken: it probably worked. */
export const is_repeat = ({ reason_code }: CybersourceReply): boolean => repeats.has(reason_code);
const conflicts = set('235 237 238 239 241 242 243 246 247');
export const is_conflict = ({ reason_code }: CybersourceReply): boolean => conflicts.has(reason_code);
const unavailable = set('207 236');
/** No hold, and worth one more try in some minutes. */
export const is_unavailable = ({ reason_code }: CybersourceReply): boolean => unavailable.has(reason_code);

export function our_fault({ reason_code, complaints }: CybersourceReply): Outcome {
  return { outcome: 'permanent_error', code: `reason_${reason_code}`, detail: complaints.join(', ').slice(0, 300) || 'no field is named' };
}
