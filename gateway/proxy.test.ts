/** Two real doors: one behind the other. What a client sees must not tell them from one. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as http_request } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { silent_logger } from '../platform/logger.ts';
import type { Principal } from '../platform/route.ts';
import type { Door } from './door.ts';
import { internal_header, sign_call } from './internal_token.ts';
import { forward } from './proxy.ts';
import { publishable_key, raw, secret_key, type TestDoor, test_door, toy_routes } from './testing/door.ts';
import { type Upstream, type UpstreamLimits, upstream, upstream_limits } from './upstream.ts';

const secret = 'a secret of the gateway and its services';
const authorization = `Bearer ${secret_key}`;
const json = { authorization, 'content-type': 'application/json' };
const order = JSON.stringify({ currency: 'GBP', lines: [{ sku: 'A', quantity: 1 }] });

let at: TestDoor;
let service: Door;
let gateway: Door;
const opened: { close(): Promise<void> }[] = [];
before(async () => {
  at = await test_door();
  service = await open_service();
  gateway = await open_gateway(reached(service.url));
});
after(async () => {
  at.clock.speed = 1;
  for (const one of opened.reverse()) await one.close();
  await at.close();
});

const toys = () => toy_routes(at.asked, at.house).map(route => ({ ...route, service: 'toys' }));

async function open_service(secrets: readonly string[] = [secret]): Promise<Door> {
  const door = await at.open({}, { routes: toys(), behind: { secrets, audiences: ['toys'] } });
  opened.push(door);
  return door;
}
async function open_gateway(to: Upstream): Promise<Door> {
  const door = await at.open(
    {},
    { routes: toys(), forward: handing => (handing.route.service === undefined ? undefined : forward(to, handing)) },
  );
  opened.push(to, door);
  return door;
}
function reached(url: string, limits: Partial<UpstreamLimits> = {}): Upstream {
  return upstream({ url, services: ['toys'], secret, clock: at.clock, logger: silent_logger, limits: { ...upstream_limits, ...limits } });
}
async function code_of(response: Response): Promise<string> {
  return `${response.status} ${/"code":"(\w+)"/.exec(await response.text())?.[1]}`;
}
let keys_used = 0;
const place = (door: Door, headers: Record<string, string> = {}) =>
  fetch(`${door.url}/v1/orders`, { method: 'POST', body: order, headers: { ...json, 'idempotency-key': `p${++keys_used}`, ...headers } });

describe('a call through the gateway', () => {
  it('arrives as it was asked: who, which key, which bytes, which preferences', async () => {
    const response = await place(gateway, { 'idempotency-key': 'k', 'if-match': '"7"', prefer: 'wait=5', 'x-request-id': 'req_mine' });
    assert.deepEqual([response.status, response.headers.get('x-request-id')], [200, 'req_mine']);
    const through = at.asked.at(-1);
    await fetch(`${at.url}/v1/orders`, { method: 'POST', body: order, headers: { ...json, 'idempotency-key': 'k' } });
    const direct = at.asked.at(-1);
    assert.deepEqual(through?.idempotency, direct?.idempotency);
    assert.deepEqual(through?.principal, direct?.principal);
    assert.deepEqual([through?.if_match, through?.wait_s, through?.request_id], [7, 5, 'req_mine']);
  });

  it('comes back as it was answered: rejections with their bytes, statuses, headers', async () => {
    for (const [method, path, body] of [
      ['POST', '/v1/orders/ord_1/holds', '{}'],
      ['POST', '/v1/orders', '{"currency":'],
      ['POST', '/v1/orders', '{"paid":true}'],
      ['GET', '/v1/orders?limit=201', undefined],
      ['GET', '/v1/orders/ord_1', undefined],
      ['HEAD', '/v1/orders/ord_1', undefined],
      ['PUT', '/v1/orders/ord_1', '{}'],
      ['GET', '/v1/nothing', undefined],
    ] as const) {
      const ask = async (door: Door) => {
        const headers = { ...(body === undefined ? { authorization } : json), 'idempotency-key': 'same', 'x-request-id': 'req_same' };
        const response = await fetch(door.url + path, { method, headers, ...(body === undefined ? {} : { body }) });
        const headers_back = Object.fromEntries(
          [...response.headers].filter(([name]) => !['date', 'connection', 'keep-alive'].includes(name)),
        );
        return { status: response.status, headers: headers_back, text: await response.text() };
      };
      assert.deepEqual(await ask(gateway), await ask(at.door), `${method} ${path}`);
    }
  });

  it('is let in by the gateway’s rules before it is handed on', async () => {
    const before = at.asked.length;
    assert.equal(await code_of(await place(gateway, { authorization: '' })), '401 unauthenticated');
    assert.equal(
      await code_of(await fetch(`${gateway.url}/v1/orders`, { headers: { authorization: `Bearer ${publishable_key}` } })),
      '403 insufficient_scope',
    );
    assert.equal(await code_of(await place(gateway, { 'content-type': 'text/plain' })), '415 unsupported_media_type');
    const long = { method: 'POST', body: 'x'.repeat(300_000), headers: { ...json, 'idempotency-key': 'long' } };
    assert.equal(await code_of(await fetch(`${gateway.url}/v1/orders`, long)), '413 too_large');
    assert.equal(at.asked.length, before);
  });

  it('takes nothing along that a client says about itself', async () => {
    const spoofed = {
      'x-user-id': 'admin',
      'x-user-role': 'admin',
      'x-forwarded-for': '10.0.0.1',
      'x-forwarded-host': 'evil.example',
      'x-real-ip': '10.0.0.1',
      forwarded: 'for=10.0.0.1',
      [internal_header]: 'a.b',
      'x-hop': 'by name',
    };
    const sent = await new Promise<number>((resolve, reject) => {
      const headers = { ...spoofed, authorization, cookie: 'cartwright_session=x', connection: 'x-hop', te: 'trailers', 'x-kept': 'yes' };
      const asked = http_request(`${gateway.url}/v1/orders/ord_1`, { headers }, response => {
        response.resume().once('end', () => resolve(response.statusCode ?? 0));
      });
      asked.once('error', reject).end();
    });
    assert.equal(sent, 200);
    const { headers = {}, principal } = at.asked.at(-1) ?? {};
    assert.equal(principal?.type, 'sk');
    for (const name of [...Object.keys(spoofed), 'authorization', 'cookie', 'te'])
      if (name !== internal_header) assert.equal(headers[name], undefined, name);
    assert.notEqual(headers[internal_header], 'a.b');
    assert.equal(headers['x-kept'], 'yes');
  });

  it('15: is framed anew: two lengths, a length and chunks are refused, chunks and 100-continue arrive whole, absolute addresses are paths', async () => {
    const head = `POST /v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\nIdempotency-Key: s\r\n`;
    const chunked = `${order.length.toString(16)}\r\n${order}\r\n0\r\n\r\n`;
    const before = at.asked.length;
    const smuggled = `${head}Content-Length: ${order.length}\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`;
    assert.deepEqual(await raw(gateway.port, smuggled), { status: 400, code: 'malformed_request' });
    assert.equal((await raw(gateway.port, `${head}Transfer-Encoding: chunked, identity\r\n\r\n${chunked}`)).status, 400);
    assert.equal((await raw(gateway.port, `${head}Expect: 200-maybe\r\nContent-Length: 2\r\n\r\n{}`)).code, 'expectation_failed');
    assert.equal(at.asked.length, before);
    assert.equal((await raw(gateway.port, `${head}Transfer-Encoding: chunked\r\n\r\n${chunked}`)).status, 200);
    const absolute = head.replace('POST /v1', 'POST http://evil.example:1/v1');
    assert.equal((await raw(gateway.port, `${absolute}Content-Length: ${order.length}\r\n\r\n${order}`)).status, 200);
    assert.equal(at.asked.at(-1)?.idempotency?.route, 'POST /v1/orders');
    // The interim reply carries no length, so `raw` reads on to the final one.
    const expecting = await raw(gateway.port, `${head}Expect: 100-continue\r\nContent-Length: ${order.length}\r\n\r\n${order}`);
    assert.equal(expecting.status, 100);
    assert.equal(at.asked.length, before + 3);
  });

  it('carries a webhook’s bytes as they came', async () => {
    const body = Buffer.from([0x7b, 0x00, 0xff, 0x0a, 0x20]);
    const response = await fetch(`${gateway.url}/inbound/toy`, { method: 'POST', body, headers: { 'x-signature': 't=1,v1=ab' } });
    assert.equal(response.status, 200);
    assert.deepEqual(Buffer.from(at.asked.at(-1)?.body as Uint8Array), body);
    assert.equal(at.asked.at(-1)?.headers['x-signature'], 't=1,v1=ab');
  });
});

describe('a process behind a gateway', () => {
  const admin: Principal = { type: 'sk', id: 'key_1', scopes: new Set(['orders:read', 'orders:write']) };
  const call = { method: 'GET', url: '/v1/orders/ord_1' };
  const token = (
    more: { secret?: string; call?: typeof call; audience?: string; principal?: Principal; request_id?: string; ahead_ms?: number } = {},
  ) =>
    sign_call(
      more.secret ?? secret,
      more.call ?? call,
      { audience: more.audience ?? 'toys', principal: more.principal ?? admin, request_id: more.request_id ?? 'req_1' },
      at.clock.now_ms() + (more.ahead_ms ?? 0),
    );
  const ask = (headers: Record<string, string>) => fetch(service.url + call.url, { headers: { 'x-request-id': 'req_1', ...headers } });

  it('64, 72: takes the gateway’s word for this call, this service and this half minute, and nothing else', async () => {
    assert.equal((await ask({ [internal_header]: token() })).status, 200);
    const before = at.asked.length;
    const refused: Record<string, Record<string, string>> = {
      'no token': {},
      'a secret key': { authorization },
      'claims of a user': { 'x-user-id': 'key_1', 'x-user-role': 'admin', 'x-forwarded-for': '127.0.0.1' },
      'the token as a key': { authorization: `Bearer ${token()}` },
      'another service’s': { [internal_header]: token({ audience: 'orders' }) },
      expired: { [internal_header]: token({ ahead_ms: -31_000 }) },
      'of a day to come': { [internal_header]: token({ ahead_ms: 86_400_000 }) },
      'of another secret': { [internal_header]: token({ secret: 'a secret that is not the one of this house' }) },
      'for another address': { [internal_header]: token({ call: { method: 'GET', url: '/v1/orders/ord_2' } }) },
      'for another method': { [internal_header]: token({ call: { ...call, method: 'POST' } }) },
      'for another request': { [internal_header]: token({ request_id: 'req_2' }) },
      altered: { [internal_header]: token().replace(/^./, 'x') },
      'given twice': { [internal_header]: `${token()}, ${token()}` },
    };
    for (const [what, headers] of Object.entries(refused))
      assert.equal(await code_of(await ask(headers)), '401 internal_token_invalid', what);
    assert.equal(at.asked.length, before);
  });

  it('looks at the scope again', async () => {
    const analyst: Principal = { type: 'staff', id: 'stf_1', scopes: new Set(['analytics:read']) };
    assert.equal(await code_of(await ask({ [internal_header]: token({ principal: analyst }) })), '403 insufficient_scope');
    const buyer: Principal = { type: 'order', id: 'order:ord_2', scopes: new Set(), order_id: 'ord_2' };
    assert.equal(await code_of(await ask({ [internal_header]: token({ principal: buyer }) })), '404 not_found');
  });

  it('tells its health to anybody, and has no accounts, no documents and no webhooks of its own', async () => {
    assert.equal((await fetch(`${service.url}/healthz`)).status, 200);
    assert.equal((await fetch(`${service.url}/readyz`)).status, 200);
    for (const path of ['/v1/keys', '/v1/session', '/v1/audit-log', '/openapi.json', '/docs'])
      assert.equal((await fetch(service.url + path, { headers: { authorization } })).status, 404, path);
    assert.equal(await code_of(await fetch(`${service.url}/inbound/toy`, { method: 'POST', body: '{}' })), '401 internal_token_invalid');
  });

  it('with another secret is a fault of ours, not of the client', async () => {
    const stranger = await open_service(['a secret that is not the one of this house']);
    const door = await open_gateway(reached(stranger.url));
    assert.equal(await code_of(await place(door)), '503 service_unavailable');
    const rolling = await open_service(['the secret that everybody will have tomorrow', secret]);
    assert.equal((await place(await open_gateway(reached(rolling.url)))).status, 200);
  });
});

describe('streams through the gateway', () => {
  /** Gives what it is told to, and waits for more until it is aborted or returned. */
  function source() {
    const waiting: string[] = [];
    let wake = () => {};
    let is_over = () => {};
    const over = new Promise<void>(resolve => {
      is_over = resolve;
    });
    async function* stream() {
      try {
        for (;;) {
          const text = waiting.shift();
          if (text !== undefined) yield text;
          else
            await new Promise<void>(resolve => {
              wake = resolve;
            });
        }
      } finally {
        is_over();
      }
    }
    const give = (text: string) => {
      waiting.push(text);
      wake();
    };
    at.house.stream = stream();
    return { give, over };
  }
  async function listen(door: Door, headers: Record<string, string> = {}) {
    const response = await fetch(`${door.url}/v1/live`, { headers: { authorization, ...headers } });
    assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
    assert.ok(response.body);
    return response.body.getReader();
  }
  const text_of = ({ value }: { value?: Uint8Array | undefined }) => new TextDecoder().decode(value);

  it('arrive event by event, with Last-Event-ID, longer than any token lives', async () => {
    const { give } = source();
    const reader = await listen(gateway, { 'last-event-id': '41' });
    assert.equal(at.asked.at(-1)?.headers['last-event-id'], '41');
    give('id: 42\ndata: one\n\n');
    assert.equal(text_of(await reader.read()), 'id: 42\ndata: one\n\n');
    at.clock.move(120_000);
    at.clock.speed = 50;
    assert.equal(text_of(await reader.read()), ':\n\n', 'the heartbeat of the service');
    at.clock.speed = 1;
    give('data: two\n\n');
    assert.equal(text_of(await reader.read()), 'data: two\n\n');
    await reader.cancel();
  });

  it('end at the service when the client goes', async () => {
    const { give, over } = source();
    const reader = await listen(gateway);
    const signal = at.asked.at(-1)?.signal;
    await reader.cancel();
    if (signal?.aborted === false) await once(signal, 'abort');
    give('unheard');
    await over;
  });

  it('71: end within five seconds of the key being revoked at the gateway', async () => {
    source();
    const made = await fetch(`${gateway.url}/v1/keys`, {
      method: 'POST',
      body: '{"type":"secret","name":"short-lived"}',
      headers: { ...json, 'idempotency-key': 'stream key' },
    });
    const { id, secret: key } = (await made.json()) as { id: string; secret: string };
    at.clock.speed = 10;
    const reader = await listen(gateway, { authorization: `Bearer ${key}` });
    await fetch(`${gateway.url}/v1/keys/${id}`, { method: 'DELETE', headers: { authorization } });
    const started = performance.now();
    assert.equal((await reader.read()).done, true);
    at.clock.speed = 1;
    assert.ok(performance.now() - started < 5_000 / 10);
  });

  it('end when the service closes, and when the gateway does', async () => {
    const inner = await open_service();
    const outer = await open_gateway(reached(inner.url));
    source();
    const first = await listen(outer);
    await inner.close();
    assert.equal((await first.read()).done, true);
    source();
    const second_door = await open_gateway(reached(service.url));
    const second = await listen(second_door);
    await Promise.all([second_door.close(), second.read().then(({ done }) => assert.equal(done, true))]);
  });

  it('are so many and no more', async () => {
    const door = await open_gateway(reached(service.url, { streams_max: 1 }));
    source();
    const reader = await listen(door);
    source();
    const second = await fetch(`${door.url}/v1/live`, { headers: { authorization } });
    assert.equal(second.headers.get('retry-after'), '10');
    assert.equal(await code_of(second), '503 too_many_streams');
    await reader.cancel();
  });

  it('answer an import line by line while it is still being sent', async () => {
    const socket = connect(gateway.port, '127.0.0.1');
    socket.setEncoding('utf8');
    let heard = '';
    socket.on('data', text => {
      heard += text;
    });
    const hears = async (wanted: string) => {
      while (!heard.includes(wanted)) await once(socket, 'data');
    };
    const head = `POST /v1/orders/import HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n`;
    socket.write(`${head}8\r\n{"a":1}\n\r\n`);
    await hears('{"line":1,"length":7}');
    socket.write('9\r\n{"a":22}\n\r\n');
    await hears('{"line":2,"length":8}');
    socket.write('0\r\n\r\n');
    await hears('\r\n0\r\n\r\n');
    socket.destroy();
  });

  it('are cut off, not ended, when a file breaks off', async () => {
    let fail = () => {};
    const failed = new Promise<never>((_resolve, reject) => {
      fail = () => reject(new Error('disk'));
    });
    async function* broken() {
      yield 'a,b\n';
      yield await failed;
    }
    at.house.stream = broken();
    const response = await fetch(`${gateway.url}/v1/export`, { headers: { authorization } });
    assert.equal(response.headers.get('content-type'), 'text/csv; charset=utf-8');
    fail();
    await assert.rejects(response.text());
  });
});

describe('a service that is away', () => {
  /** Accepts and does as it is told; counts what it was sent. */
  async function fake(behave: (socket: Socket) => void): Promise<{ url: string; readonly requests: () => number }> {
    let requests = 0;
    const sockets = new Set<Socket>();
    const server = createServer(socket => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('data', () => {
        requests += 1;
        behave(socket);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    opened.push({
      async close() {
        for (const socket of sockets) socket.destroy();
        server.close();
      },
    });
    const address = server.address();
    return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, requests: () => requests };
  }

  it('is told within two seconds, with Retry-After, to every kind of request', async () => {
    const closed = await open_service();
    await closed.close();
    for (const url of [closed.url, 'http://192.0.2.1:9', 'http://no-such-host.invalid:9']) {
      const door = await open_gateway(reached(url));
      const import_lines = { method: 'POST', body: '{}\n', headers: { authorization, 'content-type': 'application/x-ndjson' } };
      const started = performance.now();
      const answers = await Promise.all([
        place(door),
        fetch(`${door.url}/v1/orders`, { headers: { authorization } }),
        fetch(`${door.url}/v1/live`, { headers: { authorization } }),
        fetch(`${door.url}/v1/orders/import`, import_lines),
      ]);
      assert.ok(performance.now() - started < 2_000, `${url}: ${performance.now() - started} ms`);
      for (const answer of answers) {
        assert.equal(answer.headers.get('retry-after'), '2');
        assert.equal(await code_of(answer), '503 service_unavailable', url);
      }
    }
  });

  it('is asked once, whatever becomes of it: nothing is sent again', async () => {
    const cut = await fake(socket => socket.destroy());
    const door = await open_gateway(reached(cut.url));
    assert.equal(await code_of(await place(door)), '503 service_no_answer');
    assert.equal(cut.requests(), 1);
    assert.equal(await code_of(await fetch(`${door.url}/v1/orders`, { headers: { authorization } })), '503 service_no_answer');
    assert.equal(cut.requests(), 2);
  });

  it('that hangs is given up, takes so many calls with it and no more, and no other service’s', async () => {
    const hung = await fake(() => undefined);
    const door = await open_gateway(reached(hung.url, { answer_timeout_ms: 800, calls_max: 3 }));
    const started = performance.now();
    const answers = await Promise.all(Array.from({ length: 5 }, async () => code_of(await place(door))));
    assert.deepEqual(answers.sort(), [...Array(3).fill('503 service_no_answer'), ...Array(2).fill('503 service_unavailable')]);
    assert.ok(performance.now() - started < 3_000);
    assert.equal((await fetch(`${door.url}/v1/keys`, { headers: { authorization } })).status, 200);
  });

  it('that answers nonsense gives nothing away', async () => {
    const nonsense = await fake(socket => socket.end('SSH-2.0-OpenSSH\r\n'));
    const answer = await place(await open_gateway(reached(nonsense.url)));
    const text = await answer.text();
    assert.equal(answer.status, 503);
    assert.doesNotMatch(text, /SSH|127\.0\.0\.1|undici|HPE/);
  });

  it('is there again as soon as it is there again', async () => {
    const first = await open_service();
    const door = await open_gateway(reached(first.url));
    assert.equal((await place(door)).status, 200);
    await first.close();
    assert.equal(await code_of(await place(door)), '503 service_unavailable');
    const again = await at.open({ port: first.port }, { routes: toys(), behind: { secrets: [secret], audiences: ['toys'] } });
    opened.push(again);
    assert.equal((await place(door)).status, 200);
  });
});
