/** A gateway process in front of service processes: an order's whole life through it, and what happens when somebody is away. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { basket, by_stripe, type Order, type PlacedOrder } from './api.ts';
import { start_fleet } from './fleet.ts';
import { publishable_key, secret_key, until } from './shop.ts';

const fleet = await start_fleet({ after });
const address = { line1: '1 Wharf Road', city: 'London', postal_code: 'N1 7AA', country: 'GB' };
await fleet.put('/v1/locations/north', { name: 'North', priority: 1, address });
await fleet.import('/v1/products/import', [{ sku: 'LAMP', name: 'Lamp', prices: [{ currency: 'GBP', amount: 1_000 }] }]);
await fleet.import('/v1/stock/import', [{ sku: 'LAMP', location: 'north', on_hand: 100_000 }]);

const authorization = `Bearer ${secret_key}`;
const two_lamps = [{ sku: 'LAMP', quantity: 2 }];
const place = (more: Record<string, unknown> = {}, wait?: number) =>
  fleet.post<PlacedOrder>('/v1/orders', basket(two_lamps, more), wait === undefined ? {} : { wait });
const completed = (id: string) =>
  until('the order is completed', async () => {
    const order = await fleet.order(id);
    return order.status === 'completed' && order;
  });

/** Events as they come, parsed. */
async function* events_of(
  path: string,
  headers: Record<string, string> = {},
): AsyncGenerator<{ id: string; event: string; data: Record<string, unknown> }> {
  const over = new AbortController();
  try {
    const response = await fetch(fleet.url + path, { headers: { authorization, ...headers }, signal: over.signal });
    assert.equal(response.status, 200, path);
    let rest = '';
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const parts = (rest + chunk).split('\n\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        const fields = Object.fromEntries(
          part.split('\n').map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
        );
        if (fields['event'] !== undefined)
          yield { id: fields['id'] ?? '', event: fields['event'], data: JSON.parse(fields['data'] ?? 'null') };
      }
    }
  } finally {
    over.abort();
  }
}

describe('an order through the gateway', () => {
  it('goes from Pay to parcel, its webhooks, its timeline and its stream too', async () => {
    const placed = await place({ payment: by_stripe() }, 10);
    assert.notEqual(placed.status, 'placed', 'Prefer: wait was waited for');
    const seen: unknown[] = [];
    for await (const { data } of events_of(`/v1/orders/${placed.id}/stream`)) {
      seen.push(data['status']);
      if (data['status'] === 'completed') break;
    }
    assert.equal(seen.at(-1), 'completed');
    const timeline = await fleet.timeline(placed.id);
    assert.deepEqual(new Set(timeline.map(entry => entry.service)), new Set(['orders', 'inventory', 'payments', 'shipping']));
    const { version } = await fleet.order(placed.id);
    const [first] = await take(events_of(`/v1/orders/${placed.id}/stream`, { 'last-event-id': String(version - 1) }), 1);
    assert.equal(first?.id, String(version));
  });

  it('is read, followed and cancelled with its own token, and with no other', async () => {
    const [mine, other] = [await place({ payment: undefined }), await place({ payment: undefined })];
    const key = mine.order_token;
    assert.equal((await fleet.get<Order>(`/v1/orders/${mine.id}`, { key })).id, mine.id);
    assert.equal((await fleet.refused('GET', `/v1/orders/${other.id}`, undefined, { key })).code, 'not_found');
    assert.equal((await fleet.refused('GET', `/v1/orders/${mine.id}`, undefined, { key: publishable_key })).code, 'insufficient_scope');
    await fleet.post(`/v1/orders/${mine.id}/cancel`, { reason: 'changed my mind' }, { key, wait: 10 });
    assert.equal((await fleet.order(mine.id)).status, 'cancelled');
  });

  it('is one however often it is sent: the first reply again, byte for byte', async () => {
    const body = basket(two_lamps);
    const how = { idempotency_key: 'once through the gateway' };
    const first = await fleet.ask('POST', '/v1/orders', body, how);
    const again = await fleet.ask('POST', '/v1/orders', body, how);
    assert.deepEqual([first.status, again.status, again.text], [201, 201, first.text]);
    assert.equal(again.headers.get('idempotency-replayed'), 'true');
    assert.equal(again.headers.get('location'), first.headers.get('location'));
    assert.equal((await fleet.refused('POST', '/v1/orders', basket(two_lamps, { priority: 1 }), how)).code, 'idempotency_key_reused');
    assert.equal(
      (await fleet.refused('POST', `/v1/orders/${JSON.parse(first.text).id}/cancel`, { reason: 'x' }, { headers: { 'if-match': '"999"' } }))
        .code,
      'version_conflict',
    );
  });

  it('is one of the desk’s, the documents’ and analytics’ subjects', async () => {
    const consumers = await fleet.get<{ data: { service: string }[] }>('/v1/consumers');
    assert.deepEqual(
      new Set(consumers.data.map(row => row.service)),
      new Set(['orders', 'payments', 'shipping', 'inventory', 'suppliers', 'analytics']),
    );
    for (const path of ['/v1/exceptions', '/v1/dead-letters', '/v1/operations', '/v1/audit', '/v1/analytics/overview', '/v1/keys'])
      await fleet.get(path);
    const { data: calls } = await fleet.get<{ data: { id: string; service: string }[] }>('/v1/operations?limit=1');
    for (const call of calls) assert.equal((await fleet.get<{ service: string }>(`/v1/operations/${call.id}`)).service, call.service);
    for (const path of ['/v1/dead-letters/orders.payments.1', '/v1/operations/op_nobody'])
      assert.equal((await fleet.refused('GET', path)).code, 'not_found');
    assert.equal((await fleet.refused('POST', '/v1/dead-letters/orders.payments.1/redrive')).code, 'not_found');
    assert.equal(
      (await fleet.refused('POST', '/v1/operations/op_nobody/resolve', { outcome: 'failed', evidence: 'none' })).code,
      'not_found',
    );
    const api = await fleet.get<{ paths: Record<string, object> }>('/openapi.json', { key: '' });
    for (const path of [
      '/v1/orders',
      '/v1/stock/{sku}',
      '/v1/payments',
      '/v1/shipments',
      '/v1/suppliers/{code}',
      '/v1/exceptions',
      '/v1/live',
      '/v1/sandbox',
    ])
      assert.ok(api.paths[path], path);
    assert.equal((await fetch(`${fleet.url}/docs`)).status, 200);
    assert.equal((await fetch(`${fleet.url}/asyncapi.json`)).status, 200);
  });
});

describe('a page of another origin', () => {
  it('places an order with a publishable key, follows it with its token, and may read both', async () => {
    const origin = 'https://shop.example';
    const preflight = await fetch(`${fleet.url}/v1/quotes`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    });
    assert.deepEqual([preflight.status, preflight.headers.get('access-control-allow-origin')], [204, origin]);
    const quoted = await fleet.ask(
      'POST',
      '/v1/quotes',
      { currency: 'GBP', lines: two_lamps, shipping_address: { country: 'GB' } },
      { key: publishable_key, headers: { origin } },
    );
    assert.deepEqual([quoted.status, quoted.headers.get('access-control-allow-origin')], [201, origin]);
    const { id, order_token } = await place({ payment: undefined });
    const order = await fleet.ask('GET', `/v1/orders/${id}`, undefined, { key: order_token, headers: { origin } });
    assert.deepEqual([order.status, order.headers.get('access-control-allow-origin')], [200, origin]);
    const stream = await fetch(`${fleet.url}/v1/orders/${id}/stream`, { headers: { origin, authorization: `Bearer ${order_token}` } });
    assert.equal(stream.headers.get('access-control-allow-origin'), origin);
    await stream.body?.cancel();
    assert.equal((await fleet.refused('GET', '/v1/orders', undefined, { headers: { origin } })).code, 'secret_key_in_browser');
  });
});

describe('the services behind it', () => {
  it('answer the gateway only, whatever a request says about itself', async () => {
    const spoofed = { 'x-user-id': 'admin', 'x-user-scopes': 'admin', 'x-forwarded-for': '127.0.0.1', 'x-cartwright-internal': 'a.b' };
    const attempts: Record<string, string>[] = [{}, { authorization }, spoofed];
    for (const [running, path] of [
      [fleet.orders, '/v1/orders'],
      [fleet.money, '/v1/payments'],
      [fleet.money, '/v1/shipments'],
      [fleet.stock, '/v1/stock'],
      [fleet.stock, '/v1/analytics/overview'],
      [fleet.stock, '/v1/exceptions'],
      [fleet.stock, '/internal/vitals'],
    ] as const) {
      for (const headers of attempts) {
        const response = await fetch(`http://127.0.0.1:${running.port}${path}`, { headers });
        assert.deepEqual([response.status, /"code":"(\w+)"/.exec(await response.text())?.[1]], [401, 'internal_token_invalid'], path);
      }
    }
    const webhook = await fetch(`http://127.0.0.1:${fleet.money.port}/inbound/stripe`, { method: 'POST', body: '{}' });
    assert.equal(webhook.status, 401);
    assert.equal((await fetch(`${fleet.url}/internal/vitals`, { headers: { authorization } })).status, 404);
  });
});

describe('the live page', () => {
  it('shows every service, orders, money and what is stuck, each second', async () => {
    const samples = events_of('/v1/live');
    await samples.next();
    const order = await place();
    await completed(order.id);
    let orders = 0;
    for await (const { event, data } of samples) {
      assert.equal(event, 'live');
      orders += Number(data['orders_per_s']);
      const names = (data['services'] as { service: string }[]).map(one => one.service).sort();
      assert.deepEqual(names, ['analytics', 'inventory', 'orders', 'payments', 'shipping', 'suppliers']);
      const [money] = data['captured_per_minute'] as { currency: string; amount: number }[];
      if (orders > 0 && money?.currency === 'GBP' && money.amount >= order.total) break;
    }
  });

  it('71: closes within five seconds of its reader losing the role', async () => {
    const staff = await fleet.post<{ id: string }>('/v1/staff', {
      username: 'grace',
      password: 'a password of some length',
      role: 'operator',
    });
    const signed_in = await fleet.ask('POST', '/v1/session', { username: 'grace', password: 'a password of some length' }, { key: '' });
    const cookie = (signed_in.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const response = await fetch(`${fleet.url}/v1/live`, { headers: { cookie } });
    assert.equal(response.status, 200);
    const reading = response.text();
    await fleet.ask('PATCH', `/v1/staff/${staff.id}`, { role: 'analyst' });
    const started = performance.now();
    await reading;
    assert.ok(performance.now() - started < 5_000);
    assert.equal((await fetch(`${fleet.url}/v1/live`, { headers: { cookie } })).status, 401);
  });
});

describe('a service that is away', () => {
  it('killed: 503 at once, everything else goes on, the desk says who is missing, and it is there again', async () => {
    const order = await place();
    await completed(order.id);
    fleet.money.kill();
    const started = performance.now();
    const gone = await until('the process is gone', async () => {
      const response = await fetch(`${fleet.url}/v1/payments`, { headers: { authorization } });
      return response.status === 503 && { retry_after: response.headers.get('retry-after'), text: await response.text() };
    });
    assert.ok(performance.now() - started < 2_000);
    assert.ok(Number(gone.retry_after) >= 1);
    assert.match(gone.text, /"code":"service_(unavailable|no_answer)"/);
    assert.equal((await fleet.order(order.id)).status, 'completed');
    assert.ok(
      (await fleet.timeline(order.id)).some(entry => entry.service === 'payments'),
      'the timeline is read from the logs',
    );
    const desk = await fleet.get<{ unavailable: string[] }>('/v1/exceptions');
    assert.deepEqual(desk.unavailable, ['payments', 'shipping']);
    const [sample] = await take(events_of('/v1/live'), 1);
    assert.deepEqual(sample?.data['unavailable'], ['payments', 'shipping']);
    const waiting = await place();
    await fleet.money.restart();
    await completed(waiting.id);
  });

  it('stopped: the call is given up, not repeated', { timeout: 60_000 }, async () => {
    const child = fleet.stock;
    child.signal('SIGSTOP');
    try {
      const before = performance.now();
      assert.equal((await fetch(`${fleet.url}/v1/orders`, { headers: { authorization } })).status, 200, 'others are not held up');
      assert.ok(performance.now() - before < 2_000);
      const response = await fetch(`${fleet.url}/v1/stock`, { headers: { authorization } });
      assert.match(await response.text(), /service_no_answer/);
      assert.ok(performance.now() - before < 30_000);
    } finally {
      child.signal('SIGCONT');
    }
    await until('it answers again', async () => (await fetch(`${fleet.url}/v1/stock`, { headers: { authorization } })).status === 200);
  });
});

describe('a wrong start', () => {
  const root = join(import.meta.dirname, '..');
  const start = (words: string[], env: Record<string, string>) => {
    const { PATH = '' } = process.env;
    const run = spawnSync(process.execPath, ['main.ts', 'start', ...words], { cwd: root, encoding: 'utf8', env: { PATH, ...env } });
    return { status: run.status, said: run.stderr };
  };
  it('says what is missing, a line for each setting', () => {
    const { status, said } = start(['gateway'], { ORDERS_URL: 'http://127.0.0.1:4010' });
    assert.equal(status, 1);
    for (const name of ['CARTWRIGHT_INTERNAL_SECRET', 'INVENTORY_URL', 'PAYMENTS_URL', 'SHIPPING_URL', 'SUPPLIERS_URL', 'ANALYTICS_URL'])
      assert.match(said, new RegExp(`^ +${name} must be`, 'm'));
    assert.doesNotMatch(said, /ORDERS_URL must|\n\s+at /);
  });

  it('says what is wrong, a line for each setting', () => {
    const wrong = {
      CARTWRIGHT_INTERNAL_SECRET: 'short',
      ORDERS_URL: 'http://127.0.0.1:4010/v1',
      PAYMENTS_URL: 'ftp://x',
      STRIPE_BASE_URL: 'x',
      CORS_ORIGINS: 'https://shop.example/, *',
    };
    const { status, said } = start(['gateway'], wrong);
    assert.equal(status, 1);
    for (const name of Object.keys(wrong)) assert.match(said, new RegExp(`^ +${name} must be`, 'm'), name);
  });

  it('refuses what makes no sense', () => {
    assert.match(start(['orders', '--behind-gateway'], {}).said, /CARTWRIGHT_INTERNAL_SECRET must be set/);
    assert.match(start(['gateway', 'orders'], {}).said, /gateway_alone/);
    assert.match(start(['gateway', '--no-door'], {}).said, /gateway_alone/);
    assert.match(start(['orders', '--no-door', '--behind-gateway'], {}).said, /no_door/);
    assert.match(start(['order'], {}).said, /unknown_service/);
  });
});

async function take<T>(items: AsyncGenerator<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const item of items) {
    taken.push(item);
    if (taken.length === count) break;
  }
  return taken;
}
