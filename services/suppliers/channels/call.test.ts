/** What one call proves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listener, until } from '../../../sandbox/easypost/listener.ts';
import { start_stand_in } from '../../../sandbox/stand_in.ts';
import { call } from './call.ts';

const soon = () => AbortSignal.timeout(5_000);
const get = (url: string) => ({ method: 'GET', url, headers: {}, reply_bytes_max: 100 }) as const;

test('a refused connection and a deadline that had passed prove that nothing was sent', async t => {
  const sim = await start_stand_in({ name: 'gone', open: () => ({ routes: [] }) });
  await sim.stop();
  assert.deepEqual(await call(get(sim.url), soon()), { answer: 'not_sent', detail: 'ECONNREFUSED' });
  const { url, letters } = await listener(t);
  assert.equal((await call(get(url), AbortSignal.abort())).answer, 'not_sent');
  assert.equal(letters.length, 0);
});

test('a cut line, a cut body, a deadline on the way and an endless reply leave a doubt', async t => {
  const waiting = Promise.withResolvers<never>();
  const calls: string[] = [];
  const handle = ({ path }: { path: string }) => {
    calls.push(path);
    return path === '/hangs' ? waiting.promise : { status: 200, body: 'x'.repeat(path === '/long' ? 101 : 10) };
  };
  const routes = ['/cut', '/half', '/long', '/hangs'].map(path => ({ method: 'GET', path, handle }) as const);
  const sim = await start_stand_in({ name: 'doubt', open: () => ({ routes }) });
  t.after(() => sim.stop());
  for (const [path, fault] of [
    ['/cut', 'reset_after'],
    ['/half', 'truncate'],
  ])
    await fetch(`${sim.url}/__sim/faults`, { method: 'POST', body: JSON.stringify({ match: { path }, fault }) });
  for (const path of ['/cut', '/half', '/long']) assert.equal((await call(get(`${sim.url}${path}`), soon())).answer, 'lost', path);
  const deadline = new AbortController();
  const hanging = call(get(`${sim.url}/hangs`), deadline.signal);
  await until(() => calls.includes('/hangs'));
  deadline.abort();
  assert.equal((await hanging).answer, 'lost');
});

test('a reply is read as JSON in UTF-8, or as nothing; redirects are not followed', async t => {
  let body = '';
  let status = 200;
  const { url } = await listener(t, () => ({ status, body }));
  const json_of = async (text: string) => {
    body = text;
    const answer = await call(get(url), soon());
    assert.ok(answer.answer === 'reply');
    return answer.json;
  };
  assert.deepEqual(await json_of('{"a":1}'), { a: 1 });
  for (const text of ['', '<html>', '{"a":', 'NaN']) assert.equal(await json_of(text), undefined);
  status = 302;
  const moved = await call(get(url), soon());
  assert.equal(moved.answer === 'reply' && moved.status, 302);
});
