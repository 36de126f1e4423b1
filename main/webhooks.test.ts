import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open_post_office, until } from '../gateway/webhooks/testing/post_office.ts';
import { start_receiver } from '../gateway/webhooks/testing/receiver.ts';
import { metrics_registry } from './metrics.ts';

test('the metrics tell how far webhooks have heard, what waits and since when, and what became of attempts', async t => {
  const office = await open_post_office(t);
  const receiver = await start_receiver();
  t.after(receiver.stop);
  const registry = metrics_registry(new Map(), office.hooks);
  const value = async (name: string) =>
    Number(new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (\\S+)$`, 'm').exec(await registry.metrics())?.[1]);
  receiver.answer = ({ body }, _nth, response) => void response.writeHead(body.includes('ord_bad') ? 500 : 204).end();
  await office.subscribe(receiver.url);
  await office.say({ subject: 'ord_1' }, { subject: 'ord_bad' }, { subject: 'ord_bad' });
  await until('one is delivered and one failed', async () => {
    const states = (await office.rows()).map(row => `${row.state} ${row.attempts}`);
    return states.join() === 'delivered 1,waiting 1,waiting 0';
  });
  assert.equal(await value('cartwright_webhook_deliveries{state="waiting"}'), 2);
  assert.equal(await value('cartwright_webhook_deliveries{state="given_up"}'), 0);
  assert.equal(await value('cartwright_webhook_endpoints{state="enabled"}'), 1);
  assert.equal(await value('cartwright_webhook_attempts_total{outcome="delivered"}'), 1);
  assert.equal(await value('cartwright_webhook_attempts_total{outcome="waiting"}'), 1);
  assert.equal(await value('cartwright_position{service="gateway",source="orders"}'), 3);
  assert.equal(await value('cartwright_lag_events{service="gateway",source="orders"}'), 0);
  assert.ok((await value('cartwright_webhook_oldest_seconds')) < 60);
});
