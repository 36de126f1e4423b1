import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { real_clock } from './clock.ts';
import { create_server, type HttpServer, not_found, problem_of } from './http.ts';
import { type Logger, silent_logger } from './logger.ts';
import { Problem } from './route.ts';

const logged: string[] = [];
const logger: Logger = { ...silent_logger, error: (_fields: unknown, text?: string) => void logged.push(text ?? '') };
const head_timeout_ms = 200;
const request_timeout_ms = 400;

let made = 0;
const fresh_id = (prefix: string) => `${prefix}_${++made}`;
let server: HttpServer;
let port = 0;

before(async () => {
  server = create_server({ clock: real_clock, logger, fresh_id, head_timeout_ms, request_timeout_ms });
  server.paths.push({ method: 'GET', pattern: /^\/things$/ }, { method: 'POST', pattern: /^\/things$/ });
  server.fastify.get('/things', async () => ({ ok: true }));
  server.fastify.post('/things', async request => ({ bytes: request.body instanceof Uint8Array ? request.body.length : 0 }));
  server.fastify.post('/import', async request => {
    server.importing.add(request.raw.socket);
    let bytes = 0;
    for await (const chunk of request.raw) bytes += chunk.length;
    return { bytes };
  });
  server.fastify.get('/broken', async () => {
    throw new Error('select * from secrets at /srv/file.ts');
  });
  server.fastify.get('/refused', async () => {
    throw new Problem(409, 'order_held', 'It is held.', { extra: { hold_id: 'hld_1', status: 'confirmed' } });
  });
  await server.fastify.listen({ host: '127.0.0.1', port: 0 });
  const address = server.fastify.server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
after(() => server.close());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Record<string, unknown>;
}

/** Writes bytes to a socket of its own and reads until the server closes it or a whole reply is there. */
async function raw(...parts: readonly string[]): Promise<Answer> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  for (const part of parts) socket.write(part);
  for await (const chunk of socket) {
    text += chunk;
    const length = /content-length: (\d+)/i.exec(text)?.[1];
    const end = text.indexOf('\r\n\r\n');
    if (end >= 0 && length !== undefined && Buffer.byteLength(text.slice(end + 4)) >= Number(length)) break;
  }
  socket.destroy();
  const [head = '', body = ''] = text.split('\r\n\r\n', 2);
  const [line = '', ...headers] = head.split('\r\n');
  return {
    status: Number(line.split(' ')[1]),
    headers: Object.fromEntries(
      headers.map(header => [header.slice(0, header.indexOf(':')).toLowerCase(), header.slice(header.indexOf(':') + 2)]),
    ),
    body: body.startsWith('{') ? JSON.parse(body) : {},
  };
}

const host = 'Host: x\r\n';

describe('every error is a problem (RFC 9457)', () => {
  const cases: readonly [what: string, parts: readonly string[], status: number, code: string][] = [
    ['an unknown path', [`GET /nothing HTTP/1.1\r\n${host}\r\n`], 404, 'not_found'],
    ['dots that climb', [`GET /things/%2e%2e/admin HTTP/1.1\r\n${host}\r\n`], 404, 'not_found'],
    ['a double slash', [`GET //things HTTP/1.1\r\n${host}\r\n`], 404, 'not_found'],
    ['a semicolon', [`GET /things;a=1 HTTP/1.1\r\n${host}\r\n`], 404, 'not_found'],
    ['broken percent signs', [`GET /%zz HTTP/1.1\r\n${host}\r\n`], 400, 'malformed_request'],
    ['a method the path does not know', [`PUT /things HTTP/1.1\r\n${host}Content-Length: 2\r\n\r\n{}`], 405, 'method_not_allowed'],
    ['TRACE', [`TRACE /things HTTP/1.1\r\n${host}\r\n`], 405, 'method_not_allowed'],
    ['an overriding header', [`GET /nothing HTTP/1.1\r\n${host}X-HTTP-Method-Override: DELETE\r\n\r\n`], 404, 'not_found'],
    ['no Host', ['GET /things HTTP/1.1\r\n\r\n'], 400, 'malformed_request'],
    ['no HTTP', ['HELLO\r\n\r\n'], 400, 'malformed_request'],
    [
      'a length and chunks',
      [`POST /things HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
      400,
      'malformed_request',
    ],
    ['a body over 256 KiB', [`POST /things HTTP/1.1\r\n${host}Content-Length: 10485760\r\n\r\n`, 'x'.repeat(10_485_760)], 413, 'too_large'],
    [
      'chunks over 256 KiB',
      [`POST /things HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n`, `50000\r\n${'x'.repeat(0x50000)}\r\n0\r\n\r\n`],
      413,
      'too_large',
    ],
    ['an address of 16 KB', [`GET /things?${'a'.repeat(16_384)} HTTP/1.1\r\n${host}\r\n`], 414, 'uri_too_long'],
    ['an address of 60 KB', [`GET /things?${'a'.repeat(60_000)} HTTP/1.1\r\n${host}\r\n`], 414, 'uri_too_long'],
    ['headers of 100 KB', [`GET /things HTTP/1.1\r\n${host}X-Much: ${'a'.repeat(102_400)}\r\n\r\n`], 431, 'headers_too_large'],
    ['an expectation', [`POST /things HTTP/1.1\r\n${host}Expect: a-pony\r\nContent-Length: 2\r\n\r\n{}`], 417, 'expectation_failed'],
    ['headers that do not end', [`GET /things HTTP/1.1\r\n${host}X-Slow: `], 408, 'request_timeout'],
    ['chunks that do not end', [`POST /things HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n5\r\nab`], 408, 'request_timeout'],
    ['an exception', [`GET /broken HTTP/1.1\r\n${host}\r\n`], 500, 'internal'],
    ['a rejection', [`GET /refused HTTP/1.1\r\n${host}\r\n`], 409, 'order_held'],
  ];
  for (const [what, parts, status, code] of cases) {
    it(`answers ${what} with ${status} ${code}`, async () => {
      const { status: got, headers, body } = await raw(...parts);
      assert.deepEqual([got, body['code']], [status, code]);
      assert.equal(headers['content-type'], 'application/problem+json');
      assert.equal(headers['cache-control'], 'no-store');
      assert.equal(headers['x-request-id'], body['request_id']);
      assert.equal(body['type'], `urn:cartwright:problem:${code}`);
      assert.deepEqual([body['status'], body['retryable'], body['errors']], [status, status === 408, []]);
      assert.ok(typeof body['title'] === 'string' && typeof body['detail'] === 'string');
      assert.doesNotMatch(JSON.stringify(body), /select|\.ts|secrets|node_modules|FST_|HPE_/);
    });
  }

  it('names the methods that a path knows', async () => {
    const { headers } = await raw(`DELETE /things HTTP/1.1\r\n${host}\r\n`);
    assert.equal(headers['allow'], 'GET, POST, HEAD');
  });

  it('carries what a rejection adds', async () => {
    const { body } = await raw(`GET /refused HTTP/1.1\r\n${host}\r\n`);
    assert.deepEqual([body['hold_id'], body['status']], ['hld_1', 409]);
  });

  it('logs what it hides', async () => {
    logged.length = 0;
    await raw(`GET /broken HTTP/1.1\r\n${host}\r\n`);
    assert.deepEqual(logged, ['internal']);
  });

  it('says when to come back, and how to sign in', () => {
    assert.equal(problem_of(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })).status, 503);
    assert.equal(problem_of(Object.assign(new Error('aborted'), { code: 'ECONNRESET', statusCode: 400 })).status, 400);
    assert.equal(problem_of(new TypeError('x is not a function')).detail.includes('function'), false);
    assert.deepEqual(not_found().errors, []);
  });
});

describe('an import', () => {
  it('may take longer than any other request, as long as it moves', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.setEncoding('utf8');
    await once(socket, 'connect');
    socket.write(`POST /import HTTP/1.1\r\n${host}Content-Type: application/x-ndjson\r\nContent-Length: 10\r\n\r\n`);
    const started = performance.now();
    for (let sent = 0; sent < 10; sent++) {
      await real_clock.sleep(request_timeout_ms / 4);
      socket.write('x');
    }
    const [reply] = await once(socket, 'data');
    assert.match(String(reply), /^HTTP\/1.1 200 .*\{"bytes":10\}$/s);
    assert.ok(performance.now() - started > 2 * request_timeout_ms);
    socket.destroy();
  });
});

describe('request ids', () => {
  it('are echoed when they are harmless', async () => {
    const { headers } = await raw(`GET /things HTTP/1.1\r\n${host}X-Request-Id: abc-1.2:3\r\n\r\n`);
    assert.equal(headers['x-request-id'], 'abc-1.2:3');
  });
  for (const given of ['a b', 'x'.repeat(129), '<script>', '4242424242424242', '']) {
    it(`are made instead of "${given.slice(0, 20)}"`, async () => {
      const { headers } = await raw(`GET /things HTTP/1.1\r\n${host}X-Request-Id: ${given}\r\n\r\n`);
      assert.match(headers['x-request-id'] ?? '', /^req_\d+$/);
    });
  }
});

describe('a server that closes', () => {
  it('lets a running request finish, though its client would keep the connection', async () => {
    const closing = create_server({ clock: real_clock, logger: silent_logger, fresh_id });
    let started = () => {};
    let finish = () => {};
    const running = new Promise<void>(resolve => {
      started = resolve;
    });
    const finished = new Promise<void>(resolve => {
      finish = resolve;
    });
    closing.fastify.get('/slow', async () => {
      started();
      await finished;
      return { done: true };
    });
    const url = await closing.fastify.listen({ host: '127.0.0.1', port: 0 });
    const reply = fetch(`${url}/slow`);
    await running;
    const closed = closing.close();
    finish();
    assert.deepEqual(await (await reply).json(), { done: true });
    const begun = performance.now();
    await closed;
    assert.ok(performance.now() - begun < 2_000);
  });
});
