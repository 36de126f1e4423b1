import assert from 'node:assert/strict';
import { test } from 'node:test';
import { text_at } from './parse.ts';
import { read_soap, soap_body, soap_envelope, soap_namespace, soap_namespaces } from './soap.ts';
import { element, write_xml } from './write.ts';

const read = (inside: string, namespace = soap_namespace) =>
  read_soap(Buffer.from(`<s:Envelope xmlns:s="${namespace}" xmlns:t="urn:t">${inside}</s:Envelope>`));

test('what we write is read: header and body', () => {
  const envelope = soap_envelope([element('t:key', '1')], soap_body(element('t:ask', [element('t:what', 'a & b')])));
  const reply = read_soap(Buffer.from(write_xml(envelope, { ...soap_namespaces, t: 'urn:t' })));
  assert.equal(reply.soap, 'reply');
  if (reply.soap !== 'reply') return;
  assert.equal(text_at(reply.header, 'key'), '1');
  assert.equal(text_at(reply.content, 'what'), 'a & b');
});

test('without header blocks there is no header', () =>
  assert.doesNotMatch(write_xml(soap_envelope([], soap_body(element('a'))), soap_namespaces), /Header/));

test('a fault tells its code without prefix, its text and detail', () => {
  const fault = read(
    '<s:Body><s:Fault><faultcode>t:FailedCheck</faultcode><faultstring> no </faultstring><detail><t:id>7</t:id></detail></s:Fault></s:Body>',
  );
  assert.equal(fault.soap, 'fault');
  if (fault.soap !== 'fault') return;
  assert.deepEqual([fault.code, fault.text, text_at(fault.detail, 'id')], ['FailedCheck', 'no', '7']);
});

test('an element that is named Fault in another namespace is a reply', () =>
  assert.equal(read('<s:Body><t:Fault><faultcode>s:Server</faultcode></t:Fault></s:Body>').soap, 'reply'));

for (const [name, reply] of [
  ['an empty body', read('<s:Body/>')],
  ['no body', read('<s:Header/>')],
  ['two bodies', read('<s:Body><t:a/></s:Body><s:Body><t:b/></s:Body>')],
  ['two elements in the body', read('<s:Body><t:a/><t:b/></s:Body>')],
  ['a body of another namespace', read('<t:Body><t:a/></t:Body>')],
  ['SOAP 1.2', read('<s:Body><t:a/></s:Body>', 'http://www.w3.org/2003/05/soap-envelope')],
  ['a document type', read_soap(Buffer.from('<!DOCTYPE a><a/>'))],
  ['a page of HTML', read_soap(Buffer.from('<html><body><h1>503</h1></body></html>'))],
  ['half a reply', read_soap(Buffer.from(`<s:Envelope xmlns:s="${soap_namespace}"><s:Body><a>`))],
  ['nothing', read_soap(new Uint8Array())],
] as const)
  test(`${name} is unreadable, with a reason`, () => {
    assert.equal(reply.soap, 'unreadable');
    assert.ok(reply.soap === 'unreadable' && reply.detail.length > 5);
  });
