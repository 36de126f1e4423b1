import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as create_secure_server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fresh_database } from '../platform/postgres/test_database.ts';
import { localhost_certificate, localhost_key } from '../platform/testing/localhost_certificate.ts';
import { start_cybersource } from '../sandbox/cybersource/cybersource.ts';
import { test_certificate } from '../sandbox/cybersource/test_certificate.ts';
import { start_easypost } from '../sandbox/easypost/easypost.ts';
import { start_purolator } from '../sandbox/purolator/purolator.ts';
import { start_stripe } from '../sandbox/stripe/stripe.ts';
import { start_x12_supplier } from '../sandbox/x12_supplier/x12_supplier.ts';
import { doctor, examine } from './doctor.ts';

const secrets = [
  'sk_test_doctor_0123456789',
  'whsec_doctor_0123456789',
  'EZTK_doctor_0123456789',
  'easypost-doctor-secret',
  'a-wrong-password',
];
const [stripe_key = '', stripe_webhook = '', easypost_key = '', easypost_webhook = '', password = ''] = secrets;

let folder = '';
let stripe: Awaited<ReturnType<typeof start_stripe>>;
let easypost: Awaited<ReturnType<typeof start_easypost>>;
let database: Awaited<ReturnType<typeof fresh_database>>;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cartwright-doctor-'));
  [stripe, easypost, database] = await Promise.all([
    start_stripe({ secret_key: stripe_key }),
    start_easypost({ api_key: easypost_key }),
    fresh_database(),
  ]);
});
after(async () => {
  await Promise.all([stripe.stop(), easypost.stop(), database.drop(), rm(folder, { recursive: true, force: true })]);
});

/** Live in the eyes of the settings, with stand-ins in the places of the hosts. */
const env = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  CARTWRIGHT_DATA: folder,
  PORT: '0',
  METRICS_PORT: '0',
  PUBLIC_URL: 'https://shop.example',
  STRIPE_SECRET_KEY: stripe_key,
  STRIPE_WEBHOOK_SECRET: stripe_webhook,
  STRIPE_BASE_URL: stripe.url,
  EASYPOST_API_KEY: easypost_key,
  EASYPOST_WEBHOOK_SECRET: easypost_webhook,
  EASYPOST_BASE_URL: `${easypost.url}/v2/`,
  ...more,
});
async function of(name: string, more: Readonly<Record<string, string>>): Promise<string[]> {
  return (await examine(env(more))).filter(one => one.name === name).map(({ state, detail }) => `${state}: ${detail}`);
}

/** A server that answers as told, like one at the wrong address. */
async function answering(
  t: { after(stop: () => void): void },
  status: number,
  body: string,
  headers: Record<string, string> = {},
): Promise<string> {
  const server = createServer((_request, response) => void response.writeHead(status, headers).end(body));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.after(() => void server.close());
  // `listen` gave it an address of TCP.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('doctor', () => {
  it('finds nothing wrong where everything is right, and changes nothing', async () => {
    const findings = await examine(env());
    assert.deepEqual(
      findings.filter(one => one.state === 'wrong'),
      [],
    );
    assert.match(findings.find(one => one.name === 'stripe')?.detail ?? '', /the key works \(test mode/);
    assert.match(findings.find(one => one.name === 'easypost')?.detail ?? '', /the key works \(test mode/);
    assert.deepEqual([stripe.ledger(), easypost.ledger()], [[], []]);
  });

  it('tells a wrong key from a wrong address, a certificate, a missing secret and a key of the wrong kind', async t => {
    assert.match(
      (await of('stripe', { STRIPE_SECRET_KEY: 'sk_test_other_0123456789' })).join(),
      /wrong: .*refused \(401\); copy STRIPE_SECRET_KEY/,
    );
    assert.match((await of('stripe', { STRIPE_SECRET_KEY: 'pk_test_doctor_0123456789' })).join(), /wrong: .*no secret key/);
    assert.match((await of('stripe', { STRIPE_BASE_URL: 'http://127.0.0.1:9' })).join(), /wrong: .*nobody listens there .*STRIPE_BASE_URL/);
    assert.match((await of('stripe', { STRIPE_BASE_URL: 'http://nobody.invalid' })).join(), /wrong: .*no such host/);
    assert.match((await of('stripe', { STRIPE_BASE_URL: await answering(t, 200, '<html>') })).join(), /wrong: .*no list of Stripe/);
    assert.match((await of('stripe', { STRIPE_BASE_URL: await answering(t, 302, '') })).join(), /wrong: .*redirects \(302\)/);
    assert.match((await of('stripe', { STRIPE_BASE_URL: await answering(t, 503, '') })).join(), /wrong: .*in trouble itself \(503\)/);
    assert.match((await of('stripe', { STRIPE_WEBHOOK_SECRET: '' })).at(-1) ?? '', /wrong: STRIPE_WEBHOOK_SECRET is missing/);
    assert.match((await of('easypost', { EASYPOST_API_KEY: 'EZTK_other' })).join(), /wrong: .*refused \(401\); copy EASYPOST_API_KEY/);
    const none = { EASYPOST_API_KEY: '', EASYPOST_BASE_URL: '', EASYPOST_WEBHOOK_SECRET: '' };
    assert.match((await of('easypost', none)).join(), /^wrong: CARRIER names easypost/);
    assert.deepEqual(await of('easypost', { ...none, CARRIER: 'manual' }), ['note: not configured']);
    const secure = create_secure_server({ key: localhost_key, cert: localhost_certificate }, (_request, response) => response.end());
    await new Promise<void>(resolve => secure.listen(0, '127.0.0.1', resolve));
    t.after(() => void secure.close());
    const at = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`;
    assert.match((await of('stripe', { STRIPE_BASE_URL: at })).join(), /wrong: .*its certificate is not one this machine trusts/);
  });

  it('asks those who speak SOAP and X12 with nothing that could have an effect', async t => {
    const [cybersource, purolator, x12_supplier] = await Promise.all([
      start_cybersource({ merchant_id: 'cartwright_sandbox', certificate: test_certificate }),
      start_purolator({ credentials: { key: 'k', password: 'p' } }),
      start_x12_supplier({ password: 'x12-doctor-0123456789' }),
    ]);
    t.after(() => Promise.all([cybersource, purolator, x12_supplier].map(stand_in => stand_in.stop())));
    const at = { CYBERSOURCE_BASE_URL: cybersource.url };
    assert.deepEqual(
      (await of('cybersource', at)).map(line => line.replace(/:\d+/, '')),
      ['ok: 127.0.0.1: the signature is good, the merchant is known'],
    );
    const nobody = { CYBERSOURCE_BASE_URL: 'http://127.0.0.1:9' };
    assert.match((await of('cybersource', nobody)).join(), /wrong: .*nobody listens there .*CYBERSOURCE_BASE_URL/);
    assert.match((await of('cybersource', { CYBERSOURCE_BASE_URL: stripe.url })).join(), /wrong: .*http_404.*CYBERSOURCE_BASE_URL/);
    const account = { PUROLATOR_KEY: 'k', PUROLATOR_PASSWORD: 'p', PUROLATOR_ACCOUNT: '1', PUROLATOR_BASE_URL: purolator.url };
    assert.match((await of('purolator', account)).join(), /^ok: .*the key works$/);
    assert.match((await of('purolator', { ...account, PUROLATOR_PASSWORD: 'q' })).join(), /wrong: .*copy PUROLATOR_KEY/);
    const partner = { X12_HTTP_URL: `${x12_supplier.url}/x12`, X12_HTTP_PASSWORD: 'x12-doctor-0123456789' };
    assert.match((await of('x12_http', partner)).join(), /^ok: .*somebody listens there/);
    assert.match((await of('x12_http', { ...partner, X12_HTTP_PASSWORD: 'other' })).join(), /wrong: .*copy X12_HTTP_PASSWORD/);
    assert.match((await of('x12_files', { X12_FILES_FOLDER: join(folder, 'edi') })).join(), /^ok: /);
    assert.deepEqual([cybersource.ledger(), purolator.ledger(), x12_supplier.ledger()], [[], [], []]);
  });

  it('sees payments of the other mode, and a clock that is off', async t => {
    const live = JSON.stringify({ object: 'list', data: [{ livemode: true }] });
    assert.match((await of('stripe', { STRIPE_BASE_URL: await answering(t, 200, live) })).join(), /wrong: .*the key is of test mode/);
    const old = { date: new Date(Date.now() - 400_000).toUTCString() };
    const empty = JSON.stringify({ object: 'list', data: [] });
    assert.match(
      (await of('stripe', { STRIPE_BASE_URL: await answering(t, 200, empty, old) })).join(),
      /wrong: .*40\d s ahead of its Date; set the clock/,
    );
    const close = { date: new Date(Date.now() - 200_000).toUTCString() };
    assert.match((await of('stripe', { STRIPE_BASE_URL: await answering(t, 200, empty, close) })).join(), /^ok/);
  });

  it('looks into databases: the wrong password, the missing database, nobody there', async () => {
    const url = new URL(database.url);
    // This test's server does not wait for the disk, which is just what must be told.
    assert.match((await of('database', { DATABASE_URL: url.href })).join(), /wrong: .*fsync/);
    const missing = new URL(url);
    missing.pathname = '/nobody_made_this';
    assert.match((await of('database', { DATABASE_URL: missing.href })).join(), /wrong: .*no such database \(3D000\)/);
    assert.match(
      (await of('database', { DATABASE_URL: `postgres://u:${password}@127.0.0.1:9/x` })).join(),
      /wrong: 127.0.0.1:9\/x: nobody listens/,
    );
    const found = await examine(env({ GATEWAY_DATABASE_URL: `postgres://u:${password}@127.0.0.1:9/x` }));
    assert.match(found.find(one => one.name === 'database of gateway')?.detail ?? '', /mend GATEWAY_DATABASE_URL/);
  });

  it('finds a port that is taken, and settings before everything else', async t => {
    const port = new URL(await answering(t, 200, '')).port;
    assert.match((await of('PORT', { PORT: port })).join(), /wrong: .*taken by another program; set PORT/);
    assert.deepEqual(
      (await examine(env({ PORT: 'x', LOG_LEVEL: 'loud' }))).map(one => `${one.name} ${one.state}`),
      ['settings wrong', 'settings wrong'],
    );
    assert.match((await of('webhooks', { WEBHOOKS_ALLOW_PRIVATE: 'true' })).join(), /wrong: .*for development/);
    assert.match((await of('PUBLIC_URL', { PUBLIC_URL: 'http://127.0.0.1:4000' })).join(), /note: /);
  });

  it('prints a line for each thing and no secret, and its exit code tells', async () => {
    const bad = { STRIPE_SECRET_KEY: `${stripe_key}x`, DATABASE_URL: `postgres://u:${password}@127.0.0.1:9/x` };
    const lines: string[] = [];
    assert.equal(await doctor(env(), line => lines.push(line)), 0);
    assert.equal(await doctor(env(bad), line => lines.push(line)), 1);
    for (const secret of secrets) assert.ok(!lines.join('\n').includes(secret), `${secret} was printed`);
    // In a process of its own, where nobody answers the stand-ins' addresses any more.
    const run = (more: Record<string, string>) =>
      spawnSync(process.execPath, ['main.ts', 'doctor'], {
        cwd: join(import.meta.dirname, '..'),
        env: { PATH: process.env['PATH'], CARTWRIGHT_DATA: folder, PORT: '0', METRICS_PORT: '0', ...more },
        encoding: 'utf8',
      });
    const fine = run({});
    assert.deepEqual([fine.status, fine.stdout.includes('nothing is wrong')], [0, true], fine.stdout + fine.stderr);
    const broken = run({ STRIPE_SECRET_KEY: 'sk_test_x', STRIPE_BASE_URL: 'http://127.0.0.1:9' });
    assert.deepEqual([broken.status, /things are wrong/.test(broken.stdout)], [1, true], broken.stdout + broken.stderr);
  });
});
