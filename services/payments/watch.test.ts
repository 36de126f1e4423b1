/** What Stripe lists, against what we know: after a webhook endpoint was away, and for what one side has and the other has not. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { type SimulatedClock, simulated_clock } from '../../platform/clock.ts';
import { ids } from '../../platform/ids.ts';
import { real_random } from '../../platform/random.ts';
import { type Harness, service_on_postgres } from '../../platform/testing/harness.ts';
import type { StandIn } from '../../sandbox/stand_in.ts';
import { start_stripe } from '../../sandbox/stripe/stripe.ts';
import type { PaymentsCommand } from './commands.ts';
import { stripe_gateway } from './gateways/stripe.ts';
import { migrations_folder, payments_adapters, payments_service, payments_watches } from './service.ts';
import { start } from './test_payments.ts';

const minute_ms = 60_000;
const hour_ms = 60 * minute_ms;
const secret_key = 'sk_test_watch';
let clock: SimulatedClock;
let stand_in: StandIn;
let harness: Harness;
let reader: pg.Client;

before(async () => {
  clock = simulated_clock(Date.parse('2026-03-01T10:00:00.000Z'));
  stand_in = await start_stripe({ secret_key, now_ms: clock.now_ms });
  const gateways = {
    stripe: stripe_gateway({ base_url: stand_in.url, secret_key, webhook_secret: 'whsec', timeout_ms: 5_000, now_ms: clock.now_ms }),
  };
  harness = await service_on_postgres({
    service: payments_service({ gateways }),
    folder: migrations_folder,
    adapters: payments_adapters(gateways),
    clock,
  });
  reader = new pg.Client({ connectionString: harness.url });
  await reader.connect();
  for (const command of payments_watches(gateways)) await run(command);
});
after(async () => {
  await stand_in.stop();
  await reader.end();
  await harness.stop();
});

async function run(command: PaymentsCommand): Promise<void> {
  const { result } = await harness.runtime.front.submit({ command, cause: ids(clock, real_random).fresh('req'), actor: 'test' });
  assert.equal(result, 'decided');
}
/** A payment as orders asks for it, at the simulated time; its id. */
async function pay(): Promise<string> {
  const payment_id = ids(clock, real_random).fresh('pay');
  const deadline = new Date(clock.now_ms() + hour_ms).toISOString();
  await run(start({ payment_id, order_id: `ord_${payment_id}`, deadline, reserve_until: deadline }));
  await until(async () => (await status(payment_id)) === 'authorized');
  return payment_id;
}
async function status(payment_id: string): Promise<string | undefined> {
  return (await reader.query<{ status: string }>('select status from payments.payment where id = $1', [payment_id])).rows[0]?.status;
}
async function reference(payment_id: string): Promise<string> {
  const { rows } = await reader.query<{ gateway_ref: string }>('select gateway_ref from payments.payment where id = $1', [payment_id]);
  return rows[0]?.gateway_ref ?? '';
}
async function exceptions(): Promise<string[]> {
  const { rows } = await reader.query<{ text: string }>(
    `select data->>'subject' || ' ' || (data->>'reason') as text from payments.events where type = 'exception.raised' order by position`,
  );
  return rows.map(({ text }) => text);
}
/** By the shop's owner, in Stripe's dashboard. */
async function at_stripe(path: string, form: Readonly<Record<string, string>>): Promise<{ id: string }> {
  const reply = await fetch(`${stand_in.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret_key}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form),
  });
  assert.equal(reply.status, 200);
  // A payment of Stripe's.
  return (await reply.json()) as { id: string };
}
/** The clock goes on by a minute whenever the condition does not hold yet. */
async function until(holds: () => Promise<boolean>, step_ms = 0): Promise<void> {
  const give_up = AbortSignal.timeout(30_000);
  while (!(await holds())) {
    assert.ok(!give_up.aborted, `it never came to that; exceptions: ${await exceptions()}`);
    clock.advance_to(clock.now_ms() + step_ms);
    await new Promise(resolve => setImmediate(resolve));
  }
}

test('a payment cancelled in Stripe’s dashboard while no webhook arrived is known within minutes', async () => {
  const payment_id = await pay();
  await at_stripe(`/v1/payment_intents/${await reference(payment_id)}/cancel`, {});
  const from = clock.now_ms();
  await until(async () => (await status(payment_id)) === 'lapsed', 1_000);
  assert.ok(clock.now_ms() - from < 30 * minute_ms, `${clock.now_ms() - from} ms`);
});

test('a payment that Stripe holds and nobody here knows is a person’s, with the amount, a day later', async () => {
  const { id } = await at_stripe('/v1/payment_intents', {
    amount: '4200',
    currency: 'gbp',
    confirm: 'true',
    capture_method: 'manual',
    payment_method: 'pm_card_visa',
    'automatic_payment_methods[enabled]': 'true',
    'automatic_payment_methods[allow_redirects]': 'never',
    'metadata[payment_id]': 'pay_of_a_lost_backup',
    'metadata[order_id]': 'ord_of_a_lost_backup',
  });
  await until(async () => (await exceptions()).some(text => text.includes(id) || text.includes('unclaimed_fact')), minute_ms);
  const { rows } = await reader.query<{ detail: string; owner: string; deadline: string }>(
    `select data->>'detail' as detail, data->>'owner' as owner, data->>'deadline' as deadline from payments.events where type = 'exception.raised' and data->>'reason' = 'unclaimed_fact'`,
  );
  assert.match(rows[0]?.detail ?? '', new RegExp(`authorized 4200 GBP ${id}`));
  assert.equal(rows[0]?.owner, 'operator');
  assert.ok(Date.parse(rows[0]?.deadline ?? '') > clock.now_ms());
});

test('a payment of ours that Stripe does not have is a person’s', async () => {
  const payment_id = await pay();
  const { port } = stand_in;
  await stand_in.stop();
  stand_in = await start_stripe({ port, secret_key, now_ms: clock.now_ms });
  await until(async () => (await exceptions()).includes(`${payment_id} absent_at_gateway`), minute_ms);
});
