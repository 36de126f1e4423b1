import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import { CloudEvent, HTTP } from 'cloudevents';
import { Webhook } from 'standardwebhooks';
import { Compile } from 'typebox/compile';
import { localhost_certificate, localhost_key } from '../../platform/testing/localhost_certificate.ts';
import { post } from './post.ts';
import { signed_headers } from './secrets.ts';
import { open_post_office, until } from './testing/post_office.ts';
import { type Received, start_receiver } from './testing/receiver.ts';

const official = new URL('../../../shared/third-party/cloudevents/cloudevents.json', import.meta.url);
const hour_ms = 3_600_000;

/** As the specification says it, without the library. */
function signature({ headers, body }: Received, secret: string): string {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  return `v1,${createHmac('sha256', key).update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`).digest('base64')}`;
}

it('what is sent is a CloudEvent, signed as Standard Webhooks says, by the judges of both', async t => {
  const office = await open_post_office(t);
  const receiver = await start_receiver();
  t.after(receiver.stop);
  const { secret } = await office.subscribe(receiver.url);
  assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  const personal = { key: 'cus_1', sealed: 'c2VhbGVk' };
  const [id] = await office.say({ subject: 'ord_1', type: 'payment.requested', data: { order_id: 'ord_1', name: 'Zoë', personal } });
  const one = await until('it has come', () => receiver.received[0]);
  assert.equal(one.headers['content-type'], 'application/cloudevents+json; charset=utf-8');
  assert.equal(one.headers['webhook-id'], id);
  assert.equal(one.headers['webhook-signature'], signature(one, secret));
  new Webhook(secret).verify(one.body, one.headers);
  assert.throws(() => new Webhook(secret).verify(one.body.replace('ord_1', 'ord_2'), one.headers), /No matching signature/);

  const event = HTTP.toEvent({ headers: one.headers, body: one.body });
  assert.ok(event instanceof CloudEvent);
  assert.ok(event.validate());
  assert.deepEqual(
    [event.id, event.type, event.source, event.subject, event.dataschema],
    [id, 'payment.requested', '/cartwright/orders', 'ord_1', 'https://shop.example/schemas/payment.requested/1'],
  );
  // What is personal stays in the log, sealed.
  assert.deepEqual(event.data, { order_id: 'ord_1', name: 'Zoë' });
});

it('what is sent fits the official schema', {
  skip: existsSync(official) ? false : 'the specification is not beside the project',
}, async t => {
  const office = await open_post_office(t);
  const receiver = await start_receiver();
  t.after(receiver.stop);
  await office.subscribe(receiver.url);
  await office.say({ subject: 'ord_1' }, { source: 'payments', type: 'payment.captured', subject: 'pay_1' });
  await until('both have come', () => receiver.received.length === 2);
  const check = Compile(JSON.parse(readFileSync(official, 'utf8')));
  for (const { body } of receiver.received) assert.ok(check.Check(JSON.parse(body)), body);
  assert.ok(!check.Check({ ...JSON.parse(receiver.received[0]?.body ?? '{}'), id: '' }));
});

it('every attempt has the same id and body, and a time and signature of its own', async t => {
  const office = await open_post_office(t);
  const receiver = await start_receiver();
  t.after(receiver.stop);
  receiver.answer = (_one, nth, response) => void response.writeHead(nth === 0 ? 503 : 204).end();
  const { secret } = await office.subscribe(receiver.url);
  await office.say({ subject: 'ord_1' });
  await until('it failed', async () => (await office.rows()).some(row => row.last_status === 503));
  office.clock.move(10_000);
  await until('it has come twice', () => receiver.received.length === 2);
  const [first, second] = receiver.received;
  assert.ok(first !== undefined && second !== undefined);
  assert.deepEqual([second.id, second.body], [first.id, first.body]);
  assert.ok(Number(second.headers['webhook-timestamp']) >= Number(first.headers['webhook-timestamp']) + 10);
  for (const one of [first, second]) assert.equal(one.headers['webhook-signature'], signature(one, secret));
});

it('106: for 24 hours after a rotation both secrets sign, then the new one alone', async t => {
  const office = await open_post_office(t);
  const receiver = await start_receiver();
  t.after(receiver.stop);
  const { id, secret: old } = await office.subscribe(receiver.url);
  const { body } = await office.ask('POST', `/v1/webhook-endpoints/${id}/rotate-secret`);
  assert.notEqual(body.secret, old);
  assert.equal(Date.parse(body.previous_secret_until) > office.clock.now_ms() + 23 * hour_ms, true);
  await office.say({ subject: 'ord_1' });
  const during = await until('it has come', () => receiver.received[0]);
  assert.equal(during.headers['webhook-signature'], `${signature(during, body.secret)} ${signature(during, old)}`);
  for (const secret of [old, body.secret]) new Webhook(secret).verify(during.body, during.headers);
  office.clock.move(24 * hour_ms + 1_000);
  await office.say({ subject: 'ord_2' });
  const after = await until('the next has come', () => receiver.received[1]);
  assert.equal(after.headers['webhook-signature'], signature(after, body.secret));
});

it('107: the signature is that of the specification’s example', () => {
  // https://github.com/standard-webhooks/standard-webhooks, libraries: the vector that all of them share.
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const headers = signed_headers('msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330_000, '{"test": 2432232314}', [secret]);
  assert.deepEqual(headers, {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

it('over TLS the name is asked for by SNI although the address was looked up before, and a certificate of nobody ends it', async t => {
  const names: string[] = [];
  let requests = 0;
  const server = createServer(
    {
      key: localhost_key,
      cert: localhost_certificate,
      SNICallback(name, done) {
        names.push(name);
        done(null);
      },
    },
    (_request, response) => {
      requests += 1;
      response.writeHead(204).end();
    },
  );
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.after(() => void server.close());
  // `listen` gave it an address of TCP.
  const { port } = server.address() as AddressInfo;
  const guard = { allow_private: true, resolve: async () => [{ address: '127.0.0.1', family: 4 }] };
  const answer = await post({ url: `https://hooks.shop.com:${port}/`, headers: {}, body: '{}' }, guard, AbortSignal.timeout(5_000));
  assert.deepEqual([names, requests], [['hooks.shop.com'], 0]);
  assert.ok(answer.answer === 'none' && /CERT|SIGNATURE/.test(answer.detail), JSON.stringify(answer));
});
