/** The table of decisions and reasons (integrations.md 5), row by row: by content where it accepts, by reason where it refuses, by decision on unknown codes. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { soap_namespace } from '../../../platform/xml/soap.ts';
import { authorize_outcome, capture_outcome, is_undone, not_ours, refund_outcome, void_outcome } from './cybersource_outcomes.ts';
import { type CybersourceReply, told } from './cybersource_reply.ts';
import { authorize, named, operation, order } from './testing/cybersource.ts';

const id = '7414022790686640803611';
function text_of(decision: string, code: string, services = ''): string {
  const fields = `<c:merchantReferenceCode>r</c:merchantReferenceCode><c:requestID>${id}</c:requestID><c:decision>${decision}</c:decision><c:reasonCode>${code}</c:reasonCode>`;
  return `<s:Envelope xmlns:s="${soap_namespace}"><s:Body><c:replyMessage xmlns:c="urn:x">${fields}<c:purchaseTotals><c:currency>EUR</c:currency></c:purchaseTotals>${services}</c:replyMessage></s:Body></s:Envelope>`;
}
const read = (text: string) => told({ answer: 'reply', status: 200, headers: {}, bytes: Buffer.from(text) });
function reply(decision: string, code: string, services = ''): CybersourceReply {
  const answer = read(text_of(decision, code, services));
  return 'reply' in answer ? answer.reply : assert.fail(JSON.stringify(answer));
}
const part = (name: string, code = '100', amount = '100.00') =>
  `<c:${name}><c:reasonCode>${code}</c:reasonCode><c:amount>${amount}</c:amount></c:${name}>`;
const [auth, captured] = [part('ccAuthReply'), part('ccCaptureReply')];

type Judged = ReturnType<typeof authorize_outcome>;
/** `declined other false: authorized 10000` */
function short(outcome: Judged): string {
  const refusal = outcome.outcome === 'declined' ? ` ${outcome.code} ${outcome.retryable ? 'again' : 'never'}` : '';
  const facts = 'value' in outcome ? ((outcome.value?.['facts'] ?? []) as unknown as { fact: string; amount: number }[]) : [];
  return [`${outcome.outcome}${refusal}`, ...facts.map(each => `${each.fact} ${each.amount}`)].join(': ');
}
const asked = authorize();
const judge = (made: CybersourceReply, intent: 'authorize' | 'charge' = 'authorize') =>
  short(not_ours(made, 'r') ?? authorize_outcome(asked, { ...order, intent }, made, 'https://shop.test/payer'));

describe('an authorization', () => {
  const no = (code: string, again: 'again' | 'never') => `declined ${code} ${again}: declined 10000`;
  const held = (code: string, again: 'again' | 'never', amount = 10_000) => `declined ${code} ${again}: authorized ${amount}`;
  const rows: readonly (readonly [string, string, string])[] = [
    ['ACCEPT 100', auth, 'ok: authorized 10000'],
    ['ACCEPT 100', part('ccAuthReply', '100', '90.00'), 'ok: authorized 9000'],
    ['ACCEPT 100', part('ccAuthReply', '100', '1e2'), 'unknown'],
    ['ACCEPT 100', '', 'unknown'],
    ['ACCEPT 100', captured, 'unknown'],
    ['ACCEPT 777', auth, 'ok: authorized 10000'],
    ['ACCEPT 110', part('ccAuthReply', '110', '50.00'), held('partial_approval', 'again', 5_000)],
    ['REJECT 110', part('ccAuthReply', '100', '50.00'), held('partial_approval', 'again', 5_000)],
    ['REVIEW 480', auth, 'pending: pending 10000'],
    ['REVIEW 777', auth, 'pending: pending 10000'],
    ['REJECT 481', auth, held('suspected_fraud', 'never')],
    ['REJECT 230', part('ccAuthReply', '230'), held('incorrect_cvc', 'again')],
    ['REJECT 200', part('ccAuthReply', '200'), held('do_not_honor', 'again')],
    ['REJECT 520', part('ccAuthReply', '520'), held('do_not_honor', 'never')],
    ['REJECT 999', auth, held('other', 'never')],
    ['REJECT 999', '', no('other', 'never')],
    ['REJECT 475', '', 'unknown'],
    ['REJECT 476', '', no('authentication_failed', 'again')],
    ['REJECT 478', '', no('authentication_failed', 'again')],
    ['REJECT 201', '', no('do_not_honor', 'never')],
    ['REJECT 202', '', no('card_expired', 'again')],
    ['REJECT 203', '', no('do_not_honor', 'never')],
    ['REJECT 204', '', no('insufficient_funds', 'again')],
    ['REJECT 205', '', no('lost_or_stolen', 'never')],
    ['REJECT 207', '', no('issuer_unavailable', 'again')],
    ['REJECT 208', '', no('card_invalid', 'never')],
    ['REJECT 210', '', no('limit_exceeded', 'again')],
    ['REJECT 211', '', no('incorrect_cvc', 'again')],
    ['REJECT 221', '', no('suspected_fraud', 'never')],
    ['REJECT 222', '', no('do_not_honor', 'never')],
    ['REJECT 231', part('ccAuthReply', '231'), no('card_invalid', 'again')],
    ['REJECT 232', '', no('card_invalid', 'never')],
    ['REJECT 233', '', no('do_not_honor', 'never')],
    ['REJECT 236', '', no('processing_error', 'again')],
    ['REJECT 240', '', no('card_invalid', 'never')],
    ...['101', '102', '234'].map(code => [`REJECT ${code}`, '', 'permanent_error'] as const),
    ...['104', '105'].map(code => [`REJECT ${code}`, '', 'unknown'] as const),
    ...['150', '151', '152', '250', '999'].map(code => [`ERROR ${code}`, auth, 'unknown'] as const),
    ['PERHAPS 100', auth, 'unknown'],
  ];
  for (const [row, services, outcome] of rows)
    test(`${row}${services === '' ? '' : ` with ${services.replace(/<[^>]*>/g, ' ').trim()}`}: ${outcome}`, () => {
      const [decision = '', code = ''] = row.split(' ');
      assert.equal(judge(reply(decision, code, services)), outcome);
    });

  test('a charge needs its capture in the reply', () => {
    assert.equal(judge(reply('ACCEPT', '100', auth + captured), 'charge'), 'ok: captured 10000');
    assert.equal(judge(reply('ACCEPT', '100', auth), 'charge'), 'unknown');
  });
  test('a reply that names another message is unknown', () =>
    assert.equal(not_ours(reply('ACCEPT', '100', auth), 'another')?.outcome, 'unknown'));
  test('the bank’s address comes with the enrollment, and must be one', () => {
    const enrolled = (url: string) =>
      judge(
        reply(
          'REJECT',
          '475',
          `<c:payerAuthEnrollReply><c:reasonCode>475</c:reasonCode><c:stepUpUrl>${url}</c:stepUpUrl><c:authenticationTransactionID>t</c:authenticationTransactionID></c:payerAuthEnrollReply>`,
        ),
      );
    assert.equal(enrolled('https://bank.test/step'), 'action_required: action_required 10000');
    for (const url of ['javascript:alert(1)', 'bank', 'file:///x']) assert.equal(enrolled(url), 'unknown', url);
  });
});

describe('what follows an authorization', () => {
  const request = { ...named, gateway_ref: 'g', amount: 10_000 };
  const at = (kind: string, extra: object = {}) => operation(kind, { ...request, ...extra });
  const capture_of = (made: CybersourceReply, repeated = false) =>
    short(capture_outcome(at('capture'), { ...request, capture_no: 1, final: true }, made, repeated));
  const void_of = (made: CybersourceReply) => short(void_outcome(at('void'), request, made));
  const refund_of = (made: CybersourceReply) => short(refund_outcome(at('refund'), { ...request, refund_id: 'rfd_1', reason: '' }, made));

  for (const code of ['235', '238', '239', '241', '242', '243', '246', '247'])
    test(`REJECT ${code} is a conflict`, () => {
      for (const judge_of of [capture_of, void_of, refund_of]) assert.equal(judge_of(reply('REJECT', code)), 'declined other never');
    });
  test('a capture that is repeated was done before, whatever it is called', () => {
    for (const code of ['104', '105', '238', '239', '242']) assert.equal(capture_of(reply('REJECT', code), true), 'ok: captured 10000');
    for (const code of ['104', '105']) assert.equal(capture_of(reply('REJECT', code)), 'unknown');
    assert.equal(capture_of(reply('REJECT', '235'), true), 'declined other never');
  });
  test('a reversal of what was reversed is done', () => assert.equal(void_of(reply('REJECT', '237')), 'ok: voided 10000'));
  test('without the service’s own reply nothing is believed', () => {
    for (const judge_of of [capture_of, void_of, refund_of]) assert.equal(judge_of(reply('ACCEPT', '100', auth)), 'unknown');
  });
  test('what is of no use to a lost one: only an answer about it says that nothing is left', () => {
    const reversed = part('ccAuthReversalReply');
    for (const [decision, code, services, undone] of [
      ['ACCEPT', '100', reversed, true],
      ['ACCEPT', '100', '', false],
      ['REJECT', '237', '', true],
      ['REJECT', '241', '', true],
      ['REJECT', '243', '', false],
      ['REJECT', '102', '', false],
      ['ERROR', '150', reversed, false],
      ['REVIEW', '480', reversed, false],
    ] as const)
      assert.equal(is_undone(reply(decision, code, services), 'reversal'), undone, `${decision} ${code}`);
  });
});

test('whatever the bytes of a reply become, there is an outcome, and money only as the reply says', () => {
  const text = text_of('ACCEPT', '100', auth);
  const change = fc.record({
    at: fc.nat({ max: text.length }),
    remove: fc.nat({ max: 12 }),
    insert: fc.string({ unit: 'binary', maxLength: 4 }),
  });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), changes => {
      const changed = changes.reduce((now, { at, remove, insert }) => now.slice(0, at) + insert + now.slice(at + remove), text);
      const answer = read(changed);
      if ('outcome' in answer) return assert.ok(['unknown', 'permanent_error'].includes(answer.outcome.outcome));
      const outcome = judge(answer.reply);
      if (outcome.startsWith('ok')) assert.equal(answer.reply.decision, 'ACCEPT');
    }),
    { numRuns: 400 },
  );
});
