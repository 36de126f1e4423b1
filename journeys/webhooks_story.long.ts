/** What a merchant hears of an order, through the door, from all five logs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { start_receiver } from '../gateway/webhooks/testing/receiver.ts';
import { basket, type PlacedOrder } from './api.ts';
import { ended, open_shop, sound, until } from './shop.ts';

interface Told {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly subject?: string;
  readonly sequence?: string;
  readonly data: object;
}

test('an order’s whole story reaches a receiver: every event once, in order per subject, nothing personal', async t => {
  const shop = await open_shop(t, { env: { WEBHOOKS_ALLOW_PRIVATE: 'true' } });
  const receiver = await start_receiver();
  t.after(receiver.stop);
  // Some attempts fail: nothing is lost and nothing overtakes.
  receiver.answer = (_one, nth, response) => void response.writeHead(nth % 5 === 2 ? 503 : 204).end();
  const { secret } = await shop.post<{ secret: string }>('/v1/webhook-endpoints', { url: receiver.url, events: ['*'] });
  const placed = await shop.post<PlacedOrder>(
    '/v1/orders',
    basket([{ sku: 'LAMP', quantity: 2 }], { customer: { id: 'c-1', email: 'ada@example.com', name: 'Ada Lovelace' } }),
  );
  await ended(shop, placed.id, 'completed');
  const timeline = await shop.timeline(placed.id);
  const accepted = (): Told[] => receiver.received.filter((_one, nth) => nth % 5 !== 2).map(one => JSON.parse(one.body) as Told);
  await until('everything has been told', async () => {
    shop.clock.move(1_000);
    const types = accepted().filter(one => JSON.stringify(one).includes(placed.id));
    return types.length >= timeline.length;
  });
  await sound(shop);
  const told = accepted();
  assert.equal(new Set(told.map(one => one.id)).size, told.length, 'an event was taken twice');
  const told_types = told.map(one => one.type);
  for (const { type } of timeline) assert.ok(told_types.includes(type), `${type} was not told`);
  for (const of_subject of Map.groupBy(told, one => `${one.source} ${one.subject}`).values()) {
    const sequences = of_subject.flatMap(one => one.sequence ?? []);
    assert.deepEqual(sequences, sequences.toSorted());
  }
  for (const one of receiver.received) {
    assert.doesNotMatch(one.body, /ada@example|Lovelace|sealed|St James/);
    assert.equal(one.headers['webhook-id'], (JSON.parse(one.body) as Told).id);
  }
  const [first] = receiver.received;
  assert.ok(first !== undefined);
  // The first came before the clock was moved: a judge with a clock of its own takes it.
  assert.throws(
    () => new Webhook(`whsec_${Buffer.alloc(32).toString('base64')}`).verify(first.body, first.headers),
    /No matching signature/,
  );
  new Webhook(secret).verify(first.body, first.headers);
});

for (const [door, through_gateway] of [
  ['one process', false],
  ['a gateway in front', true],
] as const) {
  test(`an endpoint that was disabled is a case that no note ends; the answer says what does: ${door}`, async t => {
    const shop = await open_shop(t, { env: { WEBHOOKS_ALLOW_PRIVATE: 'true' }, through_gateway });
    const receiver = await start_receiver();
    t.after(receiver.stop);
    receiver.answer = (_one, _nth, response) => void response.writeHead(410).end();
    const { id } = await shop.post<{ id: string }>('/v1/webhook-endpoints', { url: receiver.url, events: ['*'] });
    await shop.post('/v1/orders', basket([{ sku: 'LAMP', quantity: 1 }]));
    const cases = async () => {
      const { data } = await shop.get<{ data: { exception_id: string; subject: string }[] }>('/v1/exceptions');
      return data.filter(({ subject }) => subject === id);
    };
    const [open] = await until('it is a case', async () => {
      shop.clock.move(1_000);
      const found = await cases();
      return found.length > 0 && found;
    });
    const resolving = `/v1/exceptions/${open?.exception_id}/resolve`;
    const refused = await shop.refused('POST', resolving, { note: 'They know.' });
    assert.deepEqual([refused.status, refused.code], [409, 'exception_ends_by_itself']);
    assert.match(refused.detail, new RegExp(`POST /v1/webhook-endpoints/${id}/enable, or delete it`));
    assert.equal((await cases()).length, 1, 'refused, nothing changed');
    await shop.post(`/v1/webhook-endpoints/${id}/enable`);
    await until('it is none any more', async () => (await cases()).length === 0);
    assert.equal((await shop.refused('POST', resolving, { note: 'They know.' })).status, 404);
  });
}
