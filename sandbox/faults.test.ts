/** Each of the fourteen faults of every stand-in (README.md), on a third party that sells tickets, and on the stand-ins that have their own word for it. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { start_easypost } from './easypost/easypost.ts';
import { fault_names, magic_fault } from './faults.ts';
import {
  json_reply,
  long_tailed,
  parse_json,
  type Sim,
  type StandIn,
  type StandInOptions,
  start_stand_in,
  type ThirdParty,
} from './stand_in.ts';
import { start_stripe } from './stripe/stripe.ts';
import { start_supplier } from './supplier/supplier.ts';

function ticket_office(sim: Sim): ThirdParty {
  const tickets = sim.collection<object>('tickets', { size_max: 1_000, when_full: 'refuse' });
  const keys = new Map<string, string>();
  return {
    routes: [
      {
        method: 'POST',
        path: '/tickets',
        handle: ({ headers, body }) => {
          const key = headers['idempotency-key']?.toString() ?? sim.id('key_');
          const id = keys.get(key) ?? sim.id('tkt_');
          const ticket = { id, status: 'sold', amount: 500, currency: 'EUR', reference: 'ord_1', note: null, at_ms: sim.now_ms() };
          if (!keys.has(key)) sim.record({ kind: 'sold', id, reference: String(parse_json(body) ?? ''), amount: 500, currency: 'EUR' });
          keys.set(key, id);
          tickets.put(id, ticket);
          return { ...json_reply(200, ticket), webhooks: [{ id: `evt_${id}`, type: 'ticket.sold', body: JSON.stringify(ticket) }] };
        },
      },
      { method: 'GET', path: '/tickets/:id', handle: ({ params }) => json_reply(200, tickets.get(params['id'] ?? '') ?? {}) },
    ],
    deeds: {
      cancel: id => {
        const ticket = tickets.get(id);
        if (ticket === undefined) return undefined;
        tickets.put(id, { ...ticket, status: 'cancelled' });
        return [{ id: `evt_c_${id}`, type: 'ticket.cancelled', body: JSON.stringify({ id }) }];
      },
    },
  };
}

type Json = Record<string, unknown>;
interface Office {
  readonly sim: StandIn;
  set(rule: object): Promise<void>;
  sell(seat?: string, headers?: Record<string, string>): Promise<Response>;
}
async function office(t: TestContext, more: Partial<StandInOptions> = {}): Promise<Office> {
  const sim = await start_stand_in({
    name: 'tickets',
    open: ticket_office,
    sign: ({ secret, at_ms }) => ({ secret, at_ms: String(at_ms) }),
    ...more,
  });
  t.after(() => sim.stop());
  return {
    sim,
    set: rule => posted(sim, '/__sim/faults', rule, 201),
    sell: (seat = 'A1', headers = {}) =>
      fetch(`${sim.url}/tickets`, { method: 'POST', body: JSON.stringify(seat), headers, signal: AbortSignal.timeout(5_000) }),
  };
}
async function posted(sim: StandIn, path: string, body: unknown, status = 200): Promise<void> {
  const reply = await fetch(`${sim.url}${path}`, { method: 'POST', body: JSON.stringify(body) });
  assert.equal(reply.status, status, await reply.text());
}
const json = async (reply: Response): Promise<Json> => (await reply.json()) as Json;

interface Inbox {
  readonly url: string;
  readonly got: { readonly type: string; readonly secret: string; readonly at_ms: number; readonly after_ms: number }[];
}
async function inbox(t: TestContext): Promise<Inbox> {
  const got: Inbox['got'] = [];
  const from = performance.now();
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      const { secret, at_ms } = request.headers;
      got.push({ type: '', secret: String(secret), at_ms: Number(at_ms), after_ms: performance.now() - from });
      // Only what is signed as agreed is taken.
      response.writeHead(secret === 'right' && Math.abs(Number(at_ms) - Date.now()) < 300_000 ? 200 : 401).end();
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, got };
}
async function arrived(box: Inbox, count: number): Promise<void> {
  for (let waited = 0; box.got.length < count && waited < 5_000; waited += 10) await pause(10);
  assert.ok(box.got.length >= count, `${box.got.length} arrived`);
}

describe('1 latency', () => {
  test('long-tailed: most are quick, few take many times as long, none for ever', () => {
    const waits = Array.from({ length: 1_000 }, (_, index) => long_tailed(50, index / 1_000)).sort((a, b) => a - b);
    assert.deepEqual([waits[0], waits[500]], [50, 89]);
    assert.ok((waits[950] ?? 0) > 12 * 50 && (waits[990] ?? 0) > 46 * 50);
    assert.equal(long_tailed(50, 1), 120_000);
  });
  test('it is served all the same', async t => {
    const { set, sell, sim } = await office(t);
    await set({ fault: 'delay_tail', delay_ms: 40 });
    const from = performance.now();
    assert.equal((await sell()).status, 200);
    assert.ok(performance.now() - from >= 38);
    assert.equal(sim.ledger().length, 1);
  });
});

test('5 a rate limit says when, a proxy’s page is HTML; neither has an effect', async t => {
  const { set, sell, sim } = await office(t);
  await set({ fault: 'status', status: 429, retry_after_s: 7 });
  await set({ fault: 'status', status: 503, retry_after_s: 9 });
  const [limited, away] = [await sell(), await sell()];
  assert.deepEqual([limited.status, limited.headers.get('retry-after')], [429, '7']);
  assert.deepEqual([away.status, away.headers.get('retry-after'), away.headers.get('content-type')], [503, '9', 'text/html']);
  assert.equal(sim.ledger().length, 0);
});

describe('6 a body', () => {
  test('in another charset than it says has had its effect and cannot be read', async t => {
    const { set, sell, sim } = await office(t);
    await set({ fault: 'wrong_charset' });
    const reply = await sell();
    assert.equal(reply.headers.get('content-type'), 'application/json');
    await assert.rejects(reply.json());
    assert.equal(sim.ledger().length, 1);
  });
});

describe('7 a webhook', () => {
  const cases = [
    { fault: 'webhook_old_secret', first: 'old' },
    { fault: 'webhook_new_secret', first: 'new' },
    { fault: 'webhook_bad_signature', first: 'whsec_wrong' },
    { fault: 'webhook_stale', first: 'right' },
  ];
  for (const { fault, first } of cases)
    test(`${fault}: refused at first, and right when it is tried again`, async t => {
      const box = await inbox(t);
      const { set, sell, sim } = await office(t);
      await posted(sim, '/__sim/webhook', { url: box.url, secret: 'right', old_secret: 'old', new_secret: 'new' });
      await set({ fault, match: { type: 'ticket.sold' } });
      await sell();
      await arrived(box, 2);
      assert.deepEqual(
        box.got.map(({ secret }) => secret),
        [first, 'right'],
      );
      const age_ms = Date.now() - (box.got[0]?.at_ms ?? 0);
      assert.equal(age_ms > 3_000_000, fault === 'webhook_stale');
    });
  test('delayed comes so much later; a duplicate at once, or later', async t => {
    const box = await inbox(t);
    const { set, sell, sim } = await office(t);
    await posted(sim, '/__sim/webhook', { url: box.url, secret: 'right' });
    await set({ fault: 'webhook_delay', delay_ms: 150 });
    const from = performance.now();
    await sell();
    await arrived(box, 1);
    assert.ok(performance.now() - from >= 145);
    await set({ fault: 'webhook_duplicate' });
    await sell();
    await arrived(box, 3);
    assert.ok(Math.abs((box.got[2]?.after_ms ?? 0) - (box.got[1]?.after_ms ?? 0)) < 100);
    await set({ fault: 'webhook_duplicate', delay_ms: 200 });
    await sell();
    await arrived(box, 5);
    assert.ok((box.got[4]?.after_ms ?? 0) - (box.got[3]?.after_ms ?? 0) >= 150);
  });
});

describe('8, 9 behind our back', () => {
  test('the object of a reply changes later, and a webhook says so', async t => {
    const box = await inbox(t);
    const { set, sell, sim } = await office(t, { webhook: { url: box.url, secret: 'right' } });
    await set({ fault: 'behind_back', deed: 'cancel', delay_ms: 30 });
    const { id, status } = await json(await sell());
    assert.equal(status, 'sold');
    await arrived(box, 2);
    assert.equal((await json(await fetch(`${sim.url}/tickets/${id}`)))['status'], 'cancelled');
  });
  test('by order; not what cannot be done', async t => {
    const { sell, sim } = await office(t);
    const { id } = await json(await sell());
    await posted(sim, '/__sim/deeds', { deed: 'cancel', id });
    await posted(sim, '/__sim/deeds', { deed: 'cancel', id: 'tkt_nobody' }, 409);
    await posted(sim, '/__sim/deeds', { deed: 'explode', id }, 400);
    assert.equal((await json(await fetch(`${sim.url}/tickets/${id}`)))['status'], 'cancelled');
  });
  test('Stripe: cancelled and disputed in the dashboard, a refund that fails later, a dispute won or lost', async t => {
    const sim = await start_stripe();
    t.after(() => sim.stop());
    const at_stripe = async (path: string, form: Record<string, string>): Promise<Json> =>
      json(
        await fetch(`${sim.url}${path}`, {
          method: 'POST',
          body: new URLSearchParams(form),
          headers: { authorization: 'Bearer sk_test_1' },
        }),
      );
    const pay = (capture_method: string) =>
      at_stripe('/v1/payment_intents', {
        ...{ amount: '1000', currency: 'gbp', confirm: 'true', capture_method, payment_method: 'pm_card_visa' },
        ...{ 'automatic_payment_methods[enabled]': 'true', 'automatic_payment_methods[allow_redirects]': 'never' },
      });
    const held = await pay('manual');
    await posted(sim, '/__sim/deeds', { deed: 'cancel', id: held['id'] });
    const paid = await pay('automatic');
    await posted(sim, '/__sim/deeds', { deed: 'dispute', id: paid['id'] });
    await posted(sim, '/__sim/deeds', { deed: 'dispute', id: paid['id'] }, 409);
    const list = await json(await fetch(`${sim.url}/v1/disputes`, { headers: { authorization: 'Bearer sk_test_1' } }));
    const [dispute] = list['data'] as Json[];
    await posted(sim, '/__sim/deeds', { deed: 'win_dispute', id: dispute?.['id'] });
    await posted(sim, '/__sim/deeds', { deed: 'lose_dispute', id: dispute?.['id'] }, 409);
    const refund = await at_stripe('/v1/refunds', { payment_intent: String(paid['id']), amount: '400' });
    await posted(sim, '/__sim/deeds', { deed: 'fail_refund', id: refund['id'] });
    const kinds = sim.ledger().map(({ kind }) => kind);
    assert.deepEqual(kinds, ['authorized', 'voided', 'authorized', 'captured', 'disputed', 'refunded', 'refund_failed']);
  });
});

describe('10 a reply', () => {
  const told = async (t: TestContext, rule: object): Promise<Json> => {
    const { set, sell } = await office(t);
    await set(rule);
    return json(await sell());
  };
  test('with a word nobody ever heard of as its state', async t =>
    assert.equal((await told(t, { fault: 'unknown_enum' }))['status'], 'sim_never_heard_of'));
  test('with a field more', async t => assert.deepEqual((await told(t, { fault: 'extra_field' }))['sim_extra'], { more: [1] }));
  test('without its optional fields, or without the one that was named', async t => {
    assert.equal('note' in (await told(t, { fault: 'missing_field' })), false);
    const without = await told(t, { fault: 'missing_field', field: 'status' });
    assert.deepEqual(['status' in without, 'note' in without], [false, true]);
  });
});

test('11 credentials are revoked in mid-run: nothing happens, in the third party’s own words', async t => {
  const { set, sell, sim } = await office(t);
  await sell();
  await set({ fault: 'revoke', times: 2 });
  assert.deepEqual([(await sell()).status, (await sell()).status, (await sell()).status], [401, 401, 200]);
  assert.equal(sim.ledger().length, 2);
  const stripe = await start_stripe();
  t.after(() => stripe.stop());
  await posted(stripe, '/__sim/faults', { fault: 'revoke' }, 201);
  const refused = await json(await fetch(`${stripe.url}/v1/events`, { headers: { authorization: 'Bearer sk_test_1' } }));
  assert.match(JSON.stringify(refused), /Expired API Key/);
});

test('12 a body drips', async t => {
  const { set, sell } = await office(t);
  await set({ fault: 'drip', delay_ms: 200 });
  const from = performance.now();
  const reply = await sell();
  const headers_ms = performance.now() - from;
  assert.equal((await json(reply))['status'], 'sold');
  assert.ok(performance.now() - from >= 190 && headers_ms < 150, 'the headers come first');
});

test('13 its clock is wrong, in what it says and in what it signs, until the faults are taken away', async t => {
  const box = await inbox(t);
  const { set, sell, sim } = await office(t, { webhook: { url: box.url, secret: 'right' } });
  await set({ fault: 'clock_skew', skew_ms: -3_600_000 });
  const { at_ms } = await json(await sell());
  assert.ok(Math.abs(Number(at_ms) - (Date.now() - 3_600_000)) < 5_000);
  await arrived(box, 1);
  assert.ok((box.got[0]?.at_ms ?? 0) < Date.now() - 3_000_000);
  await fetch(`${sim.url}/__sim/faults`, { method: 'DELETE' });
  assert.ok(Math.abs(Number((await json(await sell()))['at_ms']) - Date.now()) < 5_000);
});

describe('14 it lies', () => {
  test('queries lag: not found right after success', async t => {
    const { set, sell, sim } = await office(t);
    const { id } = await json(await sell());
    await set({ fault: 'lag', match: { method: 'GET' } });
    assert.deepEqual([(await fetch(`${sim.url}/tickets/${id}`)).status, (await fetch(`${sim.url}/tickets/${id}`)).status], [404, 200]);
  });
  test('Stripe’s lists lag: they are empty', async t => {
    const sim = await start_stripe();
    t.after(() => sim.stop());
    await posted(sim, '/__sim/faults', { fault: 'lag', times: 2 }, 201);
    const get = (path: string) => fetch(`${sim.url}${path}`, { headers: { authorization: 'Bearer sk_test_1' } });
    assert.deepEqual((await json(await get('/v1/refunds')))['data'], []);
    assert.equal((await get('/v1/refunds/re_1')).status, 404);
  });
  test('about amount, currency, reference', async t => {
    const { set, sell } = await office(t);
    for (const fault of ['lie_amount', 'lie_currency', 'lie_reference']) await set({ fault });
    assert.equal((await json(await sell()))['amount'], 600);
    assert.equal((await json(await sell()))['currency'], 'USD');
    assert.equal((await json(await sell()))['reference'], 'ord_1X');
  });
  test('its idempotency is broken: one key, two effects', async t => {
    const { set, sell, sim } = await office(t);
    await sell('A1', { 'idempotency-key': 'one' });
    await sell('A1', { 'idempotency-key': 'one' });
    assert.equal(sim.ledger().length, 1);
    await set({ fault: 'execute_twice' });
    await sell('A2', { 'idempotency-key': 'two' });
    assert.equal(sim.ledger().length, 3);
  });
});

describe('a magic value', () => {
  test('is the name of a fault anywhere in a request', async t => {
    const { sell, sim } = await office(t);
    await assert.rejects(sell('Ada sim_reset_after Lovelace'));
    assert.equal(sim.ledger().length, 1);
    assert.equal((await json(await sell('sim_lie_amount')))['amount'], 600);
  });
  test('may have more behind it, and is the longest that fits', () => {
    assert.equal(magic_fault('pm_card_visa_sim_reset_after_all'), 'reset_after');
    assert.equal(magic_fault('sim_delay_tail'), 'delay_tail');
    assert.equal(magic_fault('sim_nothing'), undefined);
  });
  test('reaches webhooks, too', async t => {
    const box = await inbox(t);
    const { sell } = await office(t, { webhook: { url: box.url, secret: 'right' } });
    await sell('sim_webhook_duplicate');
    await arrived(box, 2);
  });
});

describe('a profile', () => {
  const shares = { status: { share: 0.3, status: 503, match: { method: 'POST' } }, lie_amount: 0.2 };
  const run = async (t: TestContext, seed: number): Promise<string> => {
    const { sell } = await office(t, { profile: { seed, shares } });
    let seen = '';
    for (let index = 0; index < 100; index += 1) {
      const reply = await sell(`S${index}`);
      seen += reply.status === 503 ? 'd' : (await json(reply))['amount'] === 600 ? 'l' : '.';
    }
    return seen;
  };
  test('gives each fault its share, and the same seed the same faults', async t => {
    const [one, again, other] = [await run(t, 7), await run(t, 7), await run(t, 8)];
    assert.equal(one, again);
    assert.notEqual(one, other);
    const count = (mark: string) => [...one].filter(each => each === mark).length;
    assert.ok(count('d') > 15 && count('d') < 45 && count('l') > 8 && count('l') < 35, one);
  });
  test('is taken away with the faults, or by null; a wrong one is refused with the reason', async t => {
    const { sell, sim } = await office(t);
    await posted(sim, '/__sim/profile', { seed: 1, shares: { status: 1 } });
    assert.equal((await sell()).status, 500);
    await posted(sim, '/__sim/profile', null);
    assert.equal((await sell()).status, 200);
    await posted(sim, '/__sim/profile', { shares: { explode: 1 } }, 400);
    await posted(sim, '/__sim/profile', { shares: { status: 2 } }, 400);
  });
  for (const [name, start] of Object.entries({ stripe: start_stripe, easypost: start_easypost, supplier: start_supplier }))
    test(`${name} takes one at its start`, async t => {
      const sim = await start({ profile: { shares: { revoke: 1 } } });
      t.after(() => sim.stop());
      const reply = await fetch(`${sim.url}/anything`);
      assert.equal(reply.status, 401);
    });
});

test('README.md tells of every fault, and of no other', async () => {
  const { readFileSync } = await import('node:fs');
  const text = readFileSync(new URL('./README.md', import.meta.url), 'utf8');
  const named = [...text.matchAll(/^\| \d+ \|([^|]*)/gm)].flatMap(([, column = '']) =>
    [...column.matchAll(/`([a-z_]+)`/g)].map(match => match[1]),
  );
  assert.deepEqual([...new Set(named)].sort(), [...fault_names].sort());
});
