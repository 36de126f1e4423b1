import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { Problem } from '../platform/route.ts';
import { lines_of } from './streams.ts';
import { secret_key, type TestDoor, test_door } from './testing/door.ts';

let at: TestDoor;
before(async () => {
  at = await test_door();
});
after(() => at.close());

const authorization = `Bearer ${secret_key}`;

/** A stream that the test feeds: `next` resolves when the door asks for more. */
function fed(): { stream: AsyncIterable<string>; give(text: string): void; fail(error: Error): void; readonly returned: Promise<void> } {
  const given: (string | Error)[] = [];
  let wake = () => {};
  let done = () => {};
  const returned = new Promise<void>(resolve => {
    done = resolve;
  });
  const put = (item: string | Error) => {
    given.push(item);
    wake();
  };
  async function* stream() {
    try {
      for (;;) {
        const item = given.shift();
        if (item instanceof Error) throw item;
        if (item !== undefined) yield item;
        else
          await new Promise<void>(resolve => {
            wake = resolve;
          });
      }
    } finally {
      done();
    }
  }
  return { stream: stream(), give: put, fail: put, returned };
}

async function read_until(reader: ReadableStreamDefaultReader<Uint8Array>, wanted: string): Promise<string> {
  let text = '';
  while (!text.includes(wanted)) {
    const { value, done } = await reader.read();
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  return text;
}

function reader_of(response: Response): ReadableStreamDefaultReader<Uint8Array> {
  assert.ok(response.body);
  return response.body.getReader();
}

describe('imports', () => {
  const send = (body: string | Uint8Array<ArrayBuffer>, headers = {}) =>
    fetch(`${at.url}/v1/orders/import`, {
      method: 'POST',
      body,
      headers: { authorization, 'content-type': 'application/x-ndjson', ...headers },
    });

  it('answer each line, numbered as in the file, empty ones left out', async () => {
    const response = await send('{"a":1}\n\n{"b":22}\r\n{"last":true}');
    assert.equal(response.headers.get('content-type'), 'application/x-ndjson; charset=utf-8');
    assert.equal(await response.text(), '{"line":1,"length":7}\n{"line":3,"length":8}\n{"line":4,"length":13}\n');
  });

  it('need no Idempotency-Key, but their own content type', async () => {
    assert.equal((await send('{}', { 'content-type': 'application/json' })).status, 415);
    assert.equal((await send('{}', { 'content-encoding': 'gzip' })).status, 415);
  });

  it('hand on a line that is not UTF-8 as one that is no JSON', async () => {
    assert.equal(await (await send(Buffer.from([0x7b, 0xff, 0x7d, 0x0a]))).text(), '{"line":1,"length":1}\n');
  });

  it('refuse a first line over 256 KiB with 413, and a later one as their last word', async () => {
    const long = 'x'.repeat(300_000);
    assert.equal((await send(long)).status, 413);
    const text = await (await send(`{}\n${long}\n{}\n`)).text();
    assert.match(text, /^\{"line":1,"length":2\}\n\{"type":"urn:cartwright:problem:too_large".*"line":2\}\n$/);
  });

  it('read on only as their lines are taken', async () => {
    let pulled = 0;
    const source = Readable.from(
      (function* () {
        for (; pulled < 1_000; pulled++) yield Buffer.from(`${'x'.repeat(1_000)}\n`);
      })(),
      { objectMode: true, highWaterMark: 1 },
    );
    // Readable has the one method that lines_of uses of a request.
    const lines = lines_of(source as unknown as Parameters<typeof lines_of>[0]);
    await lines.next();
    await lines.next();
    assert.ok(pulled < 10, `${pulled} chunks were read for two lines`);
  });
});

describe('events', () => {
  it('arrive one by one, their head at once', async () => {
    const source = fed();
    at.house.stream = source.stream;
    const response = await fetch(`${at.url}/v1/live`, { headers: { authorization, accept: 'text/event-stream' } });
    assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
    const reader = reader_of(response);
    source.give('event: order\ndata: {}\n\n');
    assert.equal(await read_until(reader, '\n\n'), 'event: order\ndata: {}\n\n');
    await reader.cancel();
  });

  it('end when the client goes: the signal aborts and the generator returns', async () => {
    const source = fed();
    at.house.stream = source.stream;
    const reader = reader_of(await fetch(`${at.url}/v1/live`, { headers: { authorization } }));
    const signal = at.asked.at(-1)?.signal;
    assert.equal(signal?.aborted, false);
    await reader.cancel();
    if (signal?.aborted === false) await once(signal, 'abort');
    source.give('unheard');
    await source.returned;
  });

  it('end with the problem as their last event', async () => {
    const source = fed();
    at.house.stream = source.stream;
    const reader = reader_of(await fetch(`${at.url}/v1/live`, { headers: { authorization } }));
    source.fail(new Problem(503, 'database_unavailable', 'Away.'));
    assert.match(await read_until(reader, 'never'), /^event: problem\ndata: \{"type":"urn:cartwright:problem:database_unavailable"/);
  });

  it('end within five seconds of the key being revoked', async () => {
    const source = fed();
    at.house.stream = source.stream;
    const created = await fetch(`${at.url}/v1/keys`, {
      method: 'POST',
      body: '{"type": "secret", "name": "short-lived"}',
      headers: { authorization, 'content-type': 'application/json', 'idempotency-key': 'k' },
    });
    const key: unknown = await created.json();
    assert.ok(typeof key === 'object' && key !== null && 'secret' in key && 'id' in key);
    at.clock.speed = 25;
    const reader = reader_of(await fetch(`${at.url}/v1/live`, { headers: { authorization: `Bearer ${key.secret}` } }));
    await fetch(`${at.url}/v1/keys/${key.id}`, { method: 'DELETE', headers: { authorization } });
    const started = performance.now();
    assert.equal((await reader.read()).done, true);
    assert.ok(performance.now() - started < 5_000 / 25);
    at.clock.speed = 1;
  });

  it('carry a comment every 15 seconds, so that nobody cuts a quiet stream', async () => {
    at.house.stream = fed().stream;
    at.clock.speed = 100;
    const reader = reader_of(await fetch(`${at.url}/v1/live`, { headers: { authorization } }));
    const started = performance.now();
    assert.equal(await read_until(reader, ':\n\n:\n\n'), ':\n\n:\n\n');
    assert.ok(performance.now() - started >= 290);
    at.clock.speed = 1;
    await reader.cancel();
  });

  it('end when the server closes', async () => {
    const source = fed();
    at.house.stream = source.stream;
    const door = await at.open();
    const reader = reader_of(await fetch(`${door.url}/v1/live`, { headers: { authorization } }));
    const started = performance.now();
    await Promise.all([door.close(), read_until(reader, 'never')]);
    assert.ok(performance.now() - started < 2_000);
  });

  it('are not sent to HEAD', async () => {
    at.house.stream = fed().stream;
    const response = await fetch(`${at.url}/v1/live`, { method: 'HEAD', headers: { authorization } });
    assert.deepEqual([response.status, await response.text()], [200, '']);
  });
});

describe('files', () => {
  it('that fail before their first byte are problems', async () => {
    const source = fed();
    source.fail(new Problem(409, 'not_labeled', 'No label yet.'));
    at.house.stream = source.stream;
    const response = await fetch(`${at.url}/v1/export`, { headers: { authorization } });
    assert.deepEqual([response.status, response.headers.get('content-type')], [409, 'application/problem+json']);
  });

  it('that fail later are cut off, so that nobody takes them for whole', async () => {
    const source = fed();
    at.house.stream = source.stream;
    source.give('a,b\n');
    const response = await fetch(`${at.url}/v1/export`, { headers: { authorization } });
    assert.equal(response.headers.get('content-type'), 'text/csv; charset=utf-8');
    source.fail(new Error('disk'));
    await assert.rejects(response.text());
  });

  it('wait for a slow reader', async () => {
    let written = 0;
    async function* much() {
      for (; written < 2_000; written++) yield 'x'.repeat(65_536);
    }
    at.house.stream = much();
    const socket = connect(at.door.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.pause();
    socket.write(`GET /v1/export HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n\r\n`);
    let seen = -1;
    while (seen < written || written === 0) {
      seen = written;
      await new Promise(resolve => setTimeout(resolve, 100));
    }
    assert.ok(written < 500, `${written} chunks were made for a reader that reads nothing`);
    socket.destroy();
  });
});
