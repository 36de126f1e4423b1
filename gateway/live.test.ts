import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { silent_logger } from '../platform/logger.ts';
import type { Door } from './door.ts';
import { listeners_max, live_route } from './live.ts';
import { publishable_key, secret_key, type TestDoor, test_door } from './testing/door.ts';
import type { VitalsOf } from './vitals.ts';

const speed = 20;
const authorization = `Bearer ${secret_key}`;
const calm = {
  service: 'orders',
  lag: { events: 0, seconds: 0 },
  parked: 0,
  quarantined: 0,
  unknown_operations: 0,
  oldest_waiting_at: null,
};
const stuck_at = (since: string): VitalsOf['stuck'][number] => ({
  service: 'orders',
  kind: 'timer',
  id: since,
  subject: 'ord_1',
  since,
  detail: 'due',
});

let at: TestDoor;
let door: Door;
let looks = 0;
let is_away = false;
before(async () => {
  at = await test_door();
  // The one table that a sample reads; nothing else of a service is here.
  const owner = await at.pool.connect();
  await owner.query(`set role none; create schema orders; create table orders.events (position bigint primary key, type text, time timestamptz, data json);
    grant usage on schema orders to cartwright_gateway; grant select, insert on orders.events to cartwright_gateway`);
  owner.release(true);
  at.clock.speed = speed;
  const route = live_route({
    clock: at.clock,
    logger: silent_logger,
    logs: new Map([['orders', at.pool]]),
    async vitals() {
      looks += 1;
      if (is_away) return { found: [], unavailable: ['orders'] };
      return {
        found: [{ vitals: calm, stuck: [stuck_at('2026-01-02T00:00:00.000Z'), stuck_at('2026-01-01T00:00:00.000Z')] }],
        unavailable: [],
      };
    },
  });
  door = await at.open({}, { routes: [route] });
});
after(async () => {
  await door.close();
  await at.close();
});

interface Listener {
  next(): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}
async function listen(): Promise<Listener> {
  const response = await fetch(`${door.url}/v1/live`, { headers: { authorization } });
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  assert.ok(reader);
  let rest = '';
  return {
    async next() {
      for (;;) {
        const [event, ...more] = rest.split('\n\n');
        if (more.length > 0) {
          rest = more.join('\n\n');
          if (event?.startsWith('event: live\ndata: ')) return JSON.parse(event.slice('event: live\ndata: '.length));
          continue;
        }
        const { value, done } = await reader.read();
        if (done) throw new Error('the stream ended');
        rest += value;
      }
    },
    close: () => reader.cancel(),
  };
}
async function append(position: number, type: string, data: object): Promise<void> {
  await at.pool.query('insert into orders.events values ($1, $2, $3, $4)', [position, type, at.clock.now(), data]);
}

describe('GET /v1/live', () => {
  it('gives rates, the minute’s money by currency, and what is stuck, the oldest first', async () => {
    await append(1, 'payment.captured', { currency: 'GBP', amount: 700 });
    const listener = await listen();
    const first = await listener.next();
    assert.deepEqual(first['captured_per_minute'], [{ currency: 'GBP', amount: 700 }], 'of before the first listener');
    assert.deepEqual(
      (first['stuck'] as { since: string }[]).map(one => one.since.slice(0, 10)),
      ['2026-01-01', '2026-01-02'],
    );
    await append(2, 'order.placed', {});
    await append(3, 'order.placed', {});
    await append(4, 'payment.captured', { currency: 'EUR', amount: 5 });
    let sample = await listener.next();
    while (sample['orders_per_s'] === 0) sample = await listener.next();
    assert.deepEqual((sample['services'] as object[]).length, 1);
    while ((sample['captured_per_minute'] as object[]).length < 2) sample = await listener.next();
    assert.deepEqual(sample['captured_per_minute'], [
      { currency: 'EUR', amount: 5 },
      { currency: 'GBP', amount: 700 },
    ]);
    at.clock.move(61_000);
    while ((sample['captured_per_minute'] as object[]).length > 0) sample = await listener.next();
    await listener.close();
  });

  it('names who does not answer, and goes on', async () => {
    const listener = await listen();
    is_away = true;
    let sample = await listener.next();
    while ((sample['unavailable'] as string[]).length === 0) sample = await listener.next();
    assert.deepEqual(sample['unavailable'], ['orders']);
    is_away = false;
    while ((sample['unavailable'] as string[]).length > 0) sample = await listener.next();
    await listener.close();
  });

  it('asks once a second however many listen, and not at all when nobody does', async () => {
    const samples = async (listeners: readonly Listener[]) => {
      await Promise.all(listeners.map(listener => listener.next()));
      const before = looks;
      for (let i = 0; i < 5; i++) await Promise.all(listeners.map(listener => listener.next()));
      return looks - before;
    };
    const alone = await listen();
    const of_one = await samples([alone]);
    const others = await Promise.all(Array.from({ length: 20 }, listen));
    const of_all = await samples([alone, ...others]);
    assert.ok(of_one <= 7 && of_all <= 7, `${of_one} ${of_all}`);
    await Promise.all([alone, ...others].map(listener => listener.close()));
    await at.clock.sleep(3_000);
    const before = looks;
    await at.clock.sleep(5_000);
    assert.equal(looks, before);
  });

  it('takes so many listeners and no more; one that leaves makes room', async () => {
    const listeners = await Promise.all(Array.from({ length: listeners_max }, listen));
    const refused = await fetch(`${door.url}/v1/live`, { headers: { authorization } });
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '10']);
    assert.match(await refused.text(), /too_many_streams/);
    await Promise.all(listeners.map(listener => listener.close()));
    for (let status = 503; status !== 200; ) {
      const again = await fetch(`${door.url}/v1/live`, { headers: { authorization } });
      status = again.status;
      await again.body?.cancel();
    }
  });

  it('is for staff and for keys with the scope', async () => {
    const made = await fetch(`${door.url}/v1/keys`, {
      method: 'POST',
      body: '{"type":"secret","name":"orders only","scopes":["orders:read"]}',
      headers: { authorization, 'content-type': 'application/json', 'idempotency-key': 'k' },
    });
    const { secret } = (await made.json()) as { secret: string };
    for (const [key, status] of [
      [publishable_key, 403],
      [secret, 403],
      ['sk_nobody_knows_it', 401],
    ] as const)
      assert.equal((await fetch(`${door.url}/v1/live`, { headers: { authorization: `Bearer ${key}` } })).status, status);
  });
});
