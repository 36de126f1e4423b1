import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { appendFileSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import {
  json_reply,
  type LedgerEntry,
  parse_json,
  type Sim,
  type StandIn,
  type StandInOptions,
  start_stand_in,
  type ThirdParty,
} from './stand_in.ts';

/** A third party that sells tickets: POST /tickets has an effect, tells by webhook. */
function ticket_office(sim: Sim): ThirdParty {
  const tickets = sim.collection<{ seat: string }>('tickets', { size_max: 3, when_full: 'refuse' });
  return {
    routes: [
      {
        method: 'POST',
        path: '/tickets',
        handle: request => {
          const id = sim.id('tkt_');
          const seat = String(parse_json(request.body) ?? '');
          tickets.put(id, { seat });
          sim.record({ kind: 'sold', id, reference: seat, amount: 500, currency: 'EUR' });
          return {
            ...json_reply(200, { id, amount: 500, price: '5.00' }),
            webhooks: [{ id: `evt_${seat}`, type: 'ticket.sold', body: `{"seat":"${seat}"}` }],
          };
        },
      },
      {
        method: 'GET',
        path: '/tickets/:id',
        handle: request => json_reply(200, tickets.get(request.params['id'] ?? '') ?? { seat: null }),
      },
    ],
  };
}
async function open(t: TestContext, more: Partial<StandInOptions> = {}): Promise<StandIn> {
  const sim = await start_stand_in({ name: 'tickets', open: ticket_office, ...more });
  t.after(() => sim.stop());
  return sim;
}
const sell = (sim: StandIn, seat: string, signal?: AbortSignal) =>
  fetch(`${sim.url}/tickets`, { method: 'POST', body: JSON.stringify(seat), signal });
async function fault(sim: StandIn, rule: object): Promise<void> {
  const reply = await fetch(`${sim.url}/__sim/faults`, { method: 'POST', body: JSON.stringify(rule) });
  assert.equal(reply.status, 201, await reply.text());
}
const kinds = (sim: StandIn) => sim.ledger().map(entry => `${entry.kind} ${entry.reference}`);
interface Answer {
  readonly entries: readonly LedgerEntry[];
  readonly next: number;
  readonly id: string;
  readonly amount: number;
  readonly price: string;
  readonly faults: unknown;
  readonly webhooks: { readonly dropped: number };
}
/** Boundary: what the stand-in under test replies; a missing field fails the assertion that names it. */
const read = async (reply: Response | Promise<Response>) => (await (await reply).json()) as Answer;
/** The code under `fetch failed`. */
const failure = (error: unknown): string =>
  error instanceof Error && error.cause instanceof Error && 'code' in error.cause ? String(error.cause.code) : String(error);

/** Collects what is posted to it. */
async function receiver(t: TestContext, answer: () => number = () => 200) {
  const got: { body: string; signature: string | undefined }[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    got.push({ body, signature: request.headers['x-signature']?.toString() });
    response.writeHead(answer()).end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const bound = server.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  return { url: `http://127.0.0.1:${bound.port}/hook`, got };
}
async function until(condition: () => boolean): Promise<void> {
  for (let round = 0; round < 500 && !condition(); round += 1) await pause(10);
  assert.ok(condition(), 'the awaited condition never came');
}
const sign: StandInOptions['sign'] = ({ body, secret }) => ({ 'x-signature': createHmac('sha256', secret).update(body).digest('hex') });

test('the ledger lists what happened, in order, by pages', async t => {
  const sim = await open(t);
  await sell(sim, 'A1');
  await sell(sim, 'A2');
  const all = await read(fetch(`${sim.url}/__sim/ledger`));
  assert.deepEqual(
    all.entries.map(entry => entry.reference),
    ['A1', 'A2'],
  );
  assert.match(all.entries[0]?.at ?? '', /^\d{4}-.*Z$/);
  const page = await read(fetch(`${sim.url}/__sim/ledger?after=1&limit=5`));
  assert.equal(page.entries.length, 1);
  assert.equal(page.next, 2);
});

test('a full collection refuses effects with 507 and forgets nothing', async t => {
  const sim = await open(t);
  for (const seat of ['A1', 'A2', 'A3']) assert.equal((await sell(sim, seat)).status, 200);
  assert.equal((await sell(sim, 'A4')).status, 507);
  assert.equal(sim.ledger().length, 3);
  assert.equal((await fetch(`${sim.url}/tickets/none`)).status, 200);
});

test('bodies over the limit get 413, unknown paths 404', async t => {
  const sim = await open(t);
  const large = await fetch(`${sim.url}/tickets`, { method: 'POST', body: Buffer.alloc(1024 * 1024 + 1) });
  assert.equal(large.status, 413);
  assert.equal((await fetch(`${sim.url}/nothing`)).status, 404);
  assert.deepEqual(kinds(sim), []);
});

test('reset_before cuts the line without the effect, reset_after with it, each as often as told', async t => {
  const sim = await open(t);
  await fault(sim, { fault: 'reset_before', match: { method: 'POST', path: '/tick*' } });
  await assert.rejects(sell(sim, 'A1'), error => failure(error) === 'ECONNRESET' || failure(error) === 'UND_ERR_SOCKET');
  assert.deepEqual(kinds(sim), []);
  await fault(sim, { fault: 'reset_after', match: { path: '/tickets' } });
  await assert.rejects(sell(sim, 'A2'));
  assert.deepEqual(kinds(sim), ['sold A2']);
  assert.equal((await sell(sim, 'A3')).status, 200);
});

test('status replies without the effect, or with it when told so', async t => {
  const sim = await open(t);
  await fault(sim, { fault: 'status', status: 503, match: {} });
  const refused = await sell(sim, 'A1');
  assert.equal(refused.status, 503);
  assert.equal(refused.headers.get('retry-after'), '1');
  await fault(sim, { fault: 'status', status: 500, executed: true, match: {} });
  assert.equal((await sell(sim, 'A2')).status, 500);
  assert.deepEqual(kinds(sim), ['sold A2']);
});

test('garbage, truncate and lie_amount spoil the reply after the effect', async t => {
  const sim = await open(t);
  await fault(sim, { fault: 'garbage', match: {} });
  await assert.rejects((await sell(sim, 'A1')).json());
  await fault(sim, { fault: 'truncate', match: {} });
  await assert.rejects(async () => (await sell(sim, 'A2')).json());
  await fault(sim, { fault: 'lie_amount', match: {} });
  const lie = await read(sell(sim, 'A3'));
  assert.equal(lie.amount, 600);
  assert.equal(lie.price, '15.00');
  assert.equal(sim.ledger()[2]?.amount, 500);
});

test('delay waits before the effect, reply_late after it', async t => {
  const sim = await open(t);
  await fault(sim, { fault: 'delay', delay_ms: 60, match: {} });
  await fault(sim, { fault: 'reply_late', delay_ms: 5_000, match: {} });
  const waiting = sell(sim, 'A1');
  await until(() => sim.ledger().length === 1);
  assert.equal((await waiting).status, 200);
  await assert.rejects(sell(sim, 'A2', AbortSignal.timeout(100)));
  assert.deepEqual(kinds(sim), ['sold A1', 'sold A2']);
});

test('refuse closes the port for a while, then it is back at the same place', async t => {
  const sim = await open(t);
  await fault(sim, { fault: 'refuse', delay_ms: 150 });
  await assert.rejects(sell(sim, 'A1'), error => failure(error) === 'ECONNREFUSED');
  await pause(200);
  assert.equal((await sell(sim, 'A2')).status, 200);
  assert.deepEqual(kinds(sim), ['sold A2']);
});

test('faults can be listed and cleared; nonsense is refused with a reason', async t => {
  const sim = await open(t);
  await fault(sim, { fault: 'delay', times: 3, match: { path: '/tickets' } });
  const listed = await read(fetch(`${sim.url}/__sim/faults`));
  assert.match(JSON.stringify(listed.faults), /"times":3/);
  await fetch(`${sim.url}/__sim/faults`, { method: 'DELETE' });
  assert.equal((await read(fetch(`${sim.url}/__sim/health`))).faults, 0);
  for (const rule of [
    { fault: 'explode' },
    { fault: 'delay', times: 0 },
    { fault: 'delay', delay_ms: -1 },
    { fault: 'status', status: 42 },
    [],
  ]) {
    assert.equal((await fetch(`${sim.url}/__sim/faults`, { method: 'POST', body: JSON.stringify(rule) })).status, 400);
  }
});

test('a fault with a probability follows the seed', async t => {
  const outcomes: string[] = [];
  for (let round = 0; round < 2; round += 1) {
    const sim = await open(t, { seed: 7 });
    await fault(sim, { fault: 'status', status: 500, probability: 0.5, times: 1_000, match: { method: 'GET' } });
    const statuses: number[] = [];
    for (let call = 0; call < 20; call += 1) statuses.push((await fetch(`${sim.url}/tickets/x`)).status);
    outcomes.push(statuses.join());
  }
  assert.equal(outcomes[0], outcomes[1]);
  assert.match(outcomes[0] ?? '', /200.*500|500.*200/);
});

test('a webhook is signed, sent after the reply, and sent again until it is taken', async t => {
  let status = 500;
  const hook = await receiver(t, () => status);
  const sim = await open(t, { webhook: { url: hook.url, secret: 's' }, sign });
  await sell(sim, 'A1');
  await until(() => hook.got.length === 1);
  status = 200;
  await until(() => hook.got.length === 2);
  assert.equal(hook.got[1]?.body, '{"seat":"A1"}');
  assert.equal(hook.got[1]?.signature, createHmac('sha256', 's').update('{"seat":"A1"}').digest('hex'));
});

test('webhooks can be dropped, doubled, reordered, badly signed, and sent before the reply', async t => {
  const hook = await receiver(t);
  const sim = await open(t, { sign, open: third => ({ routes: ticket_office(third).routes }) });
  await fetch(`${sim.url}/__sim/webhook`, { method: 'POST', body: JSON.stringify({ url: hook.url, secret: 's' }) });
  await fault(sim, { fault: 'webhook_reorder', match: { path: '/tickets', type: 'ticket.sold' } });
  await sell(sim, 'A1');
  await fault(sim, { fault: 'webhook_early', match: {} });
  await fault(sim, { fault: 'webhook_duplicate', match: {} });
  await sell(sim, 'A2');
  assert.ok(hook.got.length >= 2, 'early: both copies were there before the reply');
  await until(() => hook.got.length === 3);
  assert.deepEqual(
    hook.got.map(each => each.body),
    ['{"seat":"A2"}', '{"seat":"A2"}', '{"seat":"A1"}'],
  );
  await fault(sim, { fault: 'webhook_bad_signature', match: {} });
  await sell(sim, 'A3');
  await until(() => hook.got.length === 4);
  assert.notEqual(hook.got[3]?.signature, createHmac('sha256', 's').update('{"seat":"A3"}').digest('hex'));
});

test('a dropped webhook never comes', async t => {
  const hook = await receiver(t);
  const sim = await open(t, { webhook: { url: hook.url, secret: 's' }, sign });
  await fault(sim, { fault: 'webhook_drop', match: {} });
  await sell(sim, 'A1');
  await sell(sim, 'A2');
  await until(() => hook.got.length === 1);
  assert.equal(hook.got[0]?.body, '{"seat":"A2"}');
  assert.equal((await read(fetch(`${sim.url}/__sim/health`))).webhooks.dropped, 1);
});

test('a restarted stand-in has its ledger, objects and undelivered webhooks back; a line cut by a kill never happened', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'stand-in-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const ledger_file = join(folder, 'tickets.jsonl');
  const first = await open(t, { ledger_file, webhook: { url: 'http://127.0.0.1:9/', secret: 's' }, sign });
  const { id } = await read(sell(first, 'A1'));
  // What a kill right after the reply would leave: nothing may wait for an orderly stop.
  const killed = join(folder, 'killed.jsonl');
  copyFileSync(ledger_file, killed);
  appendFileSync(killed, '{"entry":{"at":"20');
  const hook = await receiver(t);
  const second = await open(t, { ledger_file: killed, webhook: { url: hook.url, secret: 's' }, sign });
  assert.deepEqual(kinds(second), ['sold A1']);
  assert.deepEqual(await read(fetch(`${second.url}/tickets/${id}`)), { seat: 'A1' });
  await until(() => hook.got.length === 1);
  await sell(second, 'A2');
  await second.stop();
  const third = await open(t, { ledger_file: killed });
  assert.deepEqual(kinds(third), ['sold A1', 'sold A2']);
});

test('stop ends open connections at once', async t => {
  const sim = await open(t);
  await fault(sim, { fault: 'reply_late', delay_ms: 60_000, match: {} });
  const waiting = sell(sim, 'A1');
  await until(() => sim.ledger().length === 1);
  await sim.stop();
  await assert.rejects(waiting);
});
