/** Outgoing webhooks from a gateway in a process of its own, killed while it delivers; payments' log is in a database of its own. */
import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { start_receiver } from '../gateway/webhooks/testing/receiver.ts';
import { basket, type PlacedOrder } from './api.ts';
import { start_fleet } from './fleet.ts';
import { until } from './shop.ts';

const orders = 12;

it('a gateway killed again and again while it delivers loses no event, and keeps the order of each subject', async () => {
  const fleet = await start_fleet({ after }, { WEBHOOKS_ALLOW_PRIVATE: 'true' });
  const address = { line1: '1 Wharf Road', city: 'London', postal_code: 'N1 7AA', country: 'GB' };
  await fleet.put('/v1/locations/north', { name: 'North', priority: 1, address });
  await fleet.import('/v1/products/import', [{ sku: 'LAMP', name: 'Lamp', prices: [{ currency: 'GBP', amount: 1_000 }] }]);
  await fleet.import('/v1/stock/import', [{ sku: 'LAMP', location: 'north', on_hand: 100_000 }]);
  const receiver = await start_receiver();
  after(receiver.stop);
  // Slow enough that a kill meets attempts under way.
  receiver.answer = (_one, _nth, response) => void setTimeout(() => response.writeHead(204).end(), 40);
  const { id: endpoint } = await fleet.post<{ id: string }>('/v1/webhook-endpoints', { url: receiver.url, events: ['*'] });
  const placed: PlacedOrder[] = [];
  for (let n = 0; n < orders; n++) {
    placed.push(await fleet.post<PlacedOrder>('/v1/orders', basket([{ sku: 'LAMP', quantity: 1 }])));
    if (n % 4 === 3) await fleet.gateway.restart();
  }
  for (const { id } of placed) await until(`${id} is completed`, async () => (await fleet.order(id)).status === 'completed');
  const wanted = new Set((await Promise.all(placed.map(({ id }) => fleet.timeline(id)))).flat().map(entry => entry.id));
  assert.ok(wanted.size >= orders * 12, `only ${wanted.size} events`);
  // What a killed process had claimed is taken over when its claim lapses: half a minute each time.
  const end = performance.now() + 120_000;
  const missing = () => [...wanted].filter(id => !receiver.received.some(one => one.id === id));
  while (missing().length > 0 && performance.now() < end) await new Promise(resolve => setTimeout(resolve, 250));
  assert.deepEqual(missing(), []);
  const first_seen = receiver.received.filter((one, nth) => receiver.received.findIndex(other => other.id === one.id) === nth);
  const told = first_seen.map(one => JSON.parse(one.body) as { source: string; subject?: string; sequence?: string });
  for (const [subject, of_subject] of Map.groupBy(told, one => `${one.source} ${one.subject}`)) {
    const sequences = of_subject.flatMap(one => one.sequence ?? []);
    assert.deepEqual(sequences, sequences.toSorted(), subject);
  }
  const { data } = await fleet.get<{ data: { state: string }[] }>(`/v1/webhook-endpoints/${endpoint}/deliveries?limit=200`);
  assert.ok(data.length > 0);
});
