/** The services of a requestMessage: what each needs, does, and says. */
import { at, text_at } from '../soap.ts';
import {
  type Authorization,
  type Books,
  by_capture,
  by_identifier,
  type Capture,
  identifier_kept_ms,
  record,
  reference_kept_ms,
} from './books.ts';
import { approved, cents_of, cents_of_payer, means_of_payment, type Verdict, verdict_of } from './magic.ts';
import { decimal_text, minor_units } from './money.ts';
import type { Answer } from './replies.ts';

export interface Asked {
  readonly message: Element;
  readonly id: string;
  readonly reference: string;
  readonly identifier: string | undefined;
  readonly order: string;
  readonly currency: string;
  readonly amount_text: string;
  readonly amount: number | undefined;
}

const reject = (code: string, more: Partial<Answer> = {}): Answer => ({ decision: 'REJECT', code, ...more });

export function run(books: Books, message: Element, id: string): Answer {
  const reference = text_at(message, 'merchantReferenceCode');
  if (text_at(message, 'merchantID') !== books.merchant_id) return reject('234');
  if (reference === undefined) return reject('101', { missing: ['merchantReferenceCode'] });
  const currency = text_at(message, 'purchaseTotals', 'currency') ?? '';
  const amount_text = text_at(message, 'purchaseTotals', 'grandTotalAmount') ?? text_at(message, 'item', 'unitPrice') ?? '';
  const asked: Asked = {
    message,
    id,
    reference,
    identifier: text_at(message, 'merchantTransactionIdentifier'),
    order: text_at(message, 'merchantDefinedData', 'field1') ?? reference,
    currency,
    amount_text,
    amount: minor_units(amount_text, currency),
  };
  const runs = (name: string) => at(message, name)?.getAttribute('run') === 'true';
  if (runs('ccAuthService'))
    return authorize(books, asked, runs('ccCaptureService'), runs('payerAuthEnrollService'), runs('payerAuthValidateService'));
  if (runs('ccCaptureService')) return capture(books, asked);
  if (runs('ccCreditService')) return credit(books, asked);
  if (runs('ccAuthReversalService')) return reverse(books, asked);
  if (runs('voidService')) return void_capture(books, asked);
  if (runs('ccCheckStatusService')) return reject('102', { invalid: ['ccCheckStatusService'] });
  return reject('101', { missing: ['ccAuthService'] });
}

const billing = ['firstName', 'lastName', 'street1', 'city', 'country', 'email'];
function incomplete({ message, currency, amount_text, amount }: Asked): Answer | undefined {
  const missing = [
    ...billing.filter(name => text_at(message, 'billTo', name) === undefined).map(name => `billTo/${name}`),
    ...(currency === '' ? ['purchaseTotals/currency'] : []),
    ...(amount_text === '' ? ['purchaseTotals/grandTotalAmount'] : []),
  ];
  if (missing.length > 0) return reject('101', { missing });
  if (amount === undefined || amount <= 0) return reject('102', { invalid: ['purchaseTotals/grandTotalAmount'] });
  return means_of_payment(message) === undefined ? reject('231') : undefined;
}

function authorize(books: Books, asked: Asked, takes: boolean, enrolls: boolean, validates: boolean): Answer {
  const wrong = incomplete(asked) ?? used_before(books, asked, true);
  if (wrong !== undefined) return wrong;
  books.references.put(asked.reference, { at_ms: books.sim.now_ms(), authorization: null });
  if (validates) {
    const wrong_word = validate(books, asked);
    return wrong_word ?? decide(books, asked, takes, approved, [['payerAuthValidateReply', { reasonCode: '100' }]]);
  }
  if (cents_of(asked.amount_text) !== cents_of_payer) return decide(books, asked, takes, verdict_of(asked.amount_text), []);
  return enrolls ? enroll(books, asked) : reject('478', { services: [['ccAuthReply', { reasonCode: '478' }]] });
}

function enroll(books: Books, { id, message, amount_text }: Asked): Answer {
  const return_url = text_at(message, 'payerAuthEnrollService', 'returnURL');
  if (return_url === undefined) return reject('101', { missing: ['payerAuthEnrollService/returnURL'] });
  const transaction = books.sim.id('');
  books.enrollments.put(transaction, { id: transaction, return_url, amount: amount_text, state: 'waiting' });
  const fields = {
    reasonCode: '475',
    accessToken: `eyJhbGciOiJIUzI1NiJ9.${Buffer.from(JSON.stringify({ ReferenceId: id })).toString('base64url')}.c2ln`,
    veresEnrolled: 'Y',
    authenticationTransactionID: transaction,
    stepUpUrl: `${books.sim.url()}/3d-secure/${transaction}`,
  };
  return reject('475', { services: [['payerAuthEnrollReply', fields]] });
}

/** The bank's word counts once, and for the same amount. */
function validate(books: Books, { message, amount_text }: Asked): Answer | undefined {
  const enrollment = books.enrollments.get(text_at(message, 'payerAuthValidateService', 'authenticationTransactionID') ?? '');
  const good = enrollment?.state === 'success' && enrollment.amount === amount_text;
  if (enrollment !== undefined && enrollment.state !== 'waiting') books.enrollments.put(enrollment.id, { ...enrollment, state: 'used' });
  return good ? undefined : reject('476', { services: [['payerAuthValidateReply', { reasonCode: '476' }]] });
}

type Services = NonNullable<Answer['services']>;

function decide(books: Books, asked: Asked, takes: boolean, verdict: Verdict, more: Services): Answer {
  const { currency, amount = 0, id } = asked;
  const { decision, code, auth_code = code, effect, silent } = verdict;
  const held = effect === undefined ? 0 : effect === 'half' ? Math.max(1, Math.floor(amount / 2)) : amount;
  const captured = takes && decision === 'ACCEPT' && effect === 'all';
  if (held > 0)
    hold(books, asked, held, decision === 'REVIEW', takes && effect === 'all' && decision !== 'REJECT' && decision !== 'REVIEW');
  if (decision === 'ERROR') return { decision, code };
  const text = decimal_text(held, currency);
  const services: Services = [
    [
      'ccAuthReply',
      { reasonCode: auth_code, ...(held > 0 && { amount: text, authorizationCode: id.slice(-6), authorizedDateTime: at_time(books) }) },
    ],
    ...(captured ? ([['ccCaptureReply', { reasonCode: '100', requestDateTime: at_time(books), amount: text }]] as const) : []),
    ...more,
  ];
  return { decision, code, currency, services, ...(silent && { silent }) };
}

function hold(books: Books, asked: Asked, amount: number, review: boolean, captured: boolean): void {
  const { id, reference, identifier = null, order, currency } = asked;
  const capture: Capture = { id, identifier, amount, credited: 0, voided: false };
  const state = review ? 'review' : captured ? 'captured' : 'held';
  const made: Authorization = { id, reference, identifier, order, currency, amount, state, captures: captured ? [capture] : [] };
  books.authorizations.put(id, made);
  remember_identifier(books, identifier, id);
  record(books, 'authorized', id, made, amount, identifier);
  if (!captured) return;
  books.captures.put(id, id);
  record(books, 'captured', id, made, amount, identifier);
}

function capture(books: Books, asked: Asked): Answer {
  const authorization = books.authorizations.get(text_at(asked.message, 'ccCaptureService', 'authRequestID') ?? '');
  const { amount, id, currency, identifier = null } = asked;
  if (amount === undefined || amount <= 0) return reject('102', { invalid: ['purchaseTotals/grandTotalAmount'] });
  const used = used_before(books, asked, false);
  if (used !== undefined) return used;
  if (authorization === undefined) return reject('241');
  if (authorization.state !== 'held') return reject('242');
  if (authorization.currency !== currency || amount > authorization.amount) return reject('235');
  const made: Capture = { id, identifier, amount, credited: 0, voided: false };
  books.authorizations.put(authorization.id, { ...authorization, state: 'captured', captures: [made] });
  books.captures.put(id, authorization.id);
  remember_identifier(books, identifier, authorization.id);
  record(books, 'captured', id, authorization, amount, identifier);
  // One capture ends an authorization: the issuer lets the rest go.
  if (amount < authorization.amount) record(books, 'voided', id, authorization, authorization.amount - amount, identifier);
  const fields = {
    reasonCode: '100',
    requestDateTime: at_time(books),
    amount: decimal_text(amount, currency),
    reconciliationID: id.slice(-12),
  };
  const answer: Answer = { decision: 'ACCEPT', code: '100', currency, services: [['ccCaptureReply', fields]] };
  const cents = cents_of(asked.amount_text);
  if (cents === '58') return { decision: 'ERROR', code: '151' };
  return cents === '57' ? { ...answer, silent: true } : answer;
}

function credit(books: Books, asked: Asked): Answer {
  const { amount, id, currency, identifier = null } = asked;
  if (amount === undefined || amount <= 0) return reject('102', { invalid: ['purchaseTotals/grandTotalAmount'] });
  const found = by_capture(books, text_at(asked.message, 'ccCreditService', 'captureRequestID'));
  const used = used_before(books, asked, false);
  if (used !== undefined) return used;
  if (found === undefined) return reject('241');
  const { authorization, capture: of } = found;
  if (of.voided) return reject('247');
  if (authorization.currency !== currency || amount > of.amount - of.credited) return reject('235');
  const captures = authorization.captures.map(one => (one === of ? { ...of, credited: of.credited + amount } : one));
  books.authorizations.put(authorization.id, { ...authorization, captures });
  remember_identifier(books, identifier, authorization.id);
  record(books, 'refunded', id, authorization, amount, identifier);
  const fields = {
    reasonCode: '100',
    requestDateTime: at_time(books),
    amount: decimal_text(amount, currency),
    reconciliationID: id.slice(-12),
  };
  return { decision: 'ACCEPT', code: '100', currency, services: [['ccCreditReply', fields]] };
}

/** By requestID, or, when nobody answered, by the authorization's own identifier. */
function reverse(books: Books, asked: Asked): Answer {
  const named = text_at(asked.message, 'ccAuthReversalService', 'authRequestID');
  const authorization = named === undefined ? by_identifier(books, asked.identifier) : books.authorizations.get(named);
  if (authorization === undefined) return reject('241');
  const voided = authorization.captures.length > 0 && authorization.captures.every(one => one.voided);
  if (authorization.state === 'reversed') return reject('237');
  if (authorization.state === 'captured' && !voided) return reject('243');
  if (asked.amount !== authorization.amount && authorization.amount !== Math.floor((asked.amount ?? 0) / 2)) return reject('235');
  books.authorizations.put(authorization.id, { ...authorization, state: 'reversed' });
  record(books, 'voided', asked.id, authorization, authorization.amount, asked.identifier ?? null);
  const fields = { reasonCode: '100', amount: decimal_text(authorization.amount, authorization.currency), requestDateTime: at_time(books) };
  return { decision: 'ACCEPT', code: '100', currency: authorization.currency, services: [['ccAuthReversalReply', fields]] };
}

function void_capture(books: Books, asked: Asked): Answer {
  const named = text_at(asked.message, 'voidService', 'voidRequestID');
  const authorization = named === undefined ? by_identifier(books, asked.identifier) : by_capture(books, named)?.authorization;
  const of = authorization?.captures.find(one => (named === undefined ? one.identifier === asked.identifier : one.id === named));
  if (authorization === undefined || of === undefined) return reject('246');
  if (of.voided || of.credited > 0) return reject('246');
  books.authorizations.put(authorization.id, {
    ...authorization,
    captures: authorization.captures.map(one => (one === of ? { ...of, voided: true } : one)),
  });
  record(books, 'capture_voided', asked.id, authorization, of.amount, asked.identifier ?? null);
  const fields = {
    reasonCode: '100',
    requestDateTime: at_time(books),
    amount: decimal_text(of.amount, authorization.currency),
    currency: authorization.currency,
  };
  return { decision: 'ACCEPT', code: '100', services: [['voidReply', fields]] };
}

// --- names used before

/** 104: the reference of an authorization within 15 minutes. 105: an identifier within 60 days; reversals and voids name the lost one by it. */
function used_before(books: Books, { reference, identifier }: Asked, authorizes: boolean): Answer | undefined {
  const now_ms = books.sim.now_ms();
  const name = authorizes ? books.references.get(reference) : undefined;
  if (name !== undefined && now_ms - name.at_ms < reference_kept_ms) return reject('104');
  const known = identifier === undefined ? undefined : books.identifiers.get(identifier);
  return known !== undefined && now_ms - known.at_ms < identifier_kept_ms ? reject('105') : undefined;
}

function remember_identifier(books: Books, identifier: string | null, authorization: string): void {
  if (identifier !== null) books.identifiers.put(identifier, { at_ms: books.sim.now_ms(), authorization });
}

function at_time(books: Books): string {
  return new Date(books.sim.now_ms()).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
