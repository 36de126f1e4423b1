import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { broken_audit_row } from '../audit_log.ts';
import { publishable_key } from '../testing/door.ts';
import { endpoints_max } from './schemas.ts';
import { open_post_office, until } from './testing/post_office.ts';
import { start_receiver } from './testing/receiver.ts';

const at = '/v1/webhook-endpoints';
const somewhere = { url: 'http://127.0.0.1:9/in', events: ['*'] };

describe('an endpoint', () => {
  it('is made, its secret shown once and kept sealed, listed, read and deleted; each deed is audited', async t => {
    const office = await open_post_office(t, { is_idle: true });
    const made = await office.ask('POST', at, {
      url: 'http://127.0.0.1:9/in',
      events: ['order.confirmed', 'payment.captured'],
      description: 'books',
    });
    assert.equal(made.status, 201, made.text);
    const { id, secret } = made.body;
    assert.equal(made.headers.get('location'), `${at}/${id}`);
    assert.match(id, /^whe_/);
    const listed = await office.ask('GET', at);
    const read = await office.ask('GET', `${at}/${id}`);
    for (const { text } of [listed, read]) assert.doesNotMatch(text, /whsec_|"secret"/);
    assert.deepEqual(read.body, listed.body.data[0]);
    assert.deepEqual(
      [read.body.state, read.body.events, read.body.description],
      ['enabled', ['order.confirmed', 'payment.captured'], 'books'],
    );
    const { rows } = await office.pool.query(
      'select (select json_agg(e) from gateway.webhook_endpoints e)::text || (select json_agg(r) from gateway.replies r)::text as stored',
    );
    assert.equal(rows[0].stored.includes(secret.slice('whsec_'.length)), false);
    assert.equal((await office.ask('DELETE', `${at}/${id}`)).status, 204);
    for (const [method, path] of [
      ['GET', `${at}/${id}`],
      ['DELETE', `${at}/${id}`],
      ['GET', `${at}/${id}/deliveries`],
      ['POST', `${at}/${id}/rotate-secret`],
      ['POST', `${at}/${id}/enable`],
      ['POST', `${at}/${id}/deliveries/dlv_1/redeliver`],
    ] as const)
      assert.deepEqual([(await office.ask(method, path)).body.code, method, path], ['not_found', method, path]);
    const { body } = await office.ask('GET', '/v1/audit-log?limit=2');
    assert.deepEqual(
      body.data.map((row: { action: string; object: string }) => [row.action, row.object]),
      [
        ['webhook_endpoint.deleted', id],
        ['webhook_endpoint.created', id],
      ],
    );
    assert.equal(await broken_audit_row(office.pool), undefined);
  });

  it('made ten times with one Idempotency-Key is one, byte for byte, secret included', async t => {
    const office = await open_post_office(t, { is_idle: true });
    const again = { 'idempotency-key': 'again' };
    const answers = await Promise.all(Array.from({ length: 10 }, () => office.ask('POST', at, somewhere, again)));
    assert.equal(new Set(answers.map(answer => answer.text)).size, 1);
    assert.equal((await office.ask('GET', at)).body.data.length, 1);
    const other = await office.ask('POST', at, { ...somewhere, events: ['order.placed'] }, again);
    assert.equal(other.body.code, 'idempotency_key_reused');
    const path = `${at}/${answers[0]?.body.id}/rotate-secret`;
    const rotated = await Promise.all([1, 2].map(() => office.ask('POST', path, undefined, { 'idempotency-key': 'turn' })));
    assert.equal(rotated[0]?.text, rotated[1]?.text);
    assert.notEqual(rotated[0]?.body.secret, answers[0]?.body.secret);
  });

  it('wants types that there are, and "*" alone; what is wrong is named with its place', async t => {
    const office = await open_post_office(t, { is_idle: true });
    const refused = async (body: object) => {
      const answer = await office.ask('POST', at, body);
      return [answer.status, answer.body.code, answer.body.errors?.[0]?.pointer];
    };
    assert.deepEqual(await refused({ ...somewhere, events: ['order.confirmed', 'order.invented'] }), [422, 'unknown_value', '/events/1']);
    assert.deepEqual(await refused({ ...somewhere, events: ['*', 'order.confirmed'] }), [422, 'invalid', '/events']);
    assert.deepEqual(await refused({ ...somewhere, events: [] }), [422, 'too_few', '/events']);
    assert.deepEqual(await refused({ ...somewhere, description: 'x'.repeat(501) }), [422, 'too_long', '/description']);
    assert.deepEqual(await refused({ ...somewhere, url: `http://127.0.0.1/${'x'.repeat(2_000)}` }), [422, 'too_long', '/url']);
    assert.deepEqual(await refused({ ...somewhere, secret: 'mine' }), [422, 'unknown_field', '/secret']);
    assert.deepEqual(await refused({ ...somewhere, url: 'gopher://127.0.0.1/' }), [422, 'webhook_url_refused', '/url']);
    assert.equal((await office.ask('GET', at)).body.data.length, 0);
  });

  it('101: may not be where nobody outside is; the answer does not tell what is there', async t => {
    const inside = async () => [{ address: '10.1.2.3', family: 4 }];
    const office = await open_post_office(t, { is_idle: true, guard: { allow_private: false, resolve: inside } });
    for (const url of [
      'http://hooks.shop.com/',
      'https://127.0.0.1/',
      'https://2130706433/',
      'https://localhost./',
      'https://hooks.shop.com/',
    ]) {
      const answer = await office.ask('POST', at, { url, events: ['*'] });
      assert.deepEqual([answer.status, answer.body.code], [422, 'webhook_url_refused'], url);
      assert.doesNotMatch(answer.text, /10\.1\.2\.3/);
    }
  });

  it(`is one of ${endpoints_max} at most`, async t => {
    const office = await open_post_office(t, { is_idle: true });
    const answers = await Promise.all(Array.from({ length: endpoints_max + 3 }, () => office.ask('POST', at, somewhere)));
    const refused = answers.filter(answer => answer.status !== 201);
    assert.deepEqual(
      refused.map(answer => [answer.status, answer.body.code]),
      Array.from({ length: 3 }, () => [409, 'too_many_webhook_endpoints']),
    );
  });

  it('is an admin’s to change and an operator’s to see', async t => {
    const office = await open_post_office(t, { is_idle: true });
    const { id } = await office.subscribe(somewhere.url);
    const key_with = async (scope: string) => {
      const { body } = await office.ask('POST', '/v1/keys', { type: 'secret', name: scope, scopes: [scope] });
      return { authorization: `Bearer ${body.secret}` };
    };
    const seeing = await key_with('operations:read');
    const public_one = { authorization: `Bearer ${publishable_key}` };
    for (const path of [at, `${at}/${id}`, `${at}/${id}/deliveries`]) {
      assert.equal((await office.ask('GET', path, undefined, seeing)).status, 200);
      assert.equal((await office.ask('GET', path, undefined, public_one)).status, 403);
    }
    for (const headers of [seeing, await key_with('operations:write'), public_one]) {
      assert.equal((await office.ask('POST', at, somewhere, headers)).status, 403);
      assert.equal((await office.ask('POST', `${at}/${id}/rotate-secret`, undefined, headers)).status, 403);
      assert.equal((await office.ask('DELETE', `${at}/${id}`, undefined, headers)).status, 403);
    }
  });
});

describe('deliveries', () => {
  it('are listed page by page, by state, newest first, and can be sent again: same id, waiting for nobody', async t => {
    const office = await open_post_office(t);
    const receiver = await start_receiver();
    t.after(receiver.stop);
    let broken = true;
    receiver.answer = ({ body }, _nth, response) => void response.writeHead(broken && body.includes('ord_bad') ? 500 : 204).end();
    const { id } = await office.subscribe(receiver.url);
    const said = await office.say(...['ord_1', 'ord_bad', 'ord_2', 'ord_bad', 'ord_3'].map(subject => ({ subject })));
    await until('what can be is delivered', async () => {
      const states = (await office.rows()).map(row => `${row.state} ${row.attempts}`);
      return states.join() === 'delivered 1,waiting 1,delivered 1,waiting 0,delivered 1';
    });
    const seen: { id: string; event_id: string; state: string; subject: string; next_attempt_at: string | null }[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await office.ask('GET', `${at}/${id}/deliveries?limit=2${cursor}`);
      seen.push(...body.data);
      if (body.next_cursor === null) break;
      cursor = `&cursor=${body.next_cursor}`;
    }
    assert.deepEqual(seen.map(one => one.event_id).toSorted(), said.toSorted());
    assert.deepEqual(
      seen.map(one => one.id),
      seen
        .map(one => one.id)
        .toSorted()
        .toReversed(),
    );
    const { body: waiting } = await office.ask('GET', `${at}/${id}/deliveries?state=waiting`);
    assert.deepEqual(new Set(waiting.data.map((one: { subject: string }) => one.subject)), new Set(['ord_bad']));
    assert.equal((await office.ask('GET', `${at}/${id}/deliveries?state=lost`)).status, 422);

    // Delivered already: once more, at once.
    const [delivered] = seen.filter(one => one.subject === 'ord_1');
    const again = await office.ask('POST', `${at}/${id}/deliveries/${delivered?.id}/redeliver`);
    assert.deepEqual([again.status, again.body.state, again.body.redelivery], [200, 'waiting', true], again.text);
    await until('it has come twice', () => receiver.received.filter(one => one.id === delivered?.event_id).length === 2);
    // Waiting for its next attempt: now.
    broken = false;
    const first_bad = seen.find(one => one.subject === 'ord_bad' && one.next_attempt_at !== null);
    assert.equal((await office.ask('POST', `${at}/${id}/deliveries/${first_bad?.id}/redeliver`)).status, 200);
    await until('all is delivered', async () => (await office.rows()).every(row => row.state === 'delivered'));
    assert.equal((await office.ask('POST', `${at}/${id}/deliveries/dlv_nobody/redeliver`)).status, 404);
  });

  it('of a disabled endpoint are not sent again', async t => {
    const office = await open_post_office(t);
    const receiver = await start_receiver();
    t.after(receiver.stop);
    receiver.answer = (_one, _nth, response) => void response.writeHead(410).end();
    const { id } = await office.subscribe(receiver.url);
    await office.say({ subject: 'ord_1' });
    const [row] = await until('it is disabled', async () => {
      const { body } = await office.ask('GET', `${at}/${id}`);
      return body.state === 'disabled' && office.rows();
    });
    const answer = await office.ask('POST', `${at}/${id}/deliveries/${row.id}/redeliver`);
    assert.deepEqual([answer.status, answer.body.code], [409, 'webhook_endpoint_disabled']);
  });

  it('are forgotten 30 days after their end, with what was sent; what waits is not', async t => {
    const office = await open_post_office(t, { is_idle: true });
    const receiver = await start_receiver();
    t.after(receiver.stop);
    let broken = false;
    receiver.answer = (_one, _nth, response) => void response.writeHead(broken ? 500 : 204).end();
    await office.subscribe(receiver.url);
    const before = office.another();
    before.start();
    await office.say({ subject: 'ord_1' });
    await until('it is delivered', async () => (await office.rows()).some(row => row.state === 'delivered'));
    broken = true;
    const [second] = await office.say({ subject: 'ord_2' });
    await until('it failed', async () => (await office.rows()).some(row => row.last_status === 500));
    await before.stop();
    office.clock.move(31 * 86_400_000);
    await office.pool.query("update gateway.webhook_deliveries set next_at = '2100-01-01' where state = 'waiting'");
    // Cleaning is the first thing that a worker does.
    office.another().start();
    await until('the first is forgotten', async () => (await office.rows()).map(row => row.event_id).join() === second);
    await until('its message, too', async () => {
      const { rows } = await office.pool.query('select event_id from gateway.webhook_messages');
      return rows.map(row => row.event_id).join() === second;
    });
  });
});
