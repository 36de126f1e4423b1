import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Problem } from '../platform/route.ts';
import { broken_audit_row } from './audit_log.ts';
import { ensure_first_keys } from './first_keys.ts';
import { password_fits, password_hash } from './keys.ts';
import { audited_put } from './testing/audited_put.ts';
import { admin_password, publishable_key, secret_key, type TestDoor, test_door } from './testing/door.ts';

let at: TestDoor;
let keys_used = 0;
before(async () => {
  at = await test_door();
});
after(() => at.close());

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The reply's fields; missing ones are undefined. */
  readonly body: Record<string, unknown>;
}

async function ask(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(at.url + path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), 'idempotency-key': `k${++keys_used}`, ...headers },
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: text.startsWith('{') ? JSON.parse(text) : {} };
}
const with_key = (key: string) => ({ authorization: `Bearer ${key}` });
const as_owner = with_key(secret_key);

interface SignedIn {
  readonly cookie: string;
  readonly headers: Record<string, string>;
  readonly answer: Answer;
}
async function sign_in(username: string, password: string): Promise<SignedIn> {
  const answer = await ask('POST', '/v1/session', { username, password });
  const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  return { cookie, answer, headers: { cookie, 'x-csrf-token': String(answer.body['csrf_token']), origin: at.url } };
}

describe('keys', () => {
  it('are shown once, work at once with the scopes they were given, and not after they were revoked', async () => {
    const made = await ask('POST', '/v1/keys', { type: 'secret', name: 'reports', scopes: ['orders:read'] }, as_owner);
    assert.equal(made.status, 201);
    assert.match(String(made.body['secret']), /^sk_[\w-]{43}$/);
    assert.equal(made.headers.get('location'), `/v1/keys/${made.body['id']}`);
    const key = with_key(String(made.body['secret']));
    assert.equal((await ask('GET', '/v1/orders', undefined, key)).status, 200);
    assert.equal((await ask('GET', '/v1/keys', undefined, key)).status, 403);
    assert.equal((await ask('DELETE', `/v1/keys/${made.body['id']}`, undefined, as_owner)).status, 204);
    assert.equal((await ask('GET', '/v1/orders', undefined, key)).status, 401);
    assert.equal((await ask('DELETE', '/v1/keys/key_nobody', undefined, as_owner)).status, 404);
  });

  it('revoked in another process stop working within a minute', async () => {
    const made = await ask('POST', '/v1/keys', { type: 'secret', name: 'elsewhere' }, as_owner);
    const key = with_key(String(made.body['secret']));
    assert.equal((await ask('GET', '/v1/orders', undefined, key)).status, 200);
    await at.pool.query('update gateway.keys set revoked_at = now() where id = $1', [made.body['id']]);
    at.clock.move(60_000);
    assert.equal((await ask('GET', '/v1/orders', undefined, key)).status, 401);
  });

  it('made twice with one Idempotency-Key are one key, byte for byte, although its secret is stored nowhere', async () => {
    const body = { type: 'publishable', name: 'shop' };
    const twice = { ...as_owner, 'idempotency-key': 'again' };
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask('POST', '/v1/keys', body, twice)));
    assert.equal(new Set(answers.map(answer => answer.text)).size, 1);
    assert.equal(answers.filter(answer => answer.headers.get('idempotency-replayed') === 'true').length, 9);
    const other = await ask('POST', '/v1/keys', { ...body, name: 'another' }, twice);
    assert.deepEqual([other.status, other.body['code']], [422, 'idempotency_key_reused']);
    const secret = String(answers[0]?.body['secret']);
    const { rows } = await at.pool.query(
      'select (select json_agg(k) from gateway.keys k)::text || (select json_agg(r) from gateway.replies r)::text as stored',
    );
    assert.equal(rows[0].stored.includes(secret.slice(3)), false);
    const listed = await ask('GET', '/v1/keys', undefined, as_owner);
    assert.equal(listed.text.includes(secret), false);
    assert.equal(listed.text.match(/"name":"shop"/g)?.length, 1);
  });

  it('are listed newest first, page by page', async () => {
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const page = await ask('GET', `/v1/keys?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`, undefined, as_owner);
      assert.ok(Array.isArray(page.body['data']));
      seen.push(...page.body['data'].map((key: { id: string }) => key.id));
      if (page.body['next_cursor'] === null) break;
      cursor = String(page.body['next_cursor']);
    }
    assert.deepEqual(seen, [...new Set(seen)].sort().reverse());
    assert.ok(seen.length >= 4);
  });
});

describe('sessions', () => {
  it('are a cookie no script can read, and a token no other site can know', async () => {
    const { answer, cookie, headers } = await sign_in('Admin', admin_password);
    assert.equal(answer.status, 201);
    assert.match(
      answer.headers.get('set-cookie') ?? '',
      /^cartwright_session=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    );
    assert.equal((await ask('GET', '/v1/orders', undefined, { cookie })).status, 200);
    const who = await ask('GET', '/v1/session', undefined, { cookie });
    assert.equal(who.body['csrf_token'], answer.body['csrf_token']);

    const order = { currency: 'GBP', lines: [{ sku: 'A', quantity: 1 }] };
    const { 'x-csrf-token': token = '', origin = '' } = headers;
    const refused: readonly Record<string, string>[] = [
      { cookie },
      { cookie, origin },
      { cookie, 'x-csrf-token': token },
      { cookie, origin, 'x-csrf-token': 'guess' },
      { cookie, origin: 'http://evil.example', 'x-csrf-token': token },
    ];
    for (const attempt of refused) {
      const { status, body } = await ask('POST', '/v1/orders', order, attempt);
      assert.deepEqual([status, body['code']], [403, 'csrf_failed']);
    }
    assert.equal((await ask('POST', '/v1/orders', order, headers)).status, 200);
  });

  it('get a new id at each sign-in, and end at sign-out', async () => {
    const first = await sign_in('admin', admin_password);
    const second = await sign_in('admin', admin_password);
    assert.notEqual(first.cookie, second.cookie);
    assert.equal((await ask('DELETE', '/v1/session', undefined, { cookie: first.cookie })).status, 403);
    assert.equal((await ask('DELETE', '/v1/session', undefined, first.headers)).status, 204);
    assert.equal((await ask('GET', '/v1/orders', undefined, { cookie: first.cookie })).status, 401);
    assert.equal((await ask('GET', '/v1/orders', undefined, { cookie: second.cookie })).status, 200);
  });

  it('end after two idle hours, and after twelve in any case', async () => {
    const { cookie } = await sign_in('admin', admin_password);
    for (let hour = 1; hour < 12; hour++) {
      at.clock.move(3_600_000);
      assert.equal((await ask('GET', '/v1/session', undefined, { cookie })).status, 200, `hour ${hour}`);
    }
    at.clock.move(3_700_000);
    assert.equal((await ask('GET', '/v1/session', undefined, { cookie })).status, 401);
    const idle = await sign_in('admin', admin_password);
    at.clock.move(2 * 3_600_000 + 1_000);
    assert.equal((await ask('GET', '/v1/session', undefined, { cookie: idle.cookie })).status, 401);
  });

  it('83: answer a wrong name and a wrong password alike, and after five of them only later', async () => {
    const answers: Answer[] = [];
    for (const [username, password] of [
      ['admin', 'wrong'],
      ['nobody', 'wrong'],
      ['nobody', admin_password],
      ['admin', ''],
      ['', ''],
    ]) {
      answers.push((await sign_in(username ?? '', password ?? '')).answer);
    }
    assert.deepEqual(
      new Set(answers.map(({ status, body }) => `${status} ${body['code']} ${body['detail']}`)),
      new Set(['401 invalid_credentials Name or password is wrong.']),
    );
    const sixth = (await sign_in('admin', admin_password)).answer;
    assert.deepEqual([sixth.status, sixth.body['code']], [429, 'too_many_attempts']);
    at.clock.move(15 * 60_000);
    for (let i = 0; i < 8; i++)
      assert.equal((await sign_in('admin', admin_password)).answer.status, 201, 'who knows the password is not counted');
  });

  it('are not opened from another site’s page', async () => {
    const { status } = await ask('POST', '/v1/session', { username: 'admin', password: admin_password }, { origin: 'http://evil.example' });
    assert.equal(status, 403);
  });
});

describe('staff', () => {
  const password = 'a password of some length';

  it('may do what their role says', async () => {
    const made = await ask('POST', '/v1/staff', { username: 'grace', password, role: 'support' }, as_owner);
    assert.equal(made.status, 201);
    assert.equal(made.text.includes('argon2'), false);
    const { cookie, answer } = await sign_in('grace', password);
    assert.equal(answer.status, 201);
    assert.equal((await ask('GET', '/v1/orders', undefined, { cookie })).status, 200);
    assert.equal((await ask('GET', '/v1/keys', undefined, { cookie })).status, 403);
    const taken = await ask('POST', '/v1/staff', { username: 'GRACE', password, role: 'admin' }, as_owner);
    assert.deepEqual([taken.status, taken.body['code']], [409, 'username_taken']);
  });

  it('74: are out at once when their account ends, and in under the new terms when it changes', async () => {
    const made = await ask('POST', '/v1/staff', { username: 'joan', password, role: 'analyst' }, as_owner);
    const before = await sign_in('joan', password);
    assert.equal((await ask('GET', '/v1/orders', undefined, { cookie: before.cookie })).status, 403);
    const path = `/v1/staff/${made.body['id']}`;
    assert.equal((await ask('PATCH', path, { role: 'operator' }, { ...as_owner, 'if-match': '"9"' })).body['code'], 'version_conflict');
    assert.equal((await ask('PATCH', path, { role: 'operator' }, { ...as_owner, 'if-match': '"1"' })).body['version'], 2);
    assert.equal((await ask('GET', '/v1/orders', undefined, { cookie: before.cookie })).status, 401);
    const after_change = await sign_in('joan', password);
    assert.equal((await ask('GET', '/v1/orders', undefined, { cookie: after_change.cookie })).status, 200);
    await ask('PATCH', path, { active: false }, as_owner);
    assert.equal((await ask('GET', '/v1/orders', undefined, { cookie: after_change.cookie })).status, 401);
    assert.equal((await sign_in('joan', password)).answer.status, 401);
  });

  it('70: do not change their own role', async () => {
    const { headers, answer } = await sign_in('admin', admin_password);
    const staff = answer.body['staff'];
    assert.ok(typeof staff === 'object' && staff !== null && 'id' in staff);
    const { status, body } = await ask('PATCH', `/v1/staff/${staff.id}`, { role: 'analyst' }, headers);
    assert.deepEqual([status, body['code']], [422, 'own_account']);
  });
});

describe('passwords', () => {
  it('are argon2id with a salt of their own', async () => {
    const [one, two] = await Promise.all([password_hash('same'), password_hash('same')]);
    assert.notEqual(one, two);
    assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    assert.deepEqual(
      [await password_fits('same', one), await password_fits('other', one), await password_fits('same', undefined)],
      [true, false, false],
    );
  });
});

describe('the audit log', () => {
  it('tells who did what, newest first', async () => {
    await ask('POST', '/v1/keys', { type: 'secret', name: 'audited' }, { ...as_owner, 'x-request-id': 'seen-in-the-log' });
    const { body } = await ask('GET', '/v1/audit-log?limit=1', undefined, as_owner);
    const [row] = Array.isArray(body['data']) ? body['data'] : [];
    assert.deepEqual([row.action, row.actor_type, row.request_id], ['key.created', 'sk', 'seen-in-the-log']);
    assert.equal((await ask('GET', '/v1/audit-log?cursor=x', undefined, as_owner)).status, 422);
  });

  it('is asked by who, what and to which object', async () => {
    const made = await ask('POST', '/v1/keys', { type: 'secret', name: 'looked for' }, as_owner);
    const id = String(made.body['id']);
    await ask('DELETE', `/v1/keys/${id}`, undefined, as_owner);
    const actions = async (query: string) => {
      const { body } = await ask('GET', `/v1/audit-log?${query}`, undefined, as_owner);
      return (Array.isArray(body['data']) ? body['data'] : []).map((row: { action: string }) => row.action);
    };
    assert.deepEqual(await actions(`object=${id}`), ['key.revoked', 'key.created']);
    assert.deepEqual(await actions(`object=${id}&action=key.revoked`), ['key.revoked']);
    assert.deepEqual(await actions(`object=${id}&actor=nobody`), []);
  });

  it('tells of a deed whose process was killed before its entry that it was attempted, and of no refusal', async () => {
    const entries = async () => {
      const { body } = await ask('GET', '/v1/audit-log?object=msg_toy', undefined, as_owner);
      return (Array.isArray(body['data']) ? body['data'] : []).map(row => `${row.action} ${row.outcome} ${row.request_id}`);
    };
    const child = spawn(process.execPath, [join(import.meta.dirname, 'testing/audited_put.ts'), at.database_url], { stdio: 'inherit' });
    assert.deepEqual(await once(child, 'close'), [null, 'SIGKILL']);
    assert.equal((await at.pool.query('select from gateway.webhook_messages')).rowCount, 1, 'the deed was done');
    assert.deepEqual(await entries(), ['message.changed attempted killed']);
    const put = (request_id: string, status: number) => audited_put(at.pool, request_id, () => ({ status, body: {} }));
    await put('refused', 409);
    await assert.rejects(
      audited_put(at.pool, 'thrown', () => {
        throw new Problem(412, 'version_conflict', 'It was changed.');
      }),
    );
    await put('again', 200);
    const told = ['message.changed done again', 'message.changed attempted killed'];
    assert.deepEqual(await entries(), told);
    await put('broken', 500);
    assert.deepEqual(await entries(), ['message.changed attempted broken', ...told]);
  });

  it('is a chain that shows where it was broken, and that nobody may change', async () => {
    assert.equal(await broken_audit_row(at.pool), undefined);
    for (const sql of ["update gateway.audit_log set actor = 'x'", 'delete from gateway.audit_log', 'truncate gateway.audit_log'])
      await assert.rejects(at.pool.query(sql), { code: '42501' });
    const owner = await at.pool.connect();
    await owner.query('set role none');
    await owner.query('alter table gateway.audit_log disable trigger audit_log_insert_only');
    await owner.query("update gateway.audit_log set actor = 'somebody else' where seq = 3");
    owner.release(true);
    assert.equal(await broken_audit_row(at.pool), 3);
  });
});

describe('first keys', () => {
  const given = () => ({ clock: at.clock, fresh_id: at.fresh_id });

  it('are made once, and not when there are some', async () => {
    const fresh = await test_door();
    await fresh.pool.query('truncate gateway.keys, gateway.staff, gateway.sessions');
    const first = await ensure_first_keys(fresh.pool, given());
    assert.match(first.secret_key ?? '', /^sk_/);
    assert.match(first.publishable_key ?? '', /^pk_/);
    assert.equal(first.admin_password?.length, 20);
    assert.deepEqual(await ensure_first_keys(fresh.pool, given()), {});
    const { status } = await fetch(`${fresh.url}/v1/keys`, { headers: with_key(first.secret_key ?? '') });
    assert.equal(status, 200);
    await fresh.close();
  });

  it('follow the environment: what it gave before no longer works', async () => {
    const fresh = await test_door();
    const status_of = async (key: string) => (await fetch(`${fresh.url}/v1/orders`, { headers: with_key(key) })).status;
    assert.equal(await status_of(secret_key), 200);
    await ensure_first_keys(fresh.pool, { ...given(), secret_key: 'sk_another_one', publishable_key, admin_password: 'another password' });
    fresh.clock.move(60_000);
    assert.deepEqual([await status_of(secret_key), await status_of('sk_another_one')], [401, 200]);
    const session = await fetch(`${fresh.url}/v1/session`, {
      method: 'POST',
      body: JSON.stringify({ username: 'admin', password: 'another password' }),
      headers: { 'content-type': 'application/json' },
    });
    assert.equal(session.status, 201);
    await fresh.close();
  });

  it('refuse what could not be told from something else', async () => {
    await assert.rejects(ensure_first_keys(at.pool, { ...given(), secret_key: 'secret' }), /begins with sk_/);
    await assert.rejects(ensure_first_keys(at.pool, { ...given(), admin_password: 'short' }), /at least 8/);
  });
});
