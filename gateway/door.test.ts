import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { order_token } from '../platform/tokens.ts';
import { publishable_key, raw, secret_key, server_secret, type TestDoor, test_door } from './testing/door.ts';

let at: TestDoor;
before(async () => {
  at = await test_door({ public_rate: 100_000 });
});
after(() => at.close());

type Init = Omit<RequestInit, 'headers'> & { readonly headers?: Record<string, string> };
let keys_used = 0;

async function ask(path: string, init: Init = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${secret_key}`, 'idempotency-key': `key ${++keys_used}`, ...init.headers };
  return fetch(at.url + path, { ...init, headers });
}
async function post(path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Promise<Response> {
  return ask(path, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
}
async function code_of(response: Response): Promise<string> {
  return `${response.status} ${/"code":"(\w+)"/.exec(await response.text())?.[1]}`;
}
const order = (more: object = {}) => JSON.stringify({ currency: 'GBP', lines: [{ sku: 'A', quantity: 1 }], ...more });

describe('what comes in (reliability.md 6.3, rows 1 to 24)', () => {
  const json: readonly [row: number, what: string, body: string, expected: string][] = [
    [1, 'an empty body', '', '400 malformed_json'],
    [2, 'truncated JSON', '{"currency": "GB', '400 malformed_json'],
    [3, 'an array', '[]', '422 type'],
    [3, 'a text', '"order"', '422 type'],
    [3, 'a number', '7', '422 type'],
    [3, 'null', 'null', '422 type'],
    [4, 'a repeated key', '{"currency": "GBP", "currency": "EUR"}', '400 duplicate_key'],
    [5, '__proto__', '{"__proto__": {"role": "admin"}}', '422 forbidden_key'],
    [5, 'constructor', order().replace('}', ', "constructor": {"prototype": {}}}'), '422 forbidden_key'],
    [6, '10,000 levels', '{"a":'.repeat(10_000), '400 malformed_json'],
    [7, 'more than 256 KiB', order({ note: 'x'.repeat(262_144) }), '413 too_large'],
    [16, 'an unknown field', order({ paid: true }), '422 unknown_field'],
    [16, 'an unknown field inside', order({ lines: [{ sku: 'A', quantity: 1, price: 1 }] }), '422 unknown_field'],
    [17, 'NUL', order({ note: '\0' }), '422 forbidden_character'],
    [17, 'a lone surrogate', '{"currency": "\\ud800"}', '422 forbidden_character'],
    [17, 'a byte order mark', `\uFEFF${order()}`, '400 malformed_json'],
    [18, 'a note of 10 MB', order({ note: 'x'.repeat(10_000_000) }), '413 too_large'],
    [18, 'a note of 2,001 characters', order({ note: 'x'.repeat(2_001) }), '422 too_long'],
    [25, 'quantity 0', order({ lines: [{ sku: 'A', quantity: 0 }] }), '422 quantity_out_of_range'],
    [39, 'more than 2,000 lines', order({ lines: Array.from({ length: 2_001 }, () => ({ sku: 'A', quantity: 1 })) }), '422 too_many'],
    [116, 'a card number', order({ note: 'card 4242-4242-4242-4242' }), '422 card_data_forbidden'],
    [116, 'a card number in metadata', order({ metadata: { any: '378282246310005' } }), '422 card_data_forbidden'],
  ];
  for (const [row, what, body, expected] of json) {
    it(`${row}: answers ${what} with ${expected}, and asks nobody`, async () => {
      const before = at.asked.length;
      assert.equal(await code_of(await post('/v1/orders', body)), expected);
      assert.equal(at.asked.length, before);
    });
  }

  it('12: wants application/json and says so', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application',
      'application/json; charset=latin1',
      'multipart/form-data; boundary=x',
    ]) {
      assert.equal(await code_of(await post('/v1/orders', order(), { 'content-type': type })), '415 unsupported_media_type', type);
    }
    const { port } = at.door;
    const head = `POST /v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret_key}\r\nIdempotency-Key: k\r\n`;
    assert.deepEqual(await raw(port, `${head}Content-Length: 2\r\n\r\n{}`), { status: 415, code: 'unsupported_media_type' });
    assert.equal((await post('/v1/orders', order(), { 'content-type': 'Application/JSON; charset=UTF-8' })).status, 200);
  });

  it('13: inflates gzip up to 256 KiB and no further', async () => {
    const encoding = { 'content-encoding': 'gzip' };
    assert.equal((await post('/v1/orders', gzipSync(order()), encoding)).status, 200);
    assert.equal(await code_of(await post('/v1/orders', gzipSync('x'.repeat(50_000_000)), encoding)), '413 too_large');
    assert.equal(await code_of(await post('/v1/orders', 'not gzip', encoding)), '400 malformed_request');
    assert.equal(await code_of(await post('/v1/orders', order(), { 'content-encoding': 'br' })), '415 unsupported_media_type');
  });

  it('19: does what the method says, whatever a header says', async () => {
    assert.equal(await code_of(await post('/v1/orders', '{}', { 'x-http-method-override': 'DELETE' })), '422 required');
  });

  it('20: answers a method that a path does not know with 405 and Allow', async () => {
    const response = await ask('/v1/orders/ord_1', { method: 'PUT', body: '{' });
    assert.equal(response.headers.get('allow'), 'GET, HEAD');
    assert.equal(await code_of(response), '405 method_not_allowed');
  });

  it('21, 24: answers odd paths and ids with 404, never 500', async () => {
    for (const path of [
      '/v1/orders/%2e%2e/admin',
      '/v1//orders',
      '/v1/orders/%00',
      '/v1/orders/a%0ab',
      `/v1/orders/${'x'.repeat(201)}`,
      `/v1/orders/${'x'.repeat(2_000)}`,
    ]) {
      assert.equal(await code_of(await ask(path)), '404 not_found', path);
    }
    assert.equal((await ask('/v1/orders/1 OR 1=1;--')).status, 200, 'the service decides what an id is');
  });

  it('22: refuses a parameter given twice, and one it does not know', async () => {
    assert.equal(await code_of(await ask('/v1/orders?limit=1&limit=2')), '400 duplicate_parameter');
    assert.equal(await code_of(await ask('/v1/orders?role=admin')), '422 unknown_field');
    assert.equal(await code_of(await ask('/v1/orders/ord_1?x=1')), '422 unknown_field');
  });

  it('reads numbers and booleans in a query by the route’s schema, and leaves them texts to the handler', async () => {
    assert.equal((await ask('/v1/orders?limit=20&open=true')).status, 200);
    assert.deepEqual({ ...at.asked.at(-1)?.query }, { limit: '20', open: 'true' });
    assert.equal(await code_of(await ask('/v1/orders?limit=201')), '422 out_of_range');
    assert.equal(await code_of(await ask('/v1/orders?limit=ten')), '422 type');
  });

  it('23: answers in JSON or not at all', async () => {
    for (const accept of ['text/xml', 'application/json;q=0', 'text/csv']) {
      assert.equal(await code_of(await post('/v1/orders', order(), { accept })), '406 not_acceptable', accept);
    }
    for (const accept of ['*/*', 'application/*;q=0.5', 'text/html, application/json;q=0.9']) {
      assert.equal((await post('/v1/orders', order(), { accept })).status, 200, accept);
    }
  });

  it('takes an empty body for an empty object where nothing is asked for', async () => {
    assert.equal((await ask('/v1/orders/ord_1/cancel', { method: 'POST' })).status, 200);
    assert.deepEqual(at.asked.at(-1)?.body, {});
  });

  it('sends a rejection as the problem it is, with the id of the request that was decided', async () => {
    const decided = await post('/v1/orders/ord_1/holds', '{}', { 'x-decided-by': 'req_first', 'x-request-id': 'req_second' });
    assert.deepEqual([decided.status, decided.headers.get('content-type')], [409, 'application/problem+json']);
    assert.match(await decided.text(), /"code":"order_held","request_id":"req_first".*"hold_id":"hld_1"/);
    assert.match(await (await post('/v1/orders/ord_1/holds', '{}', { 'x-request-id': 'req_third' })).text(), /"request_id":"req_third"/);
  });

  it('gives a webhook’s bytes as they came, of any type', async () => {
    const response = await fetch(`${at.url}/inbound/toy`, {
      method: 'POST',
      body: '{"a" :1}\n',
      headers: { 'content-type': 'text/plain' },
    });
    assert.equal(response.status, 200);
    assert.equal(String(at.asked.at(-1)?.body), '{"a" :1}\n');
  });
});

describe('idempotency keys and preferences', () => {
  it('55, 56: asks for a key of 1 to 255 printable characters', async () => {
    const { port } = at.door;
    const body = order();
    const head = `POST /v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret_key}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
    assert.deepEqual(await raw(port, `${head}\r\n${body}`), { status: 400, code: 'idempotency_key_required' });
    for (const key of ['', 'x'.repeat(256), 'a\tb', 'caf\u00e9']) {
      assert.deepEqual(
        await raw(port, `${head}Idempotency-Key: ${key}\r\n\r\n${body}`),
        { status: 400, code: 'idempotency_key_malformed' },
        key,
      );
    }
    assert.equal((await raw(port, `${head}Idempotency-Key: ${'x'.repeat(255)}\r\n\r\n${body}`)).status, 200);
  });

  it('tells the service who, where, which key and which bytes', async () => {
    await post('/v1/orders/ord_1/cancel?', '{}', { 'idempotency-key': 'k1' });
    const first = at.asked.at(-1)?.idempotency;
    await post('/v1/orders/ord_2/cancel', '{}', { 'idempotency-key': 'k1' });
    const other_path = at.asked.at(-1)?.idempotency;
    await post('/v1/orders/ord_1/cancel', '{ }', { 'idempotency-key': 'k1' });
    const other_bytes = at.asked.at(-1)?.idempotency;
    assert.deepEqual([first?.route, first?.key, first?.principal], ['POST /v1/orders/ord_1/cancel', 'k1', at.asked.at(-1)?.principal.id]);
    assert.notEqual(other_path?.route, first?.route);
    assert.equal(other_path?.body_hash, first?.body_hash);
    assert.notEqual(other_bytes?.body_hash, first?.body_hash);
  });

  it('15: takes an address in absolute form for its path, whoever it names: a key stays bound to the path', async () => {
    const body = order();
    const head = `Host: x\r\nAuthorization: Bearer ${secret_key}\r\nIdempotency-Key: absolute\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    for (const address of ['/v1/orders', 'http://x/v1/orders', 'HTTP://somebody.example:8080/v1/orders']) {
      assert.equal((await raw(at.door.port, `POST ${address} HTTP/1.1\r\n${head}${body}`)).status, 200, address);
      assert.equal(at.asked.at(-1)?.idempotency?.route, 'POST /v1/orders', address);
    }
    assert.equal((await raw(at.door.port, `PUT http://x/v1/orders/ord_1 HTTP/1.1\r\n${head}${body}`)).code, 'method_not_allowed');
  });

  it('hands on If-Match and Prefer: wait, at most 30 seconds', async () => {
    await post('/v1/orders', order(), { 'if-match': '"7"', prefer: 'respond-async, wait=60' });
    assert.deepEqual([at.asked.at(-1)?.if_match, at.asked.at(-1)?.wait_s], [7, 30]);
    await post('/v1/orders', order(), { 'if-match': '*', prefer: 'wait=soon' });
    assert.deepEqual([at.asked.at(-1)?.if_match, at.asked.at(-1)?.wait_s], [undefined, undefined]);
    assert.equal(await code_of(await post('/v1/orders', order(), { 'if-match': 'W/"7"' })), '400 malformed_request');
  });
});

describe('who may come in', () => {
  const ord = 'ord_01hzx3v5qjf0k8m2n4p6r8t0v2';
  const none = { authorization: '' };
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  it('64: lets in by the declared matrix', async () => {
    const token = order_token(server_secret, ord);
    const cases: readonly [method: string, path: string, headers: Record<string, string>, status: number][] = [
      ['GET', `/v1/orders/${ord}`, bearer(secret_key), 200],
      ['GET', `/v1/orders/${ord}`, bearer(publishable_key), 403],
      ['GET', `/v1/orders/${ord}`, bearer(token), 200],
      ['GET', '/v1/orders/ord_other', bearer(token), 404],
      ['GET', '/v1/orders', bearer(token), 403],
      ['GET', `/v1/orders/${ord}`, bearer(`${token.slice(0, -1)}A`), 401],
      ['GET', `/v1/orders/${ord}`, bearer(token.replace(ord.slice(4), `${ord.slice(4, -1)}3`)), 401],
      ['GET', `/v1/orders/${ord}`, bearer('sk_nobody_knows'), 401],
      ['GET', `/v1/orders/${ord}`, bearer('something'), 401],
      ['GET', `/v1/orders/${ord}`, { authorization: `Basic ${btoa(`${secret_key}:`)}` }, 401],
      ['GET', `/v1/orders/${ord}`, none, 401],
      ['POST', '/v1/orders', bearer(publishable_key), 200],
      ['PUT', '/v1/products/A', bearer(publishable_key), 403],
      ['GET', '/v1/keys', bearer(publishable_key), 403],
      ['GET', '/v1/keys', bearer(secret_key), 200],
      ['GET', '/healthz', none, 200],
      ['GET', '/readyz', none, 200],
    ];
    for (const [method, path, headers, status] of cases) {
      const body = method === 'GET' ? {} : { body: order() };
      const response = await ask(path, { method, ...body, headers: { 'content-type': 'application/json', ...headers } });
      assert.equal(response.status, status, `${method} ${path} ${JSON.stringify(headers)}`);
      if (status === 401) assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer/);
      await response.arrayBuffer();
    }
  });

  it('answers for another order as for one that does not exist', async () => {
    const token = order_token(server_secret, ord);
    const same = { 'x-request-id': 'one' };
    const foreign = await ask('/v1/orders/ord_other', { headers: { ...bearer(token), ...same } });
    const missing = await ask('/v1/nothing', { headers: { ...bearer(token), ...same } });
    assert.equal(await foreign.text(), await missing.text());
  });

  it('looks at the key before the body', async () => {
    assert.equal(await code_of(await post('/v1/orders', '{', none)), '401 unauthenticated');
  });

  it('76: refuses a key in the address', async () => {
    assert.equal(await code_of(await ask(`/v1/orders?api_key=${secret_key}`)), '400 key_in_query');
  });

  it('116: refuses a card number in an address or a key', async () => {
    assert.equal(await code_of(await ask('/v1/orders/4242424242424242')), '422 card_data_forbidden');
    assert.equal(await code_of(await post('/v1/orders', order(), { 'idempotency-key': '4242424242424242' })), '422 card_data_forbidden');
  });
});

describe('limits', () => {
  it('lets nobody place orders into a full house, and says when to come back', async () => {
    at.house.full = true;
    const response = await post('/v1/orders', order());
    at.house.full = false;
    assert.equal(response.headers.get('retry-after'), '7');
    assert.deepEqual([await code_of(response), (await ask('/v1/orders')).status], ['503 overloaded', 200]);
  });

  it('66: answers the sixth wrong guess in 15 minutes with 429, also when all come at once', async () => {
    const guesses = await Promise.all(Array.from({ length: 10 }, () => ask('/v1/track?token=tt_wrong')));
    assert.deepEqual(guesses.map(response => response.status).sort(), [404, 404, 404, 404, 404, 429, 429, 429, 429, 429]);
    const refused = guesses.find(response => response.status === 429);
    assert.ok(Number(refused?.headers.get('retry-after')) > 60);
    at.clock.move(4 * 60_000);
    assert.equal((await ask('/v1/track?token=tt_wrong')).status, 404);
  });

  it('counts requests of a key when a rate is set', async () => {
    const door = await at.open({ secret_key_rate: 2 });
    const statuses: number[] = [];
    for (let i = 0; i < 6; i++)
      statuses.push((await fetch(`${door.url}/v1/orders`, { headers: { authorization: `Bearer ${secret_key}` } })).status);
    await door.close();
    assert.deepEqual(statuses, [200, 200, 200, 200, 429, 429]);
  });
});

describe('the database away', () => {
  it('120: answers 503 and gives nothing away; a key seen before still works', async () => {
    const other = await test_door();
    const get = (path: string, key: string) => fetch(other.url + path, { headers: { authorization: `Bearer ${key}` } });
    assert.equal((await get('/v1/orders', secret_key)).status, 200);
    await other.pool.end();
    other.clock.move(10_000);
    assert.equal((await get('/v1/orders', secret_key)).status, 200);
    const stranger = await get('/v1/orders', 'sk_somebody_else');
    assert.equal(stranger.headers.get('retry-after'), '2');
    assert.equal(await code_of(stranger), '503 database_unavailable');
    assert.equal(await code_of(await get('/readyz', '')), '503 not_ready');
    assert.equal((await get('/healthz', '')).status, 200);
    await other.door.close();
  });
});
