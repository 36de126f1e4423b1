/** npm `soap`, made from the vendor's WSDL, is the judge: what it understands is the Simple Order API. And what a forger sends is refused. */
import assert from 'node:assert/strict';
import { createHash, createSign } from 'node:crypto';
import { existsSync } from 'node:fs';
import { describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Client, createClientAsync, WSSecurity, WSSecurityCert } from 'soap';
import type { StandIn } from '../stand_in.ts';
import { type CybersourceOptions, path, start_cybersource } from './cybersource.ts';
import { foreign_certificate, foreign_key, test_certificate, test_key } from './test_certificate.ts';

const wsdl = fileURLToPath(new URL('../../../shared/third-party/cybersource/CyberSourceTransaction_1.224.wsdl', import.meta.url));
const without_vendor = existsSync(wsdl) ? false : 'the vendor’s WSDL is not here (shared/third-party/cybersource)';
const rsa_sha256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';

async function open(t: TestContext, options: Partial<CybersourceOptions> = {}): Promise<StandIn> {
  const sim = await start_cybersource({ merchant_id: 'm1', certificate: test_certificate, ...options });
  t.after(() => sim.stop());
  return sim;
}
const movements = (sim: StandIn) => sim.ledger().map(entry => `${entry.kind} ${entry.amount}`);

interface Reply {
  readonly requestID: string;
  readonly decision: string;
  readonly reasonCode: string;
  readonly [field: string]: unknown;
}
async function client_of(sim: StandIn, security: Parameters<Client['setSecurity']>[0]): Promise<(message: object) => Promise<Reply>> {
  const client = await createClientAsync(wsdl, { endpoint: sim.url + path });
  client.setSecurity(security);
  // The WSDL has one operation; `soap` types none.
  const run = client['runTransactionAsync'] as (message: object) => Promise<[Reply]>;
  return async message => (await run.call(client, { merchantID: 'm1', ...message }))[0];
}
const signs = (key = test_key, certificate = test_certificate) =>
  new WSSecurityCert(key, certificate, '', {
    hasTimeStamp: false,
    signatureAlgorithm: rsa_sha256,
    digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
  });

let references = 0;
const run = { attributes: { run: 'true' } };
const billTo = {
  firstName: 'Ada',
  lastName: 'Lovelace',
  street1: '12 Square',
  city: 'London',
  postalCode: 'SW1Y 4JH',
  country: 'GB',
  email: 'ada@example.com',
};
const card = { accountNumber: '4111111111111111', expirationMonth: '12', expirationYear: '2031', cvNumber: '123', cardType: '001' };
function authorization(amount: string, more: object = {}): object {
  references += 1;
  return {
    merchantReferenceCode: `ref-${references}`,
    billTo,
    purchaseTotals: { currency: 'EUR', grandTotalAmount: amount },
    card,
    ccAuthService: run,
    ...more,
  };
}
const service = (name: string, content: object) => ({ [name]: { ...run, ...content } });
const totals = (amount: string) => ({ purchaseTotals: { currency: 'EUR', grandTotalAmount: amount } });

describe('npm soap as a client made from the vendor’s WSDL', { skip: without_vendor }, () => {
  test('authorizes by card, captures, credits; the replies are of the schema', async t => {
    const sim = await open(t);
    const ask = await client_of(sim, signs());
    const authorized = await ask(authorization('100.00'));
    assert.deepEqual([authorized.decision, String(authorized.reasonCode), authorized.requestID.length], ['ACCEPT', '100', 22]);
    assert.deepEqual((authorized['ccAuthReply'] as Reply)['amount'], '100.00');
    const captured = await ask({
      merchantReferenceCode: 'c1',
      ...totals('70.00'),
      ...service('ccCaptureService', { authRequestID: authorized.requestID }),
    });
    assert.equal(captured.decision, 'ACCEPT');
    const credited = await ask({
      merchantReferenceCode: 'c2',
      ...totals('20.00'),
      ...service('ccCreditService', { captureRequestID: captured.requestID }),
    });
    assert.equal((credited['ccCreditReply'] as Reply)['amount'], '20.00');
    assert.deepEqual(movements(sim), ['authorized 10000', 'captured 7000', 'voided 3000', 'refunded 2000']);
  });

  test('reverses by requestID, and by the name of a message that nobody answered', async t => {
    const sim = await open(t);
    const ask = await client_of(sim, signs());
    const { requestID } = await ask(authorization('10.00', { merchantTransactionIdentifier: 'mti-1' }));
    const by_id = { merchantReferenceCode: 'r1', ...totals('10.00'), ...service('ccAuthReversalService', { authRequestID: requestID }) };
    assert.deepEqual([(await ask(by_id)).decision, String((await ask(by_id)).reasonCode)], ['ACCEPT', '237']);
    await ask(authorization('11.00', { merchantTransactionIdentifier: 'mti-2' }));
    const by_name = { merchantReferenceCode: 'r2', ...totals('11.00'), ccAuthReversalService: run, merchantTransactionIdentifier: 'mti-2' };
    assert.equal((await ask(by_name)).decision, 'ACCEPT');
    assert.equal(String((await ask({ ...by_name, merchantTransactionIdentifier: 'mti-3' })).reasonCode), '241');
    assert.deepEqual(movements(sim), ['authorized 1000', 'voided 1000', 'authorized 1100', 'voided 1100']);
  });

  test('the cents decide', async t => {
    const ask = await client_of(await open(t), signs());
    const rows: Record<string, string> = {};
    for (const cents of ['02', '04', '05', '10', '11', '20', '30', '50', '51', '75', '80', '81', '99']) {
      const { decision, reasonCode } = await ask(authorization(`7.${cents}`));
      rows[cents] = `${decision} ${reasonCode}`;
    }
    assert.deepEqual(rows, {
      ...{
        '02': 'REJECT 202',
        '04': 'REJECT 204',
        '05': 'REJECT 205',
        '10': 'ACCEPT 110',
        '11': 'REJECT 211',
        '20': 'ACCEPT 120',
        '30': 'REJECT 230',
      },
      ...{ '50': 'ERROR 150', '51': 'ERROR 151', '75': 'REJECT 478', '80': 'REVIEW 480', '81': 'REJECT 481', '99': 'REJECT 999' },
    });
  });

  test('the same reference within 15 minutes is 104, the same identifier within 60 days 105', async t => {
    const clock = { ms: 1_800_000_000_000 };
    const ask = await client_of(await open(t, { now_ms: () => clock.ms }), signs());
    const message = authorization('10.00', { merchantTransactionIdentifier: 'once' });
    const codes: string[] = [];
    for (const minutes of [0, 14, 2, 59 * 24 * 60, 2 * 24 * 60]) {
      clock.ms += minutes * 60_000;
      codes.push(String((await ask(message)).reasonCode));
    }
    assert.deepEqual(codes, ['100', '104', '105', '105', '100']);
  });

  test('what is missing is named', async t => {
    const ask = await client_of(await open(t), signs());
    const { reasonCode, missingField } = await ask(authorization('10.00', { billTo: { ...billTo, city: undefined } }));
    assert.deepEqual([String(reasonCode), [missingField].flat()], ['101', ['c:billTo/city']]);
    assert.equal(String((await ask(authorization('10.001'))).reasonCode), '102');
    assert.equal(String((await ask({ ...authorization('10.00'), merchantID: 'other' })).reasonCode), '234');
  });

  test('a certificate of somebody else, and a UsernameToken, are refused; that one is taken where it is asked for', async t => {
    const sim = await open(t);
    for (const security of [
      signs(foreign_key, foreign_certificate),
      signs(foreign_key, test_certificate),
      new WSSecurity('m1', 'key', { passwordType: 'PasswordText' }),
    ])
      await assert.rejects((await client_of(sim, security))(authorization('10.00')), /FailedCheck/);
    assert.deepEqual(movements(sim), []);
    const legacy = await open(t, { legacy_transaction_key: 'key' });
    const ask = await client_of(legacy, new WSSecurity('m1', 'key', { passwordType: 'PasswordText', hasTimeStamp: false }));
    assert.equal((await ask(authorization('10.00'))).decision, 'ACCEPT');
    const wrong = await client_of(legacy, new WSSecurity('m1', 'guess', { passwordType: 'PasswordText', hasTimeStamp: false }));
    await assert.rejects(wrong(authorization('10.00')), /FailedCheck/);
  });
});

// --- forgers, by hand: not one byte of this comes from a library

const soap = 'http://schemas.xmlsoap.org/soap/envelope/';
const wss = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity';
const data = 'urn:schemas-cybersource-com:transaction-data-1.224';
const digest = (text: string, hash = 'sha256') => createHash(hash).update(text).digest('base64');
const message = (amount: string, parts = '') =>
  `<requestMessage xmlns="${data}"><merchantID>m1</merchantID><merchantReferenceCode>f-1</merchantReferenceCode><billTo><firstName>A</firstName><lastName>B</lastName><street1>C</street1><city>D</city><country>GB</country><email>a@b.c</email></billTo>${parts}<purchaseTotals><currency>EUR</currency><grandTotalAmount>${amount}</grandTotalAmount></purchaseTotals><recurringSubscriptionInfo><subscriptionID>sim_visa</subscriptionID></recurringSubscriptionInfo><ccAuthService run="true"></ccAuthService></requestMessage>`;
const body = (content: string, id = 'Body') =>
  `<s:Body xmlns:s="${soap}" xmlns:u="${wss}-utility-1.0.xsd" u:Id="${id}">${content}</s:Body>`;

interface Forgery {
  readonly signed: string;
  readonly sent?: string;
  readonly method?: string;
  readonly hash?: string;
  readonly digest_method?: string;
  readonly digest_hash?: string;
  readonly reference?: string;
  readonly header?: string;
}
function letter({
  signed,
  sent = signed,
  method = rsa_sha256,
  hash = 'sha256',
  digest_method = 'http://www.w3.org/2001/04/xmlenc#sha256',
  digest_hash = 'sha256',
  reference = '#Body',
  header = '',
}: Forgery): string {
  const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#';
  const info = `<d:SignedInfo xmlns:d="http://www.w3.org/2000/09/xmldsig#"><d:CanonicalizationMethod Algorithm="${exclusive}"></d:CanonicalizationMethod><d:SignatureMethod Algorithm="${method}"></d:SignatureMethod><d:Reference URI="${reference}"><d:Transforms><d:Transform Algorithm="${exclusive}"></d:Transform></d:Transforms><d:DigestMethod Algorithm="${digest_method}"></d:DigestMethod><d:DigestValue>${digest(signed, digest_hash)}</d:DigestValue></d:Reference></d:SignedInfo>`;
  const value = createSign(hash).update(info).sign(test_key, 'base64');
  const token = test_certificate.replace(/-----[A-Z ]+-----|\s/g, '');
  return `<s:Envelope xmlns:s="${soap}"><s:Header>${header}<w:Security xmlns:w="${wss}-secext-1.0.xsd" s:mustUnderstand="1"><w:BinarySecurityToken xmlns:u="${wss}-utility-1.0.xsd" u:Id="X509Token">${token}</w:BinarySecurityToken><d:Signature xmlns:d="http://www.w3.org/2000/09/xmldsig#">${info}<d:SignatureValue>${value}</d:SignatureValue><d:KeyInfo><w:SecurityTokenReference><w:Reference URI="#X509Token"></w:Reference></w:SecurityTokenReference></d:KeyInfo></d:Signature></w:Security></s:Header>${sent}</s:Envelope>`;
}
async function post(sim: StandIn, text: string | Uint8Array<ArrayBuffer>): Promise<{ status: number; text: string }> {
  const reply = await fetch(sim.url + path, { method: 'POST', headers: { 'content-type': 'text/xml' }, body: text });
  return { status: reply.status, text: await reply.text() };
}

test('a letter signed by hand is taken', async t => {
  const sim = await open(t);
  const { status, text } = await post(sim, letter({ signed: body(message('10.00')) }));
  assert.match(text, /<c:decision>ACCEPT</);
  assert.deepEqual([status, movements(sim)], [200, ['authorized 1000']]);
});

const good = body(message('10.00'));
const forgeries: readonly (readonly [string, string])[] = [
  ['another amount than signed', letter({ signed: good, sent: body(message('90.00')) })],
  ['a signature by SHA-1', letter({ signed: good, method: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1', hash: 'sha1' })],
  ['a digest by SHA-1', letter({ signed: good, digest_method: 'http://www.w3.org/2000/09/xmldsig#sha1', digest_hash: 'sha1' })],
  ['no signature', letter({ signed: good }).replace(/<d:Signature .*<\/d:Signature>/, '')],
  ['no security at all', `<s:Envelope xmlns:s="${soap}"><s:Header></s:Header>${good}</s:Envelope>`],
  ['no certificate', letter({ signed: good }).replace(/<w:BinarySecurityToken.*<\/w:BinarySecurityToken>/, '')],
  [
    'the signed body wrapped into the header, another one executed',
    letter({ signed: good, sent: body(message('90.00'), 'Other'), header: `<wrapped>${good}</wrapped>` }),
  ],
  ['the same with the same id twice', letter({ signed: good, sent: body(message('90.00')), header: `<wrapped>${good}</wrapped>` })],
  ['a body without an id', letter({ signed: good, sent: good.replace(/ u:Id="Body"/, '') })],
  // CVE-2025-29775, -29774: the digest or the signed part is read in two ways.
  [
    'a comment in the digest',
    letter({ signed: good, sent: body(message('90.00')) }).replace(
      '<d:DigestValue>',
      `<d:DigestValue><!--${digest(body(message('90.00')))}-->`,
    ),
  ],
  [
    'two SignedInfo',
    letter({ signed: good, sent: body(message('90.00')) }).replace('</d:SignedInfo>', '</d:SignedInfo><d:SignedInfo></d:SignedInfo>'),
  ],
  ['something else signed', letter({ signed: good, reference: '#X509Token' })],
  ['the whole document signed', letter({ signed: good, reference: '' })],
];
for (const [name, text] of forgeries)
  test(`${name}: refused`, async t => {
    const sim = await open(t);
    const reply = await post(sim, text);
    assert.match(reply.text, /<faultcode>wsse:FailedCheck</);
    assert.deepEqual([reply.status, movements(sim)], [500, []]);
  });

describe('the schema is enforced', () => {
  const shuffled = message('10.00').replace(/(<purchaseTotals>.*<\/purchaseTotals>)(<recurring.*<\/recurringSubscriptionInfo>)/, '$2$1');
  for (const [name, content] of [
    ['elements out of order', shuffled],
    ['an unknown element', message('10.00', '<surprise>1</surprise>')],
    ['the same twice', message('10.00', '<billTo></billTo>')],
    [
      'order within an address',
      message('10.00').replace('<firstName>A</firstName><lastName>B</lastName>', '<lastName>B</lastName><firstName>A</firstName>'),
    ],
    ['another version', message('10.00').replace('1.224', '1.26')],
    ['another namespace within', message('10.00').replace('<merchantID>', '<merchantID xmlns="urn:other">')],
  ] as const)
    test(`${name}: a fault of the client`, async t => {
      const sim = await open(t);
      const reply = await post(sim, letter({ signed: body(content) }));
      assert.match(reply.text, /<faultcode>soap:Client</);
      assert.deepEqual(movements(sim), []);
    });
  for (const [name, bytes] of [
    ['a document type', Buffer.from(`<!DOCTYPE a>${letter({ signed: good })}`)],
    ['no XML', Buffer.from('hello')],
    ['nothing', Buffer.from('')],
    ['not UTF-8', Buffer.from('<a>\xff</a>', 'latin1')],
    ['two bodies', Buffer.from(letter({ signed: good, sent: good + good.replace('"Body"', '"B2"') }))],
  ] as const)
    test(`${name}: a fault of the client`, async t => {
      assert.match((await post(await open(t), bytes)).text, /<faultcode>soap:Client</);
    });
});
