/** What one call proves, against real servers: whether a request has left is seen from both ends. */
import assert from 'node:assert/strict';
import { connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import * as tls from 'node:tls';
import { listener, until } from '../../sandbox/easypost/listener.ts';
import { start_stand_in } from '../../sandbox/stand_in.ts';
import { localhost_certificate, localhost_key } from '../testing/localhost_certificate.ts';
import { type Call, call, call_json, json_body, outcome_of } from './call.ts';

const soon = () => AbortSignal.timeout(5_000);
const get = (url: string): Call => ({ method: 'GET', url, headers: {}, reply_bytes_max: 100 });
const pay = (url: string): Call => ({ ...get(url), method: 'POST', body: json_body({ pay: 1 }) });

interface Line {
  readonly port: number;
  /** Everything that came over the line. */
  heard(): string;
}
/** A server of bare sockets. */
async function line(t: TestContext, on_socket: (socket: Socket) => void): Promise<Line> {
  const sockets = new Set<Socket>();
  const heard: Buffer[] = [];
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('data', chunk => heard.push(chunk));
    on_socket(socket);
  });
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await listening;
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const bound = server.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  return { port: bound.port, heard: () => Buffer.concat(heard).toString('latin1') };
}
/** Trusts the test's certificate as if it were a public one. */
function trust(t: TestContext): void {
  const before = tls.getCACertificates('default');
  tls.setDefaultCACertificates([...before, localhost_certificate]);
  t.after(() => tls.setDefaultCACertificates(before));
}
async function secure_line(t: TestContext, on_socket: (socket: tls.TLSSocket) => void): Promise<Line> {
  const requests: Buffer[] = [];
  const server = tls.createServer({ key: localhost_key, cert: localhost_certificate }, socket => {
    socket.on('error', () => undefined).on('data', chunk => requests.push(chunk));
    on_socket(socket);
  });
  const { port } = await line(t, socket => server.emit('connection', socket));
  return { port, heard: () => Buffer.concat(requests).toString() };
}

test('no host, no connection, a deadline that had passed: nothing was sent', async t => {
  const sim = await start_stand_in({ name: 'gone', open: () => ({ routes: [] }) });
  await sim.stop();
  assert.deepEqual(await call(pay(sim.url), soon()), { answer: 'not_sent', detail: 'ECONNREFUSED' });
  assert.equal((await call(pay('http://nobody.invalid/'), soon())).answer, 'not_sent');
  const { url, letters } = await listener(t);
  assert.equal((await call(pay(url), AbortSignal.abort())).answer, 'not_sent');
  assert.equal(letters.length, 0);
});

test('a deadline while TLS is still being agreed: nothing was sent', async t => {
  const { port, heard } = await line(t, () => undefined);
  const deadline = new AbortController();
  const hanging = call(pay(`https://127.0.0.1:${port}/`), deadline.signal);
  await until(() => heard() !== '');
  deadline.abort();
  assert.deepEqual(await hanging, { answer: 'not_sent', detail: 'the deadline passed' });
});

test('a line cut, or not spoken TLS on, before the request: nothing was sent', async t => {
  const cut = await line(t, socket => socket.once('data', () => socket.resetAndDestroy()));
  assert.deepEqual(await call(pay(`https://127.0.0.1:${cut.port}/`), soon()), { answer: 'not_sent', detail: 'ECONNRESET' });
  const plain = await line(t, socket => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
  assert.equal((await call(pay(`https://127.0.0.1:${plain.port}/`), soon())).answer, 'not_sent');
});

test('a certificate that nobody vouches for: nothing was sent', async t => {
  const { port, heard } = await secure_line(t, () => undefined);
  const answer = await call(pay(`https://127.0.0.1:${port}/`), soon());
  assert.deepEqual(answer, { answer: 'not_sent', detail: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  assert.equal(heard(), '');
});

test('the same reset after the request leaves a doubt, with TLS and without', async t => {
  trust(t);
  const plain = await line(t, socket => socket.once('data', () => socket.resetAndDestroy()));
  assert.deepEqual(await call(pay(`http://127.0.0.1:${plain.port}/`), soon()), { answer: 'lost', detail: 'ECONNRESET' });
  const secure = await secure_line(t, socket => socket.once('data', () => socket.destroy()));
  assert.equal((await call(pay(`https://127.0.0.1:${secure.port}/`), soon())).answer, 'lost');
  assert.match(secure.heard(), /\{"pay":1\}$/);
});

test('TLS that breaks after the request leaves a doubt, whatever its error is called', async t => {
  trust(t);
  const lines: Socket[] = [];
  // Beside the server's own TLS, as a broken middle box would.
  const spoil = () => lines.at(-1)?.write('no TLS record at all');
  const server = await secure_line(t, socket => socket.once('data', spoil));
  const middle = await line(t, socket => {
    lines.push(socket);
    const onward = connect(server.port, '127.0.0.1');
    onward.on('error', () => undefined);
    socket.pipe(onward).pipe(socket);
  });
  assert.equal((await call(pay(`https://127.0.0.1:${middle.port}/`), soon())).answer, 'lost');
  assert.match(server.heard(), /\{"pay":1\}$/);
});

test('a line kept from an earlier call that is cut under the next request leaves a doubt', async t => {
  let requests = 0;
  const { port, heard } = await line(t, socket =>
    socket.on('data', () => {
      requests += 1;
      if (requests === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
      else socket.resetAndDestroy();
    }),
  );
  assert.equal((await call(get(`http://127.0.0.1:${port}/read`), soon())).answer, 'reply');
  assert.equal((await call(pay(`http://127.0.0.1:${port}/pay`), soon())).answer, 'lost');
  assert.equal(heard().match(/POST \/pay/g)?.length, 1);
});

test('many calls over one kept line leave nothing behind on it', async t => {
  const warnings: Error[] = [];
  const heed = (warning: Error) => void warnings.push(warning);
  process.on('warning', heed);
  t.after(() => process.off('warning', heed));
  const { url, letters } = await listener(t);
  for (let round = 0; round < 20; round += 1) await call(pay(url), soon());
  await new Promise(resolve => setImmediate(resolve));
  assert.deepEqual([letters.length, warnings], [20, []]);
});

test('a kept line that has ended meanwhile is not used: the request goes out on a new one, or not at all', async t => {
  const sim = await start_stand_in({
    name: 'restarted',
    open: () => ({ routes: [{ method: 'POST', path: '/pay', handle: () => ({ status: 200, body: '{}' }) }] }),
  });
  t.after(() => sim.stop());
  assert.equal((await call(pay(`${sim.url}/pay`), soon())).answer, 'reply');
  await sim.stop();
  assert.deepEqual(await call(pay(`${sim.url}/pay`), soon()), { answer: 'not_sent', detail: 'ECONNREFUSED' });
});

test('a cut line, a cut body, a deadline on the way and an endless reply leave a doubt', async t => {
  const waiting = Promise.withResolvers<never>();
  const calls: string[] = [];
  const handle = ({ path }: { path: string }) => {
    calls.push(path);
    return path === '/hangs' ? waiting.promise : { status: 200, body: 'x'.repeat(path === '/long' ? 101 : 10) };
  };
  const routes = ['/cut', '/half', '/long', '/hangs'].map(path => ({ method: 'POST', path, handle }) as const);
  const sim = await start_stand_in({ name: 'doubt', open: () => ({ routes }) });
  t.after(() => sim.stop());
  for (const [path, fault] of [
    ['/cut', 'reset_after'],
    ['/half', 'truncate'],
  ])
    await fetch(`${sim.url}/__sim/faults`, { method: 'POST', body: JSON.stringify({ match: { path }, fault }) });
  for (const path of ['/cut', '/half', '/long']) assert.equal((await call(pay(`${sim.url}${path}`), soon())).answer, 'lost', path);
  const deadline = new AbortController();
  const hanging = call(pay(`${sim.url}/hangs`), deadline.signal);
  await until(() => calls.includes('/hangs'));
  deadline.abort();
  assert.deepEqual(await hanging, { answer: 'lost', detail: 'the deadline passed' });
  // Each was asked for once: nothing beneath repeats a request.
  assert.deepEqual(calls, ['/cut', '/half', '/long', '/hangs']);
});

test('text and bytes go out as they are, with their type and length', async t => {
  const { url, letters } = await listener(t);
  const headers = { soapaction: '"runTransaction"' };
  for (const content of ['<a>é</a>', Buffer.from('ISA*00*~', 'latin1')])
    await call({ ...get(url), method: 'POST', headers, body: { content_type: 'text/xml; charset=utf-8', content } }, soon());
  await call({ ...get(url), method: 'DELETE' }, soon());
  const shown = letters.map(letter => [
    letter.method,
    letter.body.toString(),
    letter.headers['content-type'],
    letter.headers['content-length'],
  ]);
  assert.deepEqual(shown, [
    ['POST', '<a>é</a>', 'text/xml; charset=utf-8', '9'],
    ['POST', 'ISA*00*~', 'text/xml; charset=utf-8', '8'],
    ['DELETE', '', undefined, undefined],
  ]);
  assert.equal(letters[0]?.headers['soapaction'], '"runTransaction"');
});

test('a reply has its status, headers and exact bytes over TLS; redirects are not followed; when to come back is bounded', async t => {
  trust(t);
  const secure = await secure_line(t, socket =>
    socket.once('data', () =>
      socket.write(
        'HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\nretry-after: 999999\r\ncontent-length: 2\r\n\r\n\xff\x00',
        'latin1',
      ),
    ),
  );
  const answer = await call(get(`https://127.0.0.1:${secure.port}/`), soon());
  assert.ok(answer.answer === 'reply');
  assert.deepEqual([answer.status, answer.headers['location'], answer.retry_after_ms], [302, 'http://127.0.0.1:1/', 300_000]);
  assert.deepEqual([...answer.bytes], [0xff, 0x00]);
});

test('a reply is read as JSON in UTF-8 that can be stored, or as nothing', async t => {
  let body = '';
  const { url } = await listener(t, () => ({ status: 200, body }));
  const json_of = async (text: string) => {
    body = text;
    const answer = await call_json(get(url), soon());
    assert.ok(answer.answer === 'reply');
    return answer.json;
  };
  assert.deepEqual(await json_of('{"a":1}'), { a: 1 });
  for (const text of ['', '<html>', '{"a":', 'NaN', '"\\u0000"']) assert.equal(await json_of(text), undefined);
});

test('what was not sent may be sent again; what was lost is unknown', () => {
  assert.deepEqual(outcome_of({ answer: 'not_sent', detail: 'ECONNREFUSED' }), { outcome: 'retryable', detail: 'ECONNREFUSED' });
  assert.deepEqual(outcome_of({ answer: 'lost', detail: 'ECONNRESET' }), { outcome: 'unknown', detail: 'ECONNRESET' });
});
