import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { event_contracts } from '../contracts/index.ts';
import { type TestDoor, test_door } from './testing/door.ts';

let at: TestDoor;
// OpenAPI's own shape, as far as these tests look into it.
interface Operation {
  readonly operationId: string;
  readonly security: readonly Record<string, unknown>[];
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly requestBody?: { readonly required: boolean; readonly content: Record<string, { readonly schema: Record<string, unknown> }> };
  readonly responses: Record<string, { readonly description?: string; readonly content?: object; readonly $ref?: string }>;
}
interface Document {
  readonly openapi: string;
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: object; readonly responses: object; readonly securitySchemes: object };
}
let api: Document;

before(async () => {
  at = await test_door({ reference: true });
  api = JSON.parse(await (await fetch(`${at.url}/openapi.json`)).text());
});
after(() => at.close());

describe('/openapi.json', () => {
  it('describes every route, and no other', () => {
    const described = Object.entries(api.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map(method => `${method.toUpperCase()} ${path}`),
    );
    const mounted = at.door.routes.map(route => `${route.method} ${route.path.replace(/:(\w+)/g, '{$1}')}`);
    assert.deepEqual(described.sort(), mounted.sort());
    assert.equal(api.openapi, '3.1.0');
    assert.equal(api.servers[0]?.url, at.url);
  });

  it('says who may call, with which headers, and what comes back', () => {
    const order = api.paths['/v1/orders']?.['post'];
    assert.ok(order);
    assert.deepEqual(order.security.flatMap(Object.keys), ['secret_key', 'session', 'publishable_key']);
    assert.deepEqual(
      order.parameters.map(({ name, required }) => [name, required]),
      [
        ['Idempotency-Key', true],
        ['Prefer', false],
        ['If-Match', false],
      ],
    );
    assert.equal(order.requestBody?.required, true);
    assert.equal(order.requestBody?.content['application/json']?.schema['additionalProperties'], false);
    assert.equal(order.responses['409']?.description, '`reference_taken`');
    assert.equal(order.responses['422']?.description, '`unknown_sku`');
    assert.equal(order.responses['default']?.$ref, '#/components/responses/Problem');
    assert.deepEqual(api.paths['/v1/orders/{id}']?.['get']?.security.flatMap(Object.keys), ['secret_key', 'session', 'order_token']);
    assert.deepEqual(api.paths['/v1/session']?.['post']?.security, []);
    assert.ok(api.paths['/v1/orders/import']?.['post']?.requestBody?.content['application/x-ndjson']);
  });

  it('names what it refers to, and each operation once', () => {
    const text = JSON.stringify(api);
    for (const [, section = '', name = ''] of text.matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)) {
      assert.ok(Object.hasOwn(Object(Object(api.components)[section]), name), `${section}/${name}`);
    }
    const operations = Object.values(api.paths).flatMap(Object.values<Operation>);
    assert.equal(new Set(operations.map(operation => operation.operationId)).size, operations.length);
    for (const { security } of operations)
      for (const scheme of security.flatMap(Object.keys)) assert.ok(Object.hasOwn(api.components.securitySchemes, scheme), scheme);
    assert.equal(text.includes('~'), false, 'nothing of TypeBox is left');
  });
});

describe('other documents', () => {
  it('are the events and their schemas', async () => {
    const document = await (await fetch(`${at.url}/asyncapi.json`)).text();
    assert.match(document, /^\{"asyncapi":"3/);
    for (const type of Object.keys(event_contracts)) {
      const response = await fetch(`${at.url}/schemas/${type}/1`);
      assert.equal(response.status, 200, type);
      await response.arrayBuffer();
    }
    assert.equal((await fetch(`${at.url}/schemas/order.placed/2`)).status, 404);
    assert.equal((await fetch(`${at.url}/schemas/constructor/1`)).status, 404);
  });

  it('are the reference page, whose script comes from here and which nobody frames', async () => {
    const page = await fetch(`${at.url}/docs`);
    const html = await page.text();
    assert.equal(page.headers.get('content-security-policy'), "frame-ancestors 'none'");
    assert.doesNotMatch(html, /(src|href)="https?:/);
    const script = await fetch(new URL(/<script src="([^"]+)"/.exec(html)?.[1] ?? '', page.url));
    assert.equal(script.headers.get('content-type'), 'application/javascript; charset=utf-8');
    await script.body?.cancel();
  });

  it('tell no versions', async () => {
    assert.equal(await (await fetch(`${at.url}/healthz`)).text(), '{"status":"ok"}');
    assert.equal((await fetch(`${at.url}/metrics`)).status, 404);
  });
});
