import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Parser } from '@asyncapi/parser';
import { Compile } from 'typebox/compile';
import { asyncapi_document, data_schema } from './asyncapi.ts';
import { to_cloudevent } from './cloudevent.ts';
import { event_contracts, is_event_type } from './index.ts';
import { recorded } from './recorded.ts';

const base_url = 'https://shop.example';
const types = Object.keys(event_contracts).filter(is_event_type);
const official = new URL('../../shared/third-party/cloudevents/cloudevents.json', import.meta.url);

test('the AsyncAPI document is valid, with one message per event type', async () => {
  const { document, diagnostics } = await new Parser().parse(JSON.stringify(asyncapi_document(base_url)));
  assert.deepEqual(
    diagnostics.filter(({ severity }) => severity === 0),
    [],
  );
  assert.equal(document?.channels().length, 5);
  assert.equal(document?.components().messages().length, types.length);
});

test('its schemas stand alone and know nothing personal', () => {
  const { components } = JSON.parse(JSON.stringify(asyncapi_document(base_url)));
  assert.doesNotMatch(JSON.stringify(components.schemas), /\$ref|"personal"|x-personal/);
  assert.doesNotMatch(JSON.stringify(components.messages), /"personal"|x-personal|ada@example/);
});

test('every event becomes a CloudEvent that fits the published schema', () => {
  const { components } = JSON.parse(JSON.stringify(asyncapi_document(base_url)));
  for (const type of types) {
    const check = Compile(components.schemas[type]);
    const cloudevent = to_cloudevent(recorded(type), base_url);
    assert.ok(check.Check(cloudevent), `${type}: ${JSON.stringify(check.Errors(cloudevent))}`);
    assert.ok(Compile(data_schema(type, base_url)).Check(cloudevent.data), type);
  }
});

test('every CloudEvent fits the official schema', {
  skip: existsSync(official) ? false : 'the specification is not beside the project',
}, () => {
  const check = Compile(JSON.parse(readFileSync(official, 'utf8')));
  assert.ok(!check.Check({ id: '', source: '/cartwright/orders' }));
  for (const type of types) {
    const cloudevent = JSON.parse(JSON.stringify(to_cloudevent(recorded(type), base_url)));
    assert.ok(check.Check(cloudevent), `${type}: ${JSON.stringify(check.Errors(cloudevent))}`);
  }
});

test('a CloudEvent says where it comes from, what it is about and what caused it, and nothing personal', () => {
  assert.deepEqual(
    to_cloudevent({ ...recorded('payment.requested'), data: { order_id: 'ord_1', personal: { method_token: 'pm_1' } } }, `${base_url}/`),
    {
      specversion: '1.0',
      id: 'evt_01hzx3v5t3e5g7j9m1p3r5t7w9',
      source: '/cartwright/orders',
      type: 'payment.requested',
      time: '2026-05-04T09:12:00.000Z',
      subject: 'ord_01hzx3v5qjf0k8m2n4p6r8t0v2',
      sequence: '0000000003',
      partitionkey: 'ord_01hzx3v5qjf0k8m2n4p6r8t0v2',
      dataschema: 'https://shop.example/schemas/payment.requested/1',
      correlationid: 'ord_01hzx3v5qjf0k8m2n4p6r8t0v2',
      causationid: 'evt_01hzx3v5q1c3e5g7j9m1p3r5t7',
      datacontenttype: 'application/json',
      data: { order_id: 'ord_1' },
    },
  );
});

test('what does not apply is left out: the subject of many, the version of a summary, the order of a stock item', () => {
  const levels = to_cloudevent({ ...recorded('stock.levels_changed'), subject: '', sequence: null, cause: '' }, base_url);
  for (const attribute of ['subject', 'sequence', 'correlationid', 'causationid']) assert.ok(!(attribute in levels), attribute);
  const raised = to_cloudevent({ ...recorded('exception.raised'), source: 'suppliers', key: 'po_1' }, base_url);
  assert.deepEqual([raised.source, raised.correlationid], ['/cartwright/suppliers', 'po_1']);
  assert.equal(to_cloudevent({ ...recorded('exception.raised'), key: '22423' }, base_url).correlationid, undefined);
});
