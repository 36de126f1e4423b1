/** What a page of another origin may ask, as its browser asks it. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { order_token } from '../platform/tokens.ts';
import type { Door } from './door.ts';
import { admin_password, publishable_key, secret_key, server_secret, type TestDoor, test_door } from './testing/door.ts';

const shop = 'https://shop.example';
const ord = 'ord_01hzx3v5qjf0k8m2n4p6r8t0v2';
let at: TestDoor;
let named: Door;
let anybody: Door;
before(async () => {
  at = await test_door();
  named = await at.open({ cors_origins: [shop, 'http://localhost:5173'] });
  anybody = await at.open({ cors_origins: ['*'] });
});
after(async () => {
  await Promise.all([named.close(), anybody.close()]);
  await at.close();
});

interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly origin?: string;
  readonly key?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}
async function ask(door: Door, { method = 'GET', path, origin, key, headers, body }: Asked) {
  const response = await fetch(door.url + path, {
    method,
    headers: {
      ...(origin === undefined ? {} : { origin }),
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(method === 'POST'
        ? { 'content-type': 'application/json', 'idempotency-key': `${path} ${Math.round(performance.now() * 1_000)}` }
        : {}),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, code: /"code":"(\w+)"/.exec(text)?.[1] };
}
const preflight = (door: Door, path: string, method: string, origin = shop) =>
  ask(door, {
    method: 'OPTIONS',
    path,
    origin,
    headers: { 'access-control-request-method': method, 'access-control-request-headers': 'authorization,content-type,idempotency-key' },
  });
const order = '{"currency":"GBP","lines":[{"sku":"A","quantity":1}]}';
const allowed = ({ headers }: { headers: Headers }) => headers.get('access-control-allow-origin');

describe('a preflight', () => {
  it('of a named origin is answered for what a browser’s credentials open', async () => {
    for (const [path, method] of [
      ['/v1/orders', 'POST'],
      [`/v1/orders/${ord}`, 'GET'],
      [`/v1/orders/${ord}/cancel`, 'POST'],
      ['/v1/track?token=x', 'GET'],
    ] as const) {
      const { status, headers } = await preflight(named, path, method);
      assert.equal(status, 204, path);
      assert.equal(headers.get('access-control-allow-origin'), shop);
      assert.ok(headers.get('access-control-allow-methods')?.split(', ').includes(method), path);
      for (const name of ['Authorization', 'Content-Type', 'Idempotency-Key', 'If-Match', 'Last-Event-ID', 'Prefer'])
        assert.ok(headers.get('access-control-allow-headers')?.split(', ').includes(name), name);
      assert.equal(headers.get('access-control-max-age'), '600');
      assert.equal(headers.get('access-control-allow-credentials'), null);
      assert.match(headers.get('vary') ?? '', /Origin/);
    }
  });

  it('names only the methods that are open: reading all orders is not, placing one is', async () => {
    assert.equal((await preflight(named, '/v1/orders', 'POST')).headers.get('access-control-allow-methods'), 'POST');
    assert.equal((await preflight(named, '/v1/orders', 'GET')).code, 'method_not_allowed');
  });

  it('is refused for keys, sessions, staff’s routes, other origins, and where nothing was set', async () => {
    const refused: [Door, string, string, string?][] = [
      [named, '/v1/keys', 'POST'],
      [named, '/v1/session', 'POST'],
      [named, '/v1/products/A', 'PUT'],
      [named, '/v1/orders/import', 'POST'],
      [named, '/inbound/toy', 'POST'],
      [named, '/v1/nothing', 'GET'],
      [named, '/v1/orders', 'POST', 'https://evil.example'],
      [named, '/v1/orders', 'POST', 'https://shop.example.evil.example'],
      [named, '/v1/orders', 'POST', 'http://shop.example'],
      [named, '/v1/orders', 'POST', 'null'],
      [at.door, '/v1/orders', 'POST'],
      [anybody, `/v1/orders/${ord}`, 'GET'],
      [anybody, '/v1/track', 'GET'],
    ];
    for (const [door, path, method, origin] of refused) {
      const answer = await preflight(door, path, method, origin);
      assert.ok(answer.status === 405 || answer.status === 404, `${path} ${answer.status}`);
      assert.equal(allowed(answer), null, path);
      assert.equal(answer.headers.get('access-control-allow-methods'), null, path);
    }
  });

  it('of any origin is answered where `*` is set, for a publishable key’s routes', async () => {
    const answer = await preflight(anybody, '/v1/orders', 'POST', 'https://anybody.example');
    assert.deepEqual([answer.status, allowed(answer)], [204, '*']);
    assert.equal(answer.headers.get('access-control-allow-credentials'), null);
  });

  it('that is none is a method that nobody knows', async () => {
    assert.equal((await ask(named, { method: 'OPTIONS', path: '/v1/orders' })).code, 'method_not_allowed');
    assert.equal((await ask(named, { method: 'OPTIONS', path: '/v1/nothing', origin: shop })).code, 'not_found');
  });
});

describe('a request from another origin', () => {
  it('is answered so that the page may read it, errors and streams too', async () => {
    const placed = await ask(named, { method: 'POST', path: '/v1/orders', origin: shop, key: publishable_key, body: order });
    assert.deepEqual([placed.status, allowed(placed)], [200, shop]);
    for (const name of ['Location', 'Idempotency-Replayed', 'Retry-After', 'ETag', 'X-Request-Id'])
      assert.ok(placed.headers.get('access-control-expose-headers')?.split(', ').includes(name), name);
    const wrong = await ask(named, { method: 'POST', path: '/v1/orders', origin: shop, key: 'pk_nobody_knows_this', body: order });
    assert.deepEqual([wrong.status, allowed(wrong)], [401, shop]);
    const own = await ask(named, { path: `/v1/orders/${ord}`, origin: shop, key: order_token(server_secret, ord) });
    assert.deepEqual([own.status, allowed(own)], [200, shop]);
  });

  it('that is not named is answered without leave to read it', async () => {
    const answer = await ask(named, {
      method: 'POST',
      path: '/v1/orders',
      origin: 'https://evil.example',
      key: publishable_key,
      body: order,
    });
    assert.equal(allowed(answer), null);
    assert.match(answer.headers.get('vary') ?? '', /Origin/);
  });

  it('with a secret key is refused everywhere, and with a publishable one where that opens nothing', async () => {
    for (const door of [named, anybody, at.door]) {
      for (const path of ['/v1/orders', '/v1/keys', `/v1/orders/${ord}`]) {
        const { status, code } = await ask(door, { path, origin: shop, key: secret_key });
        assert.deepEqual([status, code], [403, 'secret_key_in_browser'], path);
      }
    }
    assert.equal(
      (await ask(named, { path: '/v1/orders', origin: named.url, key: secret_key })).status,
      200,
      'the reference page’s own origin',
    );
    assert.equal((await ask(named, { path: '/v1/orders', origin: shop, key: publishable_key })).code, 'insufficient_scope');
  });

  it('77: brings no session along, whatever is set', async () => {
    const signed_in = await ask(named, {
      method: 'POST',
      path: '/v1/session',
      body: JSON.stringify({ username: 'admin', password: admin_password }),
    });
    const cookie = (signed_in.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const own = await ask(named, { path: '/v1/orders', headers: { cookie } });
    assert.equal(own.status, 200);
    for (const origin of [shop, 'null', 'https://evil.example', named.url.replace('127.0.0.1', 'localhost')]) {
      for (const path of ['/v1/orders', '/v1/session', `/v1/orders/${ord}`]) {
        const { status, code } = await ask(named, { path, origin, headers: { cookie } });
        assert.deepEqual([status, code], [401, 'unauthenticated'], `${origin} ${path}`);
      }
    }
  });
});
