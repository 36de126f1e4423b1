import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fresh_database } from '../platform/postgres/test_database.ts';
import { bring_up } from './platform_up.ts';
import { read_settings } from './settings.ts';

const secret_key = 'sk_sandbox_0123456789abcdef';
const publishable_key = 'pk_sandbox_0123456789abcdef';

interface Guide {
  readonly data: readonly {
    readonly name: string;
    readonly ledger_url: string;
    readonly faults_url: string;
    readonly faults: readonly string[];
    readonly magic: readonly { readonly value: string; readonly effect: string }[];
  }[];
}

async function with_door(env: Record<string, string>, with_sandbox: boolean, look: (url: string) => Promise<void>): Promise<void> {
  const database = await fresh_database();
  const folder = await mkdtemp(join(tmpdir(), 'cartwright-sandbox-guide-'));
  const settings = read_settings({
    DATABASE_URL: database.url,
    CARTWRIGHT_DATA: folder,
    PORT: '0',
    CARTWRIGHT_SECRET_KEY: secret_key,
    CARTWRIGHT_PUBLISHABLE_KEY: publishable_key,
    LOG_LEVEL: 'silent',
    ...env,
  });
  const up = await bring_up({ settings, services: [], with_sandbox, with_door: true, with_metrics: false });
  try {
    await look(up.door?.url ?? '');
  } finally {
    await up.stop();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  }
}
const ask = (url: string, key: string) => fetch(`${url}/v1/sandbox`, { headers: key === '' ? {} : { authorization: `Bearer ${key}` } });

test('in sandbox mode GET /v1/sandbox leads to each stand-in: its ledger, its faults, its magic values', async () => {
  await with_door({}, true, async url => {
    const response = await ask(url, secret_key);
    assert.equal(response.status, 200);
    const { data } = (await response.json()) as Guide;
    assert.deepEqual(data.map(one => one.name).sort(), [
      'cybersource',
      'easypost',
      'peppol_supplier',
      'purolator',
      'stripe',
      'supplier',
      'x12_supplier',
    ]);
    for (const { ledger_url, faults_url, faults, magic } of data) {
      assert.equal((await fetch(ledger_url)).status, 200);
      assert.ok(faults.includes('refuse'));
      // `refuse` closes the port for a while; sandbox/stand_in.test.ts looks at that.
      for (const fault of faults.filter(name => name !== 'refuse')) {
        const set = await fetch(faults_url, { method: 'POST', body: JSON.stringify({ match: { path: '/nowhere' }, fault, delay_ms: 1 }) });
        assert.ok(set.ok, `${fault}: ${await set.text()}`);
      }
      assert.ok((await fetch(faults_url, { method: 'DELETE' })).ok);
      assert.ok(magic.length > 0);
    }
    const stripe = data.find(one => one.name === 'stripe')?.magic ?? [];
    const effect = (name: string) => stripe.find(one => one.value === name)?.effect;
    assert.equal(effect('pm_card_visa'), 'authorized');
    assert.equal(effect('pm_card_chargeDeclinedInsufficientFunds'), 'declined: insufficient_funds');
    assert.equal(effect('pm_card_threeDSecure2Required'), 'the shopper must confirm (3D Secure)');
    assert.equal((await ask(url, publishable_key)).status, 200);
    assert.equal((await ask(url, '')).status, 401);
  });
});

test('outside it there is nothing', async () => {
  await with_door({ STRIPE_SECRET_KEY: 'sk_live_somebody', STRIPE_WEBHOOK_SECRET: 'whsec_x' }, false, async url => {
    assert.equal((await ask(url, secret_key)).status, 404);
    const api = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: object };
    assert.equal(Object.hasOwn(api.paths, '/v1/sandbox'), false);
  });
});
