/** Rows 64 to 77 of the catalogue: who may do what, for each operation of /openapi.json, as it is declared there; and what else opens nothing. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { scopes_of_role } from '../../gateway/authorize.ts';
import { type Role, roles } from '../../gateway/store.ts';
import type { Scope } from '../../platform/route.ts';
import { basket, type PlacedOrder } from '../api.ts';
import { publishable_key } from '../shop.ts';
import { check_problem, fresh_key, verdict } from './send.ts';
import { type Address, all_refused, open_target } from './target.ts';

const target = await open_target({ env: { FULFILLMENT: 'manual' } });
const { shop, port } = target;

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly schemes: readonly string[];
  readonly scope: Scope | undefined;
  readonly is_import: boolean;
  readonly audited_as: string | undefined;
  readonly not_audited: string | undefined;
}
interface Described {
  readonly security: Record<string, []>[];
  readonly 'x-scope'?: Scope;
  readonly 'x-audited-as'?: string;
  readonly 'x-not-audited'?: string;
  readonly requestBody?: { readonly content: object };
}
interface OpenApi {
  readonly paths: Record<string, Record<string, Described>>;
}
const document = await shop.get<OpenApi>('/openapi.json');
const operations: readonly Operation[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { security, 'x-scope': scope, requestBody, ...more }]) => ({
    method: method.toUpperCase(),
    path,
    schemes: security.flatMap(Object.keys),
    scope,
    is_import: Object.hasOwn(requestBody?.content ?? {}, 'application/x-ndjson'),
    audited_as: more['x-audited-as'],
    not_audited: more['x-not-audited'],
  })),
);
const guarded = operations.filter(operation => operation.scope !== undefined);

/** Who asks, and what they may, by the document alone. */
interface Asker {
  readonly what: string;
  readonly headers: Readonly<Record<string, string>>;
  expected(operation: Operation): 'in' | 401 | 403 | 404;
}
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

const [mine, others] = [await unpaid(), await unpaid()];
const password = 'a password of some length';

async function unpaid(): Promise<PlacedOrder> {
  return shop.post<PlacedOrder>('/v1/orders', basket([{ sku: 'LAMP', quantity: 1 }], { payment: undefined }));
}
async function paid(): Promise<PlacedOrder> {
  return shop.post<PlacedOrder>('/v1/orders', basket([{ sku: 'LAMP', quantity: 1 }]), { wait: 10 });
}
async function new_key(type: string, scopes?: readonly Scope[]): Promise<{ id: string; secret: string }> {
  return shop.post('/v1/keys', { type, name: 'matrix', ...(scopes === undefined ? {} : { scopes }) });
}
async function sign_in(username: string): Promise<Record<string, string>> {
  const answer = await shop.ask('POST', '/v1/session', { username, password }, { key: '' });
  assert.equal(answer.status, 201, answer.text);
  const { csrf_token } = JSON.parse(answer.text) as { csrf_token: string };
  return { cookie: (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '', 'x-csrf-token': csrf_token, origin: shop.url };
}
async function staff(role: Role): Promise<Record<string, string>> {
  await shop.post('/v1/staff', { username: `matrix-${role}`, password, role });
  return sign_in(`matrix-${role}`);
}

const strangers = await strangers_now();
async function strangers_now(): Promise<Asker[]> {
  const revoked = await new_key('secret');
  await shop.delete(`/v1/keys/${revoked.id}`);
  await shop.post('/v1/staff', { username: 'matrix-gone', password, role: 'admin' });
  const signed_out = await sign_in('matrix-gone');
  await shop.ask('DELETE', '/v1/session', undefined, { key: '', headers: signed_out });
  const jwt = (header: object) =>
    [header, { sub: 'admin', scope: 'admin', aud: 'orders', exp: 4_102_444_800 }]
      .map(part => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
  const opens_nothing = (what: string, headers: Record<string, string>): Asker => ({ what, headers, expected: () => 401 });
  return [
    opens_nothing('nobody', {}),
    opens_nothing('a key that nobody made', bearer('sk_nobody_made_this_one_ever')),
    opens_nothing('a publishable key that nobody made', bearer('pk_nobody_made_this_one_ever')),
    opens_nothing('a revoked key', bearer(revoked.secret)),
    opens_nothing('an order’s token with another signature', bearer(`${mine.order_token.slice(0, -2)}xx`)),
    opens_nothing('an order’s token for another order', bearer(mine.order_token.replace(mine.id.slice(4), others.id.slice(4)))),
    opens_nothing('a session that has ended', signed_out),
    opens_nothing('a session that nobody opened', { cookie: `cartwright_session=${'x'.repeat(43)}` }),
    opens_nothing('a token of another kind', bearer(`tt_${mine.order_token.slice(3)}`)),
    opens_nothing('72: a JWT with alg none', bearer(`${jwt({ alg: 'none' })}.`)),
    opens_nothing(
      '72: a JWT with a key in its head',
      bearer(`${jwt({ alg: 'HS256', jku: 'https://evil.example', kid: '../../dev/null' })}.AAAA`),
    ),
    opens_nothing('a key as a Basic password', { authorization: `Basic ${btoa(`${publishable_key}:`)}` }),
    opens_nothing('claims in headers', {
      'x-user-id': 'admin',
      'x-user-role': 'admin',
      'x-forwarded-user': 'admin',
      'x-cartwright-internal': 'a.b',
    }),
  ];
}

const askers = await askers_now();
async function askers_now(): Promise<Asker[]> {
  const scoped = async (scope: Scope): Promise<Asker> => ({
    what: `a key with ${scope} alone`,
    headers: bearer((await new_key('secret', [scope])).secret),
    expected: operation => (operation.scope === scope ? 'in' : 403),
  });
  const scopes = [...new Set(guarded.flatMap(({ scope }) => scope ?? []))];
  const in_role = async (role: Role): Promise<Asker> => ({
    what: `a session as ${role}`,
    headers: await staff(role),
    expected: ({ scope }) => (scope !== undefined && scopes_of_role[role].has(scope) ? 'in' : 403),
  });
  return [
    {
      what: 'a publishable key',
      headers: bearer(publishable_key),
      expected: ({ schemes }) => (schemes.includes('publishable_key') ? 'in' : 403),
    },
    {
      what: 'another order’s token',
      headers: bearer(others.order_token),
      expected: ({ schemes, path }) => (!schemes.includes('order_token') ? 403 : path.startsWith('/v1/orders/{id}') ? 404 : 'in'),
    },
    {
      what: 'the order’s own token',
      headers: bearer(mine.order_token),
      expected: ({ schemes }) => (schemes.includes('order_token') ? 'in' : 403),
    },
    ...(await Promise.all(scopes.map(scoped))),
    ...(await Promise.all(roles.map(in_role))),
  ];
}

/** The status and code, of the head alone: some of these are streams without an end. A body that every route refuses, so that who is let in changes nothing. */
async function knock({ method, path, is_import }: Operation, headers: Readonly<Record<string, string>>): Promise<string> {
  const over = new AbortController();
  const address = path.replace('/orders/{id}', `/orders/${mine.id}`).replace(/\{\w+\}/g, 'x');
  const response = await fetch(`http://127.0.0.1:${port}${address}`, {
    method,
    headers: {
      ...headers,
      ...(method === 'POST' && !is_import ? { 'idempotency-key': fresh_key() } : {}),
      ...(method === 'GET' ? {} : { 'content-type': is_import ? 'application/x-ndjson' : 'application/json' }),
    },
    ...(method === 'GET' ? {} : { body: is_import ? 'no object\n' : '{"a_field_that_no_route_knows": true}' }),
    signal: over.signal,
  });
  // An import that is cut off may have changed something; every other reply may never end.
  const text = response.status < 400 && !is_import ? '' : await response.text();
  over.abort();
  if (response.status >= 400) check_problem({ status: response.status, headers: Object.fromEntries(response.headers), text });
  return verdict({ status: response.status, text });
}

await target.calm();

describe('64: every route by its declared matrix', () => {
  it('has something to declare', () => {
    assert.ok(operations.length > 80 && guarded.length > 70, `${operations.length} ${guarded.length}`);
    for (const { method, path, schemes, scope } of operations) assert.equal(schemes.length > 0, scope !== undefined, `${method} ${path}`);
    // Whatever is open to anybody is here by name: a route that forgets its scope does not come in with the others.
    const open = operations.filter(({ scope }) => scope === undefined).map(({ method, path }) => `${method} ${path}`);
    assert.deepEqual(open.sort(), [
      'DELETE /v1/session',
      'GET /inbound/cybersource/payer/{id}',
      'GET /v1/session',
      'GET /v1/track',
      'POST /inbound/cybersource/payer/{id}',
      'POST /inbound/easypost',
      'POST /inbound/stripe',
      'POST /inbound/supplier',
      'POST /inbound/supplier/{channel}',
      'POST /v1/session',
    ]);
  });

  for (const { what, headers, expected } of [...strangers, ...askers]) {
    it(`${what}, at ${guarded.length} routes`, async () => {
      await all_refused(target, guarded, async operation => {
        const wanted = expected(operation);
        const seen = await knock(operation, headers);
        const at = `${operation.method} ${operation.path}: ${seen}, declared: ${wanted}`;
        const not_let_in = ['401 unauthenticated', '403 insufficient_scope'];
        if (wanted === 'in') assert.ok(!not_let_in.includes(seen) && !/^5/.test(seen), at);
        else assert.equal(seen, { 401: '401 unauthenticated', 403: '403 insufficient_scope', 404: '404 not_found' }[wanted], at);
      });
    });
  }
});

describe('what else opens nothing', () => {
  it('67: an object under another’s parent is not found', async () => {
    const { id } = await paid();
    const hold = await shop.post<{ id: string }>(`/v1/orders/${id}/holds`, { reason: 'looked at' });
    await target.calm();
    const refused = await target.ask(`DELETE /v1/orders/${others.id}/holds/${hold.id}`);
    assert.equal(verdict(refused), '404 not_found');
    assert.deepEqual(await target.changes(), []);
    assert.equal((await target.ask(`DELETE /v1/orders/${id}/holds/${hold.id}`)).status, 204);
  });

  it('66: a guest’s lookup has one answer for an unknown order, another’s token and a made-up one, and ends after five', async () => {
    const order = await shop.order(mine.id);
    const made_up = `tt_${mine.order_token.slice(3)}`;
    const guesses = [
      `number=1&token=${made_up}`,
      `number=${order.number}&token=${made_up}`,
      `number=${order.number}&token=tt_x`,
      `number=2&token=x`,
      `number=${order.number}&token=tt_y`,
    ];
    const answers: string[] = [];
    for (const guess of guesses) {
      const sent = await target.ask(`GET /v1/track?${guess}`, undefined, { key: '', headers: { 'x-request-id': 'req_same' } });
      answers.push(`${sent.status} ${sent.text}`);
    }
    assert.equal(new Set(answers).size, 1, answers.join('\n'));
    assert.match(answers[0] ?? '', /^404 /);
    assert.equal(verdict(await target.ask(`GET /v1/track?${guesses[0]}`, undefined, { key: '' })), '429 too_many_attempts');
  });

  it('70: nobody names their own role, tenant or scopes', async () => {
    const [admin] = askers.filter(one => one.what.endsWith('admin')).map(one => one.headers);
    for (const field of ['role', 'tenant', 'scopes', 'staff_id'])
      assert.equal(
        verdict(await target.ask('POST /v1/session', { username: 'x', password: 'x', [field]: 'admin' }, { key: '' })),
        '422 unknown_field',
      );
    const { staff: me } = JSON.parse((await target.ask('GET /v1/session', undefined, { key: '', headers: admin ?? {} })).text) as {
      staff: { id: string };
    };
    for (const body of [{ tenant: 'other' }, { scopes: ['admin'] }, { version: 9 }])
      assert.equal(verdict(await target.ask(`PATCH /v1/staff/${me.id}`, body, { key: '', headers: admin ?? {} })), '422 unknown_field');
    assert.equal(
      verdict(await target.ask(`PATCH /v1/staff/${me.id}`, { role: 'admin' }, { key: '', headers: admin ?? {} })),
      '422 own_account',
    );
  });

  it('77: a session changes nothing without its CSRF token and our own Origin, on any route', async () => {
    const [admin = {}] = askers.filter(one => one.what.endsWith('admin')).map(one => one.headers);
    const { cookie = '', 'x-csrf-token': token = '', origin = '' } = admin;
    await target.calm();
    const unsafe = guarded.filter(({ method }) => method !== 'GET');
    await all_refused(target, unsafe, async operation => {
      const attempts: Record<string, string>[] = [
        { cookie },
        { cookie, origin },
        { cookie, 'x-csrf-token': token },
        { cookie, origin, 'x-csrf-token': 'x' },
        { cookie, origin: 'https://evil.example', 'x-csrf-token': token },
      ];
      for (const headers of attempts)
        assert.equal(await knock(operation, headers), '403 csrf_failed', `${operation.method} ${operation.path}`);
    });
    for (const path of ['/docs', '/docs/']) {
      const page = await fetch(shop.url + path);
      assert.equal(page.headers.get('content-security-policy'), "frame-ancestors 'none'", path);
      await page.body?.cancel();
    }
  });
});

interface Entry {
  readonly action: string;
  readonly object: string;
  readonly actor_type: string;
  readonly request_id: string;
}
const entries_now = async (): Promise<readonly Entry[]> => (await shop.get<{ data: Entry[] }>('/v1/audit-log?limit=5')).data;
const newest = async () => (await entries_now())[0]?.request_id;

describe('who changed what stands in the audit log', () => {
  it('for every route that staff may call and that changes something, or the document says why not', () => {
    for (const { method, path, audited_as, not_audited } of guarded.filter(one => one.method !== 'GET'))
      assert.ok((audited_as === undefined) !== (not_audited === undefined), `${method} ${path}: audited or not, and why?`);
    const left_out = guarded.filter(one => one.not_audited !== undefined).map(({ method, path }) => `${method} ${path}`);
    assert.deepEqual(left_out.sort(), ['POST /v1/analytics/query', 'POST /v1/orders', 'POST /v1/quotes']);
  });

  const address = { name: 'N', line1: '1 Road', city: 'Leeds', postal_code: 'LS1 1AA', country: 'GB' };
  const purchase = { supplier: 'audited', location: 'north', lines: [{ sku: 'LAMP', quantity: 5 }] };
  const made = new Map<string, string>();
  /** `$order`, `$po`, `$hold`: made by the deed before. */
  const filled = (text: string) => text.replace(/\$(\w+)/g, (_all, name: string) => made.get(name) ?? '');
  const deeds: readonly (readonly [to: Address, body: object | string | undefined, action: string, object: string, makes?: string])[] = [
    ['PUT /v1/products/AUDITED', { name: 'A', prices: [{ currency: 'GBP', amount: 1 }] }, 'product.changed', 'AUDITED'],
    [
      'POST /v1/products/import',
      '{"sku":"AUDITED","name":"A","prices":[{"currency":"GBP","amount":2}]}\n',
      'products.imported',
      'products',
    ],
    ['PUT /v1/locations/depot', { name: 'Depot', address, priority: 9 }, 'location.changed', 'depot'],
    [
      'POST /v1/stock/adjustments',
      { sku: 'LAMP', location: 'north', kind: 'counted', quantity: 2, reason: 'recount' },
      'stock.adjusted',
      'LAMP/north',
    ],
    ['POST /v1/stock/import', '{"sku":"LAMP","location":"depot","on_hand":3}\n', 'stock.imported', 'stock'],
    ['PUT /v1/stock/LAMP/depot/policy', { safety: 1 }, 'stock_policy.changed', 'LAMP/depot'],
    ['PUT /v1/suppliers/audited', { name: 'S', channel: { kind: 'manual' }, currency: 'GBP' }, 'supplier.changed', 'audited'],
    [
      'PUT /v1/suppliers/audited/items/LAMP',
      { supplier_sku: 'L', cost: 100, minimum_quantity: 1, pack_size: 1, lead_time_days: 3 },
      'supplier_item.changed',
      'audited/LAMP',
    ],
    [
      'PUT /v1/reorder-policies/LAMP/north',
      { reorder_point: 1, target: 2, supplier: 'audited', auto: false },
      'reorder_policy.changed',
      'LAMP/north',
    ],
    ['POST /v1/purchase-orders', purchase, 'purchase_order.drafted', '$po', 'po'],
    ['POST /v1/purchase-orders/$po/approve', undefined, 'purchase_order.approved', '$po'],
    ['POST /v1/purchase-orders/$po/acknowledgment', { decision: 'accept' }, 'purchase_order.acknowledgment_decided', '$po'],
    ['POST /v1/purchase-orders/$po/receipts', { lines: [{ sku: 'LAMP', accepted: 2 }] }, 'purchase_order.received', '$po'],
    ['POST /v1/purchase-orders/$po/close', { reason: 'enough' }, 'purchase_order.closed', '$po'],
    ['POST /v1/orders/$paid/holds', { reason: 'looked at' }, 'order.held', '$paid', 'hold'],
    ['DELETE /v1/orders/$paid/holds/$hold', undefined, 'order.hold_released', '$paid'],
    ['POST /v1/orders/$order/payments', { gateway: 'manual', method: 'cash' }, 'order.payment_requested', '$order'],
    ['POST /v1/orders/$order/cancel', { reason: 'changed my mind' }, 'order.cancelled', '$order'],
    ['POST /v1/orders/import', `${JSON.stringify(basket([{ sku: 'LAMP', quantity: 1 }]))}\n`, 'orders.imported', 'orders'],
  ];
  for (const [to, body, action, object, makes] of deeds)
    it(`${to}: ${action}`, async () => {
      if (made.size === 0) made.set('order', (await unpaid()).id).set('paid', (await paid()).id);
      const request_id = fresh_key();
      const [method = '', path = ''] = filled(to).split(' ');
      const sent = await target.ask(`${method} ${path}` as Address, body, { headers: { 'x-request-id': request_id } });
      assert.ok(sent.status < 300, `${sent.status} ${sent.text}`);
      if (makes !== undefined) made.set(makes, (JSON.parse(sent.text) as { id: string }).id);
      const [entry, before] = await entries_now();
      assert.deepEqual([entry?.action, entry?.object, entry?.actor_type, entry?.request_id], [action, filled(object), 'sk', request_id]);
      assert.notEqual(before?.request_id, request_id, 'once');
    });

  it('by the member of staff who was signed in', async () => {
    const [admin = {}] = askers.filter(one => one.what.endsWith('admin')).map(one => one.headers);
    await target.must('PUT /v1/stock/LAMP/depot/policy', { safety: 2 }, { key: '', headers: admin });
    const [entry] = await entries_now();
    assert.deepEqual([entry?.action, entry?.actor_type], ['stock_policy.changed', 'staff']);
  });

  it('once for a repetition, and not at all for what was refused or what a shopper did', async () => {
    const idempotency_key = fresh_key();
    const body = { sku: 'LAMP', location: 'north', kind: 'counted', quantity: 1, reason: 'again' };
    await target.must('POST /v1/stock/adjustments', body, { idempotency_key, headers: { 'x-request-id': 'first-time' } });
    await target.must('POST /v1/stock/adjustments', body, { idempotency_key, headers: { 'x-request-id': 'second-time' } });
    assert.equal(await newest(), 'first-time');
    await target.ask('POST /v1/stock/adjustments', { ...body, location: 'nowhere' });
    for (const what of ['products', 'stock', 'orders']) await target.must(`POST /v1/${what}/import`, '{}\n').catch(() => undefined);
    const order = await unpaid();
    await target.must(`POST /v1/orders/${order.id}/cancel`, { reason: 'mine' }, { key: order.order_token });
    await target.must('POST /v1/quotes', { currency: 'GBP', lines: [{ sku: 'LAMP', quantity: 1 }] }, { key: publishable_key });
    assert.equal(await newest(), 'first-time');
  });

  it('by a repetition, when who did it died before it was written', async () => {
    const idempotency_key = fresh_key();
    const body = { sku: 'LAMP', location: 'north', kind: 'counted', quantity: 1, reason: 'lost' };
    // The entry cannot be written, and who asked is told to ask again.
    await shop.pool.query('alter table gateway.audit_log add constraint broken check (seq < 0) not valid');
    const failed = await target.ask('POST /v1/stock/adjustments', body, { idempotency_key });
    const not_begun = await target.ask('PUT /v1/products/UNWRITTEN', { name: 'U', prices: [] });
    await shop.pool.query('alter table gateway.audit_log drop constraint broken');
    assert.ok(failed.status >= 500, failed.text);
    assert.ok(not_begun.status >= 500, not_begun.text);
    assert.equal((await target.ask('GET /v1/products/UNWRITTEN')).status, 404, 'what cannot be asked again is not done unwritten');
    await target.must('POST /v1/stock/adjustments', body, { idempotency_key, headers: { 'x-request-id': 'written-now' } });
    assert.equal(await newest(), 'written-now');
  });
});
