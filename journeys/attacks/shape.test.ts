/** Rows 1 to 24 of the catalogue, and 55, 56, 76 and 96: what is no request, sent to every route that the door has. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { raw } from '../../gateway/testing/door.ts';
import { raw_body } from '../../platform/http.ts';
import type { Route } from '../../platform/route.ts';
import { validator } from '../../platform/strict_json.ts';
import { secret_key } from '../shop.ts';
import { address_of, type Schema, valid } from './schemas.ts';
import { check_problem, verdict } from './send.ts';
import { all_refused, type Body, type Case, type How, open_target, refusal, refused, refuses } from './target.ts';

const target = await open_target();
await target.calm();
const routes = target.shop.up.door?.routes ?? [];
const with_json = routes.filter(route => route.method !== 'GET' && route.ndjson !== true && route.body !== raw_body);
const read = routes.filter(route => route.method === 'GET' && route.path.startsWith('/v1/'));
const imports = routes.filter(route => route.ndjson === true);
const keyed = with_json.filter(route => route.method === 'POST' && route.not_idempotent !== true);
const needs_body = with_json.filter(route => route.body !== undefined && !validator(route.body).accepts({}));

/** Asked before anything else, answered at the end: they take as long as the door's patience. */
const head = `POST /v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret_key}\r\nIdempotency-Key: k\r\nContent-Type: application/json\r\n`;
const tick_ms = 100;
/** How often this process came to look at its timers, at most ten times a second: door and clients share it, and while others keep it busy nobody is late. */
let ticks = 0;
const ticking = setInterval(() => {
  ticks += 1;
}, tick_ms).unref();
const answered = async (text: string) => ({ ...(await raw(target.port, text)), after_ms: ticks * tick_ms });
const patience = Promise.all([
  answered(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\n{"cur\r\n`),
  answered('GET /v1/orders HTTP/1.1\r\nHost: x\r\nX-Slow: '),
]).finally(() => clearInterval(ticking));

/** One test for all of these routes. */
function everywhere(
  row: number,
  what: string,
  some: readonly Route[],
  expected: string,
  body: Body | ((route: Route) => Body),
  how?: How,
): void {
  it(`${row}: ${what}: ${expected}, from each of ${some.length} routes`, async () => {
    await all_refused(target, some, route =>
      refusal(target, expected, address_of(route), typeof body === 'function' ? body(route) : body, how),
    );
  });
}
const valid_body = (route: Route): object => valid(route.body ?? { type: 'object' }) as object;
/** What an address must say at least. */
function needed({ query = { type: 'object' } }: Route): string {
  const { properties = {}, required = [] } = query as Schema;
  return required.map(name => `${name}=${encodeURIComponent(String(valid(properties[name] ?? {})))}&`).join('');
}
const as_json = (route: Route): string => JSON.stringify(valid_body(route));
/** The body with one more field, whatever it has. */
const plus = (field: string) => (route: Route) => as_json(route).replace(/^\{/, as_json(route) === '{}' ? `{${field}` : `{${field},`);

describe('bodies', () => {
  it('can be made for each route', () => {
    for (const route of with_json)
      assert.ok(validator(route.body ?? {}).accepts(valid_body(route)), `${address_of(route)} ${as_json(route)}`);
  });
  everywhere(1, 'an empty body', needs_body, '400 malformed_json', '');
  everywhere(1, 'spaces', with_json, '400 malformed_json', ' \n');
  everywhere(2, 'truncated JSON', with_json, '400 malformed_json', '{"reason": "la');
  everywhere(2, 'two objects', with_json, '400 malformed_json', '{}{}');
  everywhere(3, 'an array', with_json, '422 type', '[]');
  everywhere(3, 'a text', with_json, '422 type', '"order"');
  everywhere(3, 'a number', with_json, '422 type', '7');
  everywhere(3, 'null', with_json, '422 type', 'null');
  everywhere(4, 'a field named twice', with_json, '400 duplicate_key', plus('"twice": 1, "twice": 2'));
  everywhere(4, 'a field named twice, once with an escape', with_json, '400 duplicate_key', plus('"twice": 1, "\\u0074wice": 2'));
  everywhere(5, '__proto__', with_json, '422 forbidden_key', plus('"__proto__": {"role": "admin"}'));
  everywhere(5, 'constructor', with_json, '422 forbidden_key', plus('"constructor": {"prototype": {"paid": true}}'));
  everywhere(6, '10,000 levels', with_json, '400 malformed_json', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`);
  everywhere(7, 'more than 256 KiB', with_json, '413 too_large', `{"reason": "${'x'.repeat(262_144)}"}`);
  everywhere(7, 'a line of more than 256 KiB', imports, '413 too_large', `{"sku": "${'x'.repeat(262_144)}"}\n`);
  everywhere(12, 'no Content-Type', [...with_json, ...imports], '415 unsupported_media_type', '{}', { headers: { 'content-type': '' } });
  everywhere(12, 'a form', [...with_json, ...imports], '415 unsupported_media_type', 'reason=x', {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  everywhere(12, 'XML', [...with_json, ...imports], '415 unsupported_media_type', '<order/>', { headers: { 'content-type': 'text/xml' } });
  everywhere(13, 'a bomb of gzip', with_json, '413 too_large', gzipped('x'.repeat(10_000_000)), {
    headers: { 'content-encoding': 'gzip' },
  });
  everywhere(13, 'gzip that is none', with_json, '400 malformed_request', '{}', { headers: { 'content-encoding': 'gzip' } });
  everywhere(13, 'gzip for an import', imports, '415 unsupported_media_type', gzipped('{}'), { headers: { 'content-encoding': 'gzip' } });
  everywhere(17, 'NUL', with_json, '422 forbidden_character', plus('"reason_of_mine": "\\u0000"'));
  everywhere(17, 'half a character', with_json, '422 forbidden_character', plus('"reason_of_mine": "\\ud800"'));
  everywhere(17, 'a byte order mark', with_json, '400 malformed_json', route => `\uFEFF${as_json(route)}`);
  everywhere(17, 'overlong UTF-8', with_json, '400 malformed_json', bytes('{"a":"\xc0\xaf"}'));
  everywhere(96, 'UTF-16', with_json, '400 malformed_json', bytes('\xff\xfe{\0}\0'));
  everywhere(96, 'another charset', with_json, '415 unsupported_media_type', '{}', {
    headers: { 'content-type': 'application/json; charset=utf-16' },
  });

  it(`16: a field that the route does not know: 422 unknown_field, named, from each of ${with_json.length} routes`, async () => {
    const names = ['paid', 'status', 'role', 'customer_id', 'tenant', 'total', 'tax'];
    // A few routes know one of these names.
    const unknown = with_json.flatMap(route =>
      names.filter(name => !JSON.stringify(route.body ?? {}).includes(`"${name}"`)).map(name => ({ route, name })),
    );
    await all_refused(target, unknown, async ({ route, name }) => {
      const problem = await refusal(target, '422 unknown_field', address_of(route), plus(`"${name}": true`)(route));
      assert.match(JSON.stringify(problem['errors']), new RegExp(`"pointer":"/${name}","code":"unknown_field"`));
    });
  });
});

function gzipped(text: string): Body {
  return gzipSync(text);
}
function bytes(latin: string): Body {
  return Buffer.from(latin, 'latin1');
}

describe('heads', () => {
  everywhere(55, 'no Idempotency-Key', keyed, '400 idempotency_key_required', valid_body, { headers: { 'idempotency-key': '' } });
  everywhere(56, 'a key of 256 characters', keyed, '400 idempotency_key_malformed', valid_body, { idempotency_key: 'x'.repeat(256) });
  everywhere(56, 'a control character in the key', keyed, '400 idempotency_key_malformed', valid_body, { idempotency_key: 'a\tb' });
  everywhere(116, 'a card number as the key', keyed, '422 card_data_forbidden', valid_body, { idempotency_key: '4242424242424242' });
  everywhere(
    23,
    'Accept: text/xml',
    routes.filter(answers_json),
    '406 not_acceptable',
    route => (route.method === 'GET' ? undefined : valid_body(route)),
    {
      headers: { accept: 'text/xml' },
    },
  );
  it('76: a key in the address: 400 key_in_query, from each route that is read', async () => {
    const keys = [secret_key, 'pk_any', 'ot_any'];
    await all_refused(target, read, async route => {
      for (const key of keys) await refusal(target, '400 key_in_query', `${address_of(route)}?api_key=${key}`);
    });
  });

  it('19: a method in a header is none', async () => {
    const how = { headers: { 'x-http-method-override': 'DELETE', 'x-method-override': 'DELETE' } };
    await refused(target, '422 required', 'POST /v1/orders', {}, how);
    assert.equal((await target.ask('GET /v1/products/LAMP', undefined, how)).status, 200);
  });

  it('1: an id of the request is echoed when it is one, and made when it is not', async () => {
    const echoed = async (id: string) =>
      (await target.ask('GET /v1/products/LAMP', undefined, { headers: { 'x-request-id': id } })).headers['x-request-id'];
    assert.equal(await echoed('req_mine.1:2-3'), 'req_mine.1:2-3');
    for (const id of ['x'.repeat(129), 'a b', '<script>', '4242424242424242', "' or 1=1"])
      assert.match(String(await echoed(id)), /^req_[0-9a-z]{26}$/, id);
  });

  const get = 'GET /v1/orders HTTP/1.1\r\nHost: x\r\n';
  const key = `Authorization: Bearer ${secret_key}\r\n`;
  const broken: readonly [row: number, what: string, text: string, status: number, code: string][] = [
    [10, 'headers of 100 KB', `${get}${key}X-Long: ${'x'.repeat(100_000)}\r\n\r\n`, 431, 'headers_too_large'],
    [11, 'an address of 16 KB', `GET /v1/orders?cursor=${'x'.repeat(16_000)} HTTP/1.1\r\nHost: x\r\n${key}\r\n`, 414, 'uri_too_long'],
    [14, 'an expectation that nobody knows', `${head}Expect: 200-maybe\r\nContent-Length: 2\r\n\r\n{}`, 417, 'expectation_failed'],
    [
      15,
      'Content-Length and Transfer-Encoding',
      `${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
      400,
      'malformed_request',
    ],
    [15, 'two lengths', `${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, 400, 'malformed_request'],
    [15, 'a length that is no number', `${head}Content-Length: two\r\n\r\n{}`, 400, 'malformed_request'],
    [15, 'no Host', `GET /v1/orders HTTP/1.1\r\n${key}\r\n`, 400, 'malformed_request'],
    [15, 'a header without a name', `${get}${key}: x\r\n\r\n`, 400, 'malformed_request'],
    [15, 'no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400, 'malformed_request'],
    [20, 'TRACE', `TRACE /v1/orders HTTP/1.1\r\nHost: x\r\n${key}\r\n`, 405, 'method_not_allowed'],
    [56, 'an empty Idempotency-Key', `${head.replace('Key: k', 'Key: ')}Content-Length: 2\r\n\r\n{}`, 400, 'idempotency_key_malformed'],
  ];
  for (const [row, what, text, status, code] of broken) {
    it(`${row}: ${what}: ${status} ${code}`, async () => {
      assert.deepEqual(await raw(target.port, text), { status, code });
      assert.deepEqual(await target.changes(), []);
    });
  }
});

/** Files and events may be asked for as what they are. */
function answers_json(route: Route): boolean {
  return route.path.startsWith('/v1/') && !/stream|label|live/.test(route.path);
}

describe('addresses', () => {
  it('20: a method that a path does not know: 405 with Allow', async () => {
    const paths = Map.groupBy(
      routes.filter(route => route.path.startsWith('/v1/')),
      route => route.path,
    );
    for (const [path, known] of paths) {
      const [unknown] = ['PUT', 'DELETE', 'PATCH', 'POST'].filter(method => !known.some(route => answers(route, path, method)));
      if (unknown === undefined) continue;
      const sent = await target.ask(`${unknown} ${path.replace(/:[a-z_]+/g, 'x')}` as Case[2], {});
      assert.equal(verdict(sent), '405 method_not_allowed', path);
      check_problem(sent);
      for (const { method } of known) assert.ok(sent.headers.allow?.split(', ').includes(method), `${path}: ${sent.headers.allow}`);
    }
    assert.deepEqual(await target.changes(), []);
  });

  it('22: a parameter given twice: 400 duplicate_parameter; one that nobody knows: 422 unknown_field', async () => {
    await all_refused(target, read, async route => {
      await refusal(target, '400 duplicate_parameter', `${address_of(route)}?limit=1&limit=2`);
      await refusal(target, '422 unknown_field', `${address_of(route)}?${needed(route)}role=admin`);
    });
  });

  const one = 'GET /v1/orders/';
  refuses(target, [
    [21, 'a dot segment', `${one}%2e%2e/admin`, undefined, '404 not_found'],
    [21, 'two dots', `${one}../../etc/passwd`, undefined, '404 not_found'],
    [21, 'two slashes', 'GET //v1/orders', undefined, '404 not_found'],
    [21, 'two slashes inside', 'GET /v1//orders', undefined, '404 not_found'],
    [21, 'a slash at the end', 'GET /v1/orders/', undefined, '404 not_found'],
    [21, 'a semicolon', `${one}x;admin=true`, undefined, '404 not_found'],
    [21, 'NUL', `${one}%00`, undefined, '404 not_found'],
    [21, 'a line break', `${one}x%0d%0aset-cookie:a=b`, undefined, '404 not_found'],
    [21, 'an escape that is none', `${one}%zz`, undefined, '400 malformed_request'],
    [21, 'UTF-8 that is none', `${one}%ff%fe`, undefined, '400 malformed_request'],
    [21, 'another case', 'GET /V1/Orders', undefined, '404 not_found'],
    [76, 'a key in the address', `GET /v1/orders?cursor=${secret_key}`, undefined, '400 key_in_query'],
    [116, 'a card number in the address', `${one}4242424242424242`, undefined, '422 card_data_forbidden'],
    [116, 'a card number in a parameter', 'GET /v1/orders?customer=4242%204242%204242%204242', undefined, '422 card_data_forbidden'],
  ]);

  const odd = [
    '1%20OR%201=1',
    "x'%20or%20'1'='1",
    '%2e%2e%2f%2e%2e',
    "');drop%20table%20orders.orders;--",
    '%F0%9F%92%A9',
    'a%20b',
    'x'.repeat(201),
    '%E2%80%AE',
    '$where',
    '*',
  ];
  it('24: an odd id: 404, or 422 where people choose the name, never 500', async () => {
    const asked = routes.filter(route => route.path.includes('/:')).flatMap(route => odd.map(id => ({ route, to: address_of(route, id) })));
    await all_refused(target, asked, async ({ route, to }) => {
      const sent = await target.ask(to, route.method === 'GET' ? undefined : valid_body(route));
      assert.ok(['404 not_found', '422 format'].includes(verdict(sent)), `${to} ${verdict(sent)} ${sent.text}`);
      check_problem(sent);
    });
  });

  it('24: an id that looks like one and names nothing: 404', async () => {
    const ids = ['null', '0', '-1', 'ord_00000000000000000000000000', 'ord_', 'undefined'];
    const asked = routes
      .filter(route => /\/:(id|hold_id)/.test(route.path))
      .flatMap(route => ids.map(id => ({ route, to: address_of(route, id) })));
    await all_refused(target, asked, ({ route, to }) =>
      refusal(target, '404 not_found', to, route.method === 'GET' ? undefined : valid_body(route)),
    );
  });
});

function answers(route: Route, path: string, method: string): boolean {
  return (
    route.method === method ||
    routes.some(one => one.method === method && new RegExp(`^${one.path.replace(/:[a-z_]+/g, '[^/]+')}$`).test(path))
  );
}

describe('what a stranger may see', () => {
  it('119: no metrics, no debug pages, no versions', async () => {
    for (const path of [
      '/metrics',
      '/debug',
      '/debug/pprof',
      '/status',
      '/env',
      '/.env',
      '/.git/HEAD',
      '/server-status',
      '/v1/metrics',
      '/actuator',
      '/__sim/ledger',
    ])
      await refused(target, '404 not_found', `GET ${path}` as Case[2], undefined, { key: '' });
    for (const path of ['/', '/healthz', '/readyz']) {
      const sent = await target.ask(`GET ${path}` as Case[2], undefined, { key: '' });
      assert.equal(sent.status, 200);
      assert.doesNotMatch(sent.text, /\d+\.\d+|node|postgres|fastify/i);
      for (const name of ['server', 'x-powered-by', 'via']) assert.equal(sent.headers[name], undefined, name);
    }
  });
});

describe('patience', () => {
  it('8: a chunked body without an end: 408 within 10 s; 9: slow headers: 408 within 5 s', async () => {
    const [body, header] = await patience;
    assert.deepEqual([body.status, body.code, header.status, header.code], [408, 'request_timeout', 408, 'request_timeout']);
    assert.ok(body.after_ms < 10_000 && header.after_ms < 5_000, `${body.after_ms} ms, ${header.after_ms} ms`);
    assert.deepEqual(await target.changes(), []);
  });
});
