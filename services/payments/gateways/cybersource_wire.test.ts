/**
 * What goes over the line, judged by others: xmlsec1 verifies our signature, xmllint our body against the vendor's schema, npm `soap` as a server
 * made from the vendor's WSDL understands our requests and we its replies; replies that others recorded are read, malformed ones are unknown.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createClientAsync, listen, WSSecurityCert } from 'soap';
import type { Row } from '../../../platform/service.ts';
import { child, parse_xml, type XmlElement } from '../../../platform/xml/parse.ts';
import { soap_namespace } from '../../../platform/xml/soap.ts';
import { write_xml, type XmlNode } from '../../../platform/xml/write.ts';
import { test_certificate, test_key } from '../../../sandbox/cybersource/test_certificate.ts';
import { cybersource_gateway, path } from './cybersource.ts';
import { told } from './cybersource_reply.ts';
import {
  authorize_message,
  capture_message,
  credit_message,
  lost_reversal_message,
  lost_void_message,
  namespace_of,
  reversal_message,
  validate_message,
} from './cybersource_requests.ts';
import { signed_envelope, signer_of } from './cybersource_signature.ts';
import type { Gateway } from './port.ts';
import { authorize, capture, facts_of, named, order, ref_of, refund, release, start_ms } from './testing/cybersource.ts';

const vendor = fileURLToPath(new URL('../../../../shared/third-party/cybersource/', import.meta.url));
const [wsdl, schema, replies] = ['CyberSourceTransaction_1.224.wsdl', 'CyberSourceTransaction_1.224.xsd', 'replies/'].map(name =>
  join(vendor, name),
) as [string, string, string];
const without_vendor = existsSync(wsdl) ? false : 'the vendor’s WSDL is not here (shared/third-party/cybersource)';
const signer = signer_of(test_key, test_certificate);
const namespaces = { '': namespace_of('1.224') };
const installed = (tool: string) => spawnSync(tool, ['--version']).error === undefined;

const envelope = { merchant_id: 'cartwright', reference: 'op_1-1' };
const follow = {
  ...named,
  gateway_ref: '7414022790686640803611',
  amount: 10_000,
  earlier: { authorize: { ref: '7414022790686640803611', token: 'Axj/7w==' } },
};
const messages: Readonly<Record<string, XmlNode>> = {
  authorize: authorize_message(
    envelope,
    { ...order, billing: { ...order.billing, country: 'GB', line2: 'Flat <2> & "3"', phone: '+44 20' } },
    undefined,
  ),
  'authorize with 3-D Secure': authorize_message(envelope, order, 'https://shop.test/payer/op_1?a=1&b=2'),
  'charge by transient token': authorize_message(envelope, { ...order, intent: 'charge', method: 'eyJ0eXAiOiJK.eyJ.sig' }, undefined),
  validate: validate_message(envelope, order, { transaction_id: 'abc', signed_pares: 'eJy+ab=' }),
  capture: capture_message(envelope, { ...follow, capture_no: 1, final: true }),
  reversal: reversal_message(envelope, follow),
  'reversal of a lost one': lost_reversal_message(envelope, order),
  'void of a lost one': lost_void_message(envelope, order),
  credit: credit_message(envelope, { ...follow, refund_id: 'rfd_1', reason: 'goodwill' }, '1846925324700976124593', 'AP4JZB883WKS/34BEZAz'),
};

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'cartwright-cybersource-'));
  t.after(() => rmSync(made, { recursive: true }));
  return made;
}

describe('xmlsec1 on our signatures', { skip: installed('xmlsec1') ? false : 'xmlsec1 is not installed (Debian: xmlsec1)' }, () => {
  const verify = (t: TestContext, text: string) => {
    const at = folder(t);
    writeFileSync(join(at, 'certificate.pem'), test_certificate);
    writeFileSync(join(at, 'envelope.xml'), text);
    return spawnSync(
      'xmlsec1',
      ['--verify', '--id-attr:Id', `${soap_namespace}:Body`, '--pubkey-cert-pem', 'certificate.pem', 'envelope.xml'],
      { cwd: at },
    );
  };
  for (const [name, message] of Object.entries(messages))
    test(`${name}: verified`, t => {
      const { status, stderr } = verify(t, signed_envelope(message, namespaces, signer));
      assert.equal(status, 0, stderr.toString());
    });
  test('one character changed in the body is seen', t => {
    const forged = signed_envelope(messages['authorize'] ?? assert.fail(), namespaces, signer).replace('100.00', '900.00');
    assert.notEqual(verify(t, forged).status, 0);
  });
});

describe('xmllint on our bodies', {
  skip: installed('xmllint') ? without_vendor : 'xmllint is not installed (Debian: libxml2-utils)',
}, () => {
  const judge = (t: TestContext, text: string) => {
    const at = folder(t);
    // The schema has types only: the WSDL names the element of the body.
    const element = `<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:tns="${namespaces['']}" targetNamespace="${namespaces['']}" elementFormDefault="qualified">
      <xsd:include schemaLocation="${schema}"/></xsd:schema>`;
    writeFileSync(join(at, 'all.xsd'), element);
    writeFileSync(join(at, 'body.xml'), text);
    return spawnSync('xmllint', ['--nonet', '--noout', '--schema', 'all.xsd', 'body.xml'], { cwd: at });
  };
  for (const [name, message] of Object.entries(messages))
    test(`${name}: valid`, t => {
      const { status, stderr } = judge(t, write_xml(message, namespaces));
      assert.equal(status, 0, stderr.toString());
    });
  test('an element out of order is not', t => {
    const text = write_xml(messages['authorize'] ?? assert.fail(), namespaces);
    const disorder = text.replace(/(<purchaseTotals>.*<\/purchaseTotals>)(<recurring.*<\/recurringSubscriptionInfo>)/, '$2$1');
    assert.notEqual(disorder, text);
    assert.notEqual(judge(t, disorder).status, 0);
  });
});

// --- npm `soap` as the server

interface Message {
  readonly merchantReferenceCode: string;
  readonly [field: string]: unknown;
}
/** The vendor's own WSDL answers our adapter; `say` makes the reply. */
async function served(t: TestContext, say: (message: Message) => object): Promise<{ gateway: Gateway; seen: Message[]; url: string }> {
  const seen: Message[] = [];
  const server: Server = createServer((_, response) => response.writeHead(404).end());
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.after(() => new Promise(resolve => server.close(resolve).closeAllConnections()));
  const runTransaction = (message: Message) => {
    seen.push(message);
    return { merchantReferenceCode: message.merchantReferenceCode, ...say(message) };
  };
  const ready = Promise.withResolvers<void>();
  listen(server, {
    path: '/commerce/1.x/transactionProcessor',
    services: { TransactionProcessor: { portXML: { runTransaction } } },
    xml: readFileSync(wsdl, 'utf8'),
    uri: wsdl,
    callback: (error: unknown) => (error ? ready.reject(error) : ready.resolve()),
  });
  await ready.promise;
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { gateway: gateway_at(url), seen, url };
}
function gateway_at(base_url: string): Gateway {
  const payer_url = (op_id: string) => `https://shop.test/payer/${op_id}`;
  return cybersource_gateway({
    base_url,
    merchant_id: 'cartwright',
    signer,
    schema_version: '1.224',
    timeout_ms: 5_000,
    payer_url,
    now_ms: () => start_ms,
  });
}
/** Names with their namespaces, attributes and texts, in their order; whatever the prefixes are. */
function shape(element: XmlElement | undefined): unknown {
  if (element === undefined) return undefined;
  const { namespace, name, attributes, text, children } = element;
  return [`{${namespace}}${name}`, { ...attributes }, children.length > 0 ? children.map(shape) : text];
}
const accepted = { requestID: '7414022790686640803611', decision: 'ACCEPT', reasonCode: 100, requestToken: 'Axj/7w' };

describe('npm soap as a server made from the vendor’s WSDL', { skip: without_vendor }, () => {
  const ask = (gateway: Gateway, operation: Parameters<Gateway['adapter']['perform']>[0]) =>
    gateway.adapter.perform(operation, AbortSignal.timeout(5_000), async () => true);

  test('an authorization, its capture, its reversal and a credit are understood, and so are the replies', async t => {
    const { gateway, seen } = await served(t, message => {
      const amount = ((message['purchaseTotals'] ?? {}) as Row)['grandTotalAmount'];
      const done = { reasonCode: 100, amount };
      return {
        ...accepted,
        purchaseTotals: { currency: 'EUR' },
        ...('ccAuthService' in message && { ccAuthReply: done }),
        ...('ccCaptureService' in message && { ccCaptureReply: done }),
        ...('ccCreditService' in message && { ccCreditReply: done }),
        ...('ccAuthReversalService' in message && { ccAuthReversalReply: done }),
      };
    });
    const authorized = await ask(gateway, authorize());
    assert.deepEqual([authorized.outcome, facts_of(authorized)[0]?.amount, ref_of(authorized)], ['ok', 10_000, accepted.requestID]);
    for (const [asked, fact] of [
      [capture(accepted.requestID, 7_000), 'captured 7000'],
      [release(accepted.requestID), 'voided 10000'],
      [refund(accepted.requestID, accepted.requestID, 2_501), 'refunded 2501'],
    ] as const) {
      const outcome = await ask(gateway, asked);
      assert.deepEqual([outcome.outcome, ...facts_of(outcome).map(one => `${one.fact} ${one.amount}`)], ['ok', fact]);
    }
    assert.equal(seen.length, 4);
    const [first] = seen;
    assert.deepEqual(first?.['purchaseTotals'], { currency: 'EUR', grandTotalAmount: '100.00' });
    assert.deepEqual(first?.['billTo'], {
      firstName: 'Ada King',
      lastName: 'Lovelace',
      street1: '12 Square',
      city: 'London',
      postalCode: 'SW1Y 4JH',
      country: 'GB',
      email: 'ada@example.com',
    });
    assert.equal(JSON.stringify(seen).includes('accountNumber'), false);
  });

  test('npm soap’s own request for the same authorization is ours, element by element', async t => {
    const { gateway, url } = await served(t, () => ({ ...accepted, ccAuthReply: { reasonCode: 100, amount: '100.00' } }));
    const asked = authorize();
    await ask(gateway, asked);
    const client = await createClientAsync(wsdl, { endpoint: url + path });
    client.setSecurity(
      new WSSecurityCert(test_key, test_certificate, '', {
        hasTimeStamp: false,
        signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
      }),
    );
    const reference = `${asked.op_id}-1`;
    await (client['runTransactionAsync'] as (message: object) => Promise<unknown>).call(client, {
      merchantID: 'cartwright',
      merchantReferenceCode: reference,
      clientLibrary: 'Cartwright',
      billTo: {
        firstName: 'Ada King',
        lastName: 'Lovelace',
        street1: '12 Square',
        city: 'London',
        postalCode: 'SW1Y 4JH',
        country: 'GB',
        email: 'ada@example.com',
      },
      purchaseTotals: { currency: 'EUR', grandTotalAmount: '100.00' },
      recurringSubscriptionInfo: { subscriptionID: 'sim_visa' },
      merchantDefinedData: { field1: 'ord_1' },
      ccAuthService: { attributes: { run: 'true' } },
      merchantTransactionIdentifier: reference,
    });
    const message = authorize_message({ merchant_id: 'cartwright', reference }, order, undefined);
    const ours = parse_xml(Buffer.from(write_xml(message, namespaces)));
    const theirs = child(parse_xml(Buffer.from(client.lastRequest ?? '')), 'Body', 'requestMessage');
    assert.deepEqual(shape(theirs), shape(ours));
  });

  test('a server’s fault is unknown, a client’s ours', async t => {
    const { gateway } = await served(t, message => {
      const faultcode = message.merchantReferenceCode.includes('authorize') ? 'soap:Server' : 'soap:Client';
      throw { Fault: { faultcode, faultstring: 'no', statusCode: 500 } };
    });
    assert.equal((await ask(gateway, authorize())).outcome, 'unknown');
    assert.equal((await ask(gateway, capture('1', 1))).outcome, 'permanent_error');
  });
});

// --- replies

const answered = (bytes: Uint8Array | string, status = 200) => told({ answer: 'reply', status, headers: {}, bytes: Buffer.from(bytes) });

describe('recorded replies', { skip: without_vendor }, () => {
  const read = (name: string) => {
    const answer = answered(readFileSync(join(replies, `${name}.xml`)));
    assert.ok('reply' in answer, JSON.stringify(answer));
    return answer.reply;
  };
  test('an authorization of 2025', () => {
    const reply = read('successful_authorization_certificate_response');
    assert.deepEqual(
      [reply.decision, reply.reason_code, reply.request_id, reply.currency],
      ['ACCEPT', '100', '7414022790686640803611', 'USD'],
    );
    assert.deepEqual(reply.auth, { reason_code: '100', amount: '1.00' });
    assert.equal(reply.reference, 'c7916761d2e434252a1b773b564d993c');
  });
  test('a capture of 2007, in the namespace of 1.26', () => {
    const reply = read('successful_capture_response');
    assert.deepEqual(
      [reply.request_id, reply.capture, reply.auth],
      ['1846925324700976124593', { reason_code: '100', amount: '1.00' }, undefined],
    );
  });
  test('a refusal of 2008', () => {
    const reply = read('unsuccessful_authorization_response');
    assert.deepEqual([reply.decision, reply.reason_code, reply.auth?.amount], ['REJECT', '231', undefined]);
  });
  test('cut anywhere, a reply is unknown', () => {
    const whole = readFileSync(join(replies, 'successful_authorization_certificate_response.xml'));
    for (let length = 0; length < whole.length - 1; length += 13) {
      const answer = answered(whole.subarray(0, length));
      assert.equal('outcome' in answer && answer.outcome.outcome, 'unknown', `cut at ${length}`);
    }
  });
});

describe('what cannot be read', () => {
  const body = (inside: string) => `<s:Envelope xmlns:s="${soap_namespace}"><s:Body>${inside}</s:Body></s:Envelope>`;
  const message = (inside: string) =>
    body(`<c:replyMessage xmlns:c="urn:schemas-cybersource-com:transaction-data-1.224">${inside}</c:replyMessage>`);
  const good = '<c:requestID>1</c:requestID><c:decision>ACCEPT</c:decision><c:reasonCode>100</c:reasonCode>';
  for (const [name, bytes, status, outcome] of [
    ['no requestID', message('<c:decision>ACCEPT</c:decision><c:reasonCode>100</c:reasonCode>'), 200, 'unknown'],
    ['no decision', message('<c:requestID>1</c:requestID><c:reasonCode>100</c:reasonCode>'), 200, 'unknown'],
    ['no reasonCode', message('<c:requestID>1</c:requestID><c:decision>ACCEPT</c:decision>'), 200, 'unknown'],
    ['a requestID with markup in it', message(good.replace('>1<', '>../1&lt;<')), 200, 'unknown'],
    ['another message', body('<hello/>'), 200, 'unknown'],
    ['a document type', `<!DOCTYPE a>${message(good)}`, 200, 'unknown'],
    ['UTF-16', Buffer.from(message(good), 'utf16le'), 200, 'unknown'],
    ['a page of HTML', '<html><body>down</body></html>', 200, 'unknown'],
    ['a page of HTML with 503', '<html><body>down</body></html>', 503, 'unknown'],
    ['a good reply with 500', message(good), 500, 'unknown'],
    ['another address', '<html>404</html>', 404, 'permanent_error'],
    ['a redirect', '', 302, 'permanent_error'],
    ['too many requests', '', 429, 'retryable'],
    ['a fault of theirs', body('<s:Fault><faultcode>s:Server</faultcode><faultstring>x</faultstring></s:Fault>'), 500, 'unknown'],
    ['a fault without a code', body('<s:Fault/>'), 500, 'unknown'],
    [
      'a signature that does not verify',
      body('<s:Fault><faultcode>wsse:FailedCheck</faultcode><faultstring>x</faultstring></s:Fault>'),
      500,
      'permanent_error',
    ],
  ] as const)
    test(`${name}: ${outcome}`, () => {
      const answer = answered(bytes, status);
      assert.equal('outcome' in answer && answer.outcome.outcome, outcome);
    });
  test('a reply without requestToken, reference and currency is read', () => assert.ok('reply' in answered(message(good))));
});

test('a key and a certificate that do not belong together are refused at start', () => {
  assert.throws(() => signer_of('no key', test_certificate), /there is no key in PEM/);
  assert.throws(() => signer_of(test_key, ''), /none of the certificates/);
  assert.ok(signer_of(`${test_certificate}\n${test_key}`, `${test_certificate}\n${test_key}`));
});
