import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { seeded_random } from '../../platform/random.ts';
import { waits_ms } from './conclude.ts';
import { per_endpoint_max } from './deliver.ts';
import { open_post_office, until } from './testing/post_office.ts';
import { type Received, start_receiver } from './testing/receiver.ts';

const minute_ms = 60_000;
const subject_of = (body: string): string => JSON.parse(body).subject;
const ids_of = (received: readonly Received[]) => received.map(one => one.id);

describe('events', () => {
  it('reach each endpoint that wants them once, and nobody hears what is older than its endpoint', async t => {
    const office = await open_post_office(t);
    const [everything, money] = [await start_receiver(), await start_receiver()];
    t.after(async () => void (await Promise.all([everything.stop(), money.stop()])));
    await office.say({ subject: 'ord_0' });
    await office.subscribe(everything.url);
    await office.say({ subject: 'ord_1' });
    await office.subscribe(money.url, ['payment.captured']);
    const later = await office.say({ subject: 'ord_2' }, { source: 'payments', type: 'payment.captured', subject: 'pay_1' });
    await until('all have come', () => everything.received.length === 3 && money.received.length === 1);
    assert.deepEqual(ids_of(money.received), [later[1]]);
    assert.equal(new Set(ids_of(everything.received)).size, 3);
    const rows = await until('all are written down', async () => {
      const found = await office.rows();
      return found.every(row => row.state === 'delivered') && found;
    });
    assert.equal(rows.length, 4);
    assert.deepEqual(new Set(rows.map(row => `${row.attempts} ${row.last_status}`)), new Set(['1 204']));
  });

  it('are heard once by two processes that race for them', async t => {
    const office = await open_post_office(t);
    office.another().start();
    const receiver = await start_receiver();
    t.after(receiver.stop);
    await office.subscribe(receiver.url);
    const said: string[] = [];
    for (let batch = 0; batch < 30; batch++) said.push(...(await office.say(...[0, 1, 2, 3].map(n => ({ subject: `ord_${batch}_${n}` })))));
    await until('all have come', () => receiver.received.length >= said.length);
    await until('all are written down', async () => (await office.rows()).every(row => row.state === 'delivered'));
    assert.deepEqual(ids_of(receiver.received).toSorted(), said.toSorted());
  });

  it('are no lag while nobody listens, and nobody’s position moves', async t => {
    const office = await open_post_office(t);
    await office.say({ subject: 'ord_1' });
    assert.deepEqual(await office.hooks.lags(), []);
    const receiver = await start_receiver();
    t.after(receiver.stop);
    await office.subscribe(receiver.url);
    await office.say({ subject: 'ord_2' });
    await until('it is heard', async () =>
      (await office.hooks.lags()).some(lag => lag.source === 'orders' && lag.position === 2 && lag.events === 0),
    );
  });
});

describe('a log that is another than before', () => {
  it('is not heard until somebody adopts it, and then nothing is skipped and nothing sent twice', async t => {
    const office = await open_post_office(t, { is_idle: true });
    const receiver = await start_receiver();
    t.after(receiver.stop);
    await office.subscribe(receiver.url);
    const said = await office.say({ subject: 'ord_1' }, { subject: 'ord_2' });
    await office.pool.query("update gateway.webhook_positions set system_identifier = 'another'");
    const errors: unknown[] = [];
    const stopped = office.another({ error: (...told: unknown[]) => void errors.push(told) });
    stopped.start();
    await until('it says so', () => errors.length > 0);
    assert.match(JSON.stringify(errors), /hear nothing more/);
    await stopped.stop();
    assert.deepEqual(await office.rows(), []);
    const folder = await mkdtemp(join(tmpdir(), 'cartwright-adopt-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    await promisify(execFile)(process.execPath, ['main.ts', 'adopt', 'gateway'], {
      cwd: join(import.meta.dirname, '..', '..'),
      env: { ...process.env, DATABASE_URL: office.database_url, CARTWRIGHT_DATA: folder },
    });
    office.another().start();
    await until('both have come', () => receiver.received.length === 2);
    assert.deepEqual(new Set(ids_of(receiver.received)), new Set(said));
  });
});

describe('the order of a subject', () => {
  it('is kept: a later event waits until the earlier is delivered or given up, other subjects do not', async t => {
    const office = await open_post_office(t);
    const receiver = await start_receiver();
    t.after(receiver.stop);
    let broken = true;
    receiver.answer = ({ body }, _nth, response) => void response.writeHead(broken && body.includes('ord_bad') ? 500 : 204).end();
    await office.subscribe(receiver.url);
    const bad = await office.say({ subject: 'ord_bad' }, { subject: 'ord_bad' }, { subject: 'ord_bad' });
    const good = await office.say({ subject: 'ord_good' }, { subject: 'ord_good' });
    await until('the others are through', () => ids_of(receiver.received).filter(id => good.includes(id)).length === 2);
    await until('the first failed', async () =>
      (await office.rows()).some(row => row.event_id === bad[0] && row.state === 'waiting' && row.attempts === 1),
    );
    for (const row of (await office.rows()).filter(one => bad.slice(1).includes(one.event_id)))
      assert.deepEqual([row.state, row.attempts, row.next_at], ['waiting', 0, null]);
    broken = false;
    office.clock.move(minute_ms);
    await until('all are through', async () => (await office.rows()).every(row => row.state === 'delivered'));
    assert.deepEqual(
      ids_of(receiver.received).filter(id => bad.includes(id)),
      [bad[0], ...bad],
    );
  });

  it('is kept by two processes whatever fails: refusals, cut lines, time-outs, redeliveries in between', async t => {
    const seed = Number(process.env['SEED'] ?? 20_260_504);
    const chance = seeded_random(seed);
    const office = await open_post_office(t, { timeout_ms: 400 });
    office.another().start();
    const receiver = await start_receiver();
    t.after(receiver.stop);
    const taken: string[] = [];
    const open = new Map<string, number>();
    let overlapping = 0;
    receiver.answer = ({ id, body }, _nth, response) => {
      const subject = subject_of(body);
      open.set(subject, (open.get(subject) ?? 0) + 1);
      if ((open.get(subject) ?? 0) > 1) overlapping += 1;
      response.on('close', () => open.set(subject, (open.get(subject) ?? 0) - 1));
      const roll = chance.next();
      if (roll < 0.1) return response.destroy();
      if (roll < 0.25) return void response.writeHead(500).end();
      if (roll < 0.28) return;
      if (!taken.includes(id)) taken.push(id);
      response.writeHead(204).end();
    };
    const { id: endpoint } = await office.subscribe(receiver.url);
    const said: { id: string; subject: string }[] = [];
    for (let batch = 0; batch < 5; batch++) {
      const subjects = Array.from({ length: 8 }, () => `ord_${Math.floor(chance.next() * 6)}`);
      const ids = await office.say(...subjects.map(subject => ({ subject })));
      said.push(...ids.map((id, place) => ({ id, subject: subjects[place] ?? '' })));
    }
    await until(`all are through (seed ${seed})`, async () => {
      const rows = await office.rows();
      // Only while nothing is under way: a claim must not lapse because the test is in a hurry.
      const due = rows.flatMap(row => (row.state === 'waiting' && row.next_at !== null ? [Date.parse(row.next_at)] : []));
      const wait_ms = Math.min(...due) - office.clock.now_ms();
      if (rows.every(row => row.state !== 'sending') && due.length > 0 && wait_ms > 0) office.clock.move(wait_ms);
      return rows.length === said.length && rows.every(row => row.state === 'delivered');
    });
    const before = receiver.received.length;
    const { body } = await office.ask('GET', `/v1/webhook-endpoints/${endpoint}/deliveries?limit=1`);
    await office.ask('POST', `/v1/webhook-endpoints/${endpoint}/deliveries/${body.data[0].id}/redeliver`);
    await until('the redelivery has come', () => receiver.received.length > before);
    assert.equal(overlapping, 0, `two of a subject at once (seed ${seed})`);
    for (const [subject, events] of Map.groupBy(said, one => one.subject)) {
      const wanted = events.map(one => one.id);
      assert.deepEqual(
        taken.filter(id => wanted.includes(id)),
        wanted,
        `${subject} (seed ${seed})`,
      );
    }
  });

  it('goes on after the last attempt: ten, with the waits of Standard Webhooks, then it is given up', async t => {
    const office = await open_post_office(t);
    const receiver = await start_receiver();
    t.after(receiver.stop);
    let first = '';
    receiver.answer = ({ id }, _nth, response) => void response.writeHead(id === first ? 500 : 204).end();
    await office.subscribe(receiver.url);
    [first = ''] = await office.say({ subject: 'ord_1' });
    const [second] = await office.say({ subject: 'ord_1' });
    for (const [attempt, wait_ms] of waits_ms.entries()) {
      // Others go well meanwhile: the endpoint is not failing, one event is.
      if (attempt > 0) {
        await office.say({ subject: `ord_well_${attempt}` });
        await until('the others go on', async () =>
          (await office.rows()).every(row => !row.subject.startsWith('ord_well') || row.state === 'delivered'),
        );
        const waiting = (await office.rows()).find(row => row.event_id === first);
        const waits = Date.parse(waiting.next_at) - Date.parse(waiting.last_attempt_at);
        assert.ok(waits >= wait_ms && waits < wait_ms * 1.2 + 5_000, `attempt ${attempt + 1} comes after ${waits} ms`);
        office.clock.move(wait_ms * 1.2 + 1_000);
      }
      await until(`attempt ${attempt + 1}`, async () =>
        (await office.rows()).some(row => row.event_id === first && row.attempts === attempt + 1 && row.state !== 'sending'),
      );
    }
    const rows = await until('the second is through', async () => {
      const found = await office.rows();
      return found.some(row => row.event_id === second && row.state === 'delivered') && found;
    });
    const given_up = rows.find(row => row.event_id === first);
    assert.deepEqual([given_up.state, given_up.attempts, given_up.last_status, given_up.next_at], ['given_up', 10, 500, null]);
    assert.equal(ids_of(receiver.received).filter(id => id === first).length, 10);
  });
});

describe('receivers', () => {
  it('105: that hang hold four lines and no more, and others do not feel it', async t => {
    const office = await open_post_office(t, { timeout_ms: 700 });
    const [hanging, quick] = [await start_receiver(), await start_receiver()];
    t.after(async () => void (await Promise.all([hanging.stop(), quick.stop()])));
    hanging.answer = () => undefined;
    await office.subscribe(hanging.url);
    await office.subscribe(quick.url);
    await office.say(...Array.from({ length: 40 }, (_, n) => ({ subject: `ord_${n}` })));
    const began = performance.now();
    await until('the quick one has all', () => quick.received.length === 40);
    assert.ok(performance.now() - began < 5_000);
    await until('the first have timed out', async () => (await office.rows()).some(row => row.last_error === 'timeout'));
    assert.ok(hanging.open_max <= per_endpoint_max, `${hanging.open_max} at once`);
    const rows = await office.rows();
    assert.deepEqual(
      rows.filter(row => row.last_error === 'timeout').map(row => [row.state === 'delivered', row.last_status]),
      rows.filter(row => row.last_error === 'timeout').map(() => [false, null]),
    );
  });

  it('103: that redirect are not followed', async t => {
    const office = await open_post_office(t);
    const receiver = await start_receiver();
    t.after(receiver.stop);
    receiver.answer = (one, _nth, response) => void response.writeHead(one.path === '/moved' ? 204 : 307, { location: '/moved' }).end();
    await office.subscribe(`${receiver.url}/here`);
    await office.say({ subject: 'ord_1' });
    const row = await until('it failed', async () => (await office.rows()).find(one => one.last_status === 307));
    assert.deepEqual([row.state, row.last_error], ['waiting', 'redirect_not_followed']);
    assert.deepEqual(new Set(receiver.received.map(one => one.path)), new Set(['/here']));
  });

  it('104: that answer without end are read to 4 KiB, and their status counts', async t => {
    const office = await open_post_office(t);
    const receiver = await start_receiver();
    t.after(receiver.stop);
    let written = 0;
    receiver.answer = (_one, _nth, response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write('0123456789abcdef '.repeat(1_000))) written += 17_000;
      };
      response.on('drain', more);
      more();
    };
    await office.subscribe(receiver.url);
    await office.say({ subject: 'ord_1' });
    const row = await until('it is delivered', async () => (await office.rows()).find(one => one.state === 'delivered'));
    assert.equal(row.last_reply.length, 500);
    assert.ok(written < 16 * 1024 * 1024, `${written} bytes were taken`);
  });

  it('show what they said, without what looks like a secret or a person', async t => {
    const office = await open_post_office(t);
    const receiver = await start_receiver();
    t.after(receiver.stop);
    receiver.answer = (_one, _nth, response) =>
      void response.writeHead(400).end('no: ada@example.com\r\n\u0007 key sk_live_0123456789abcdefghijklmn card 4242 4242 4242 4242');
    await office.subscribe(receiver.url);
    await office.say({ subject: 'ord_1' });
    const row = await until('it failed', async () => (await office.rows()).find(one => one.last_status === 400));
    assert.equal(row.last_reply, 'no: [address] key [token] card [number]');
  });

  it('that are busy are left alone for as long as they say', async t => {
    const office = await open_post_office(t);
    const receiver = await start_receiver();
    t.after(receiver.stop);
    receiver.answer = (_one, nth, response) => void response.writeHead(nth === 0 ? 429 : 204, { 'retry-after': '120' }).end();
    const { id } = await office.subscribe(receiver.url);
    await office.say({ subject: 'ord_1' });
    await until('it asked for less', async () => (await office.rows()).some(row => row.last_status === 429));
    const { body } = await office.ask('GET', `/v1/webhook-endpoints/${id}`);
    assert.ok(Date.parse(body.paused_until) > office.clock.now_ms() + 110_000);
    await office.say({ subject: 'ord_2' });
    await until('the next is waiting', async () => (await office.rows()).length === 2);
    office.clock.move(30_000);
    await until('a look was taken', async () => (await office.hooks.lags()).every(lag => lag.events === 0));
    assert.equal(receiver.received.length, 1);
    office.clock.move(100_000);
    await until('both are through', async () => (await office.rows()).every(row => row.state === 'delivered'));
  });

  it('that are gone (410) are disabled at once, and what waits is given up', async t => {
    const office = await open_post_office(t);
    const receiver = await start_receiver();
    t.after(receiver.stop);
    receiver.answer = (_one, _nth, response) => void response.writeHead(410).end();
    const { id } = await office.subscribe(receiver.url);
    await office.say({ subject: 'ord_1' }, { subject: 'ord_1' });
    await until('it is disabled', async () => (await office.ask('GET', `/v1/webhook-endpoints/${id}`)).body.state === 'disabled');
    const { body } = await office.ask('GET', `/v1/webhook-endpoints/${id}`);
    assert.equal(body.disabled_reason, 'gone');
    assert.deepEqual(
      (await office.rows()).map(row => [row.state, row.last_error]),
      [
        ['given_up', 'gone'],
        ['given_up', 'endpoint_disabled'],
      ],
    );
    const audited = await office.ask('GET', '/v1/audit-log?limit=1');
    assert.deepEqual([audited.body.data[0].action, audited.body.data[0].reason], ['webhook_endpoint.disabled', 'gone']);
    const [notice] = await office.hooks.exceptions();
    assert.deepEqual([notice?.['reason'], notice?.['subject']], ['webhook_endpoint_disabled', id]);
    // While it is disabled nothing is kept for it; enabled, it hears what comes from then on.
    await office.say({ subject: 'ord_2' });
    receiver.answer = (_one, _nth, response) => void response.writeHead(204).end();
    assert.equal((await office.ask('POST', `/v1/webhook-endpoints/${id}/enable`)).body.state, 'enabled');
    const [third] = await office.say({ subject: 'ord_1' });
    await until('it hears again', () => ids_of(receiver.received).at(-1) === third);
    assert.equal((await office.rows()).length, 3);
    assert.deepEqual(await office.hooks.exceptions(), []);
  });

  it('that take nothing for 72 hours are disabled', async t => {
    const office = await open_post_office(t);
    const receiver = await start_receiver();
    await receiver.stop();
    const { id } = await office.subscribe(receiver.url);
    await office.say({ subject: 'ord_1' });
    const tried = (times: number) =>
      until(`${times} attempts`, async () => (await office.rows()).some(row => row.attempts >= times && row.state !== 'sending'));
    await tried(1);
    office.clock.move(71 * 60 * minute_ms);
    await tried(2);
    assert.equal((await office.ask('GET', `/v1/webhook-endpoints/${id}`)).body.state, 'enabled');
    office.clock.move(2 * 60 * minute_ms);
    await until('it is disabled', async () => (await office.ask('GET', `/v1/webhook-endpoints/${id}`)).body.disabled_reason === 'failing');
  });
});
