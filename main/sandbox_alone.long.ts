/** The stand-ins as a stranger starts them: a real process, judged by the official clients. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import Stripe from 'stripe';
import { start_receiver } from '../gateway/webhooks/testing/receiver.ts';

const root = join(import.meta.dirname, '..');
const vendor_wsdl = 'https://ics2wsa.ic3.com/commerce/1.x/transactionProcessor/CyberSourceTransaction_1.224.wsdl';
const wsdl = join(root, '../shared/third-party/cybersource/CyberSourceTransaction_1.224.wsdl');
const without_vendor = existsSync(wsdl) ? false : 'the vendor’s WSDL is not here (shared/third-party/cybersource)';
const wait_max_ms = 20_000;

interface Started {
  readonly output: string;
  readonly child: ChildProcess;
  value(row: string): string;
  /** Lines to paste, of all stand-ins. */
  readonly examples: string;
}
async function start(t: { after(stop: () => void): void }, ...args: string[]): Promise<Started> {
  const child = spawn(process.execPath, ['main.ts', 'sandbox', ...args], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => void child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (part: Buffer) => {
    output += part.toString();
  });
  await until('it runs', () => output.includes('running:') || child.exitCode !== null);
  const examples = [...output.matchAll(/^ {6}(\S.*)$/gm)].map(match => match[1]).join('\n');
  return { output, child, examples, value: row => new RegExp(`^ +${row} +(\\S+)$`, 'm').exec(output)?.[1] ?? '' };
}
async function until(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + wait_max_ms; !(await look()); await pause(20))
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
}
async function stopped(child: ChildProcess): Promise<number | null> {
  const exit = once(child, 'exit');
  child.kill('SIGINT');
  return (await exit)[0];
}
async function ledger_of(url: string): Promise<{ kind: string; amount?: number }[]> {
  return ((await (await fetch(url)).json()) as { entries: { kind: string; amount?: number }[] }).entries;
}

describe('sandbox', () => {
  it('serves the official Stripe client, tells its webhooks where it was told to, and ends on Ctrl-C', async t => {
    const receiver = await start_receiver();
    t.after(() => void receiver.stop());
    const sandbox = await start(t, '--webhook', `stripe=${receiver.url}/hooks`, '--port', '0', 'stripe');
    assert.doesNotMatch(sandbox.output, /easypost/);
    const { port } = new URL(sandbox.value('base URL'));
    const stripe = new Stripe(sandbox.value('key'), { host: '127.0.0.1', port, protocol: 'http', telemetry: false });
    const intent = await stripe.paymentIntents.create({
      amount: 2_000,
      currency: 'gbp',
      payment_method: 'pm_card_visa',
      confirm: true,
      capture_method: 'manual',
      return_url: 'https://shop.example',
    });
    assert.equal(intent.status, 'requires_capture');
    assert.deepEqual(
      (await ledger_of(sandbox.value('what happened'))).map(entry => [entry.kind, entry.amount]),
      [['authorized', 2_000]],
    );
    await until('its webhook has come', () => receiver.received.length > 0);
    const [letter] = receiver.received;
    assert.equal(letter?.path, '/hooks');
    const event = stripe.webhooks.constructEvent(
      letter?.body ?? '',
      letter?.headers['stripe-signature'] ?? '',
      sandbox.value('webhook secret'),
    );
    assert.match(event.type, /^payment_intent\./);
    assert.equal(await stopped(sandbox.child), 0);
    await assert.rejects(fetch(sandbox.value('base URL')));
  });

  it('prints lines that run as they are printed', async t => {
    const sandbox = await start(t, 'stripe', 'easypost', '--port', '0');
    const pasted = spawnSync(process.execPath, ['--input-type=module', '-e', sandbox.examples], { cwd: root, encoding: 'utf8' });
    assert.equal(pasted.status, 0, pasted.stderr);
    const entries = await ledger_of(sandbox.value('what happened'));
    assert.equal(entries.length, 1);
    const supplier = await start(t, 'supplier', '--port', '0');
    const curl = /^ {6}curl -H '(Authorization): (.*)' (\S+)$/m.exec(supplier.output);
    const answer = await fetch(curl?.[3] ?? '', { headers: { [curl?.[1] ?? '']: curl?.[2] ?? '' } });
    assert.deepEqual([answer.status, ((await answer.json()) as { code: string }).code], [404, 'unknown_purchase_order']);
  });

  it('serves npm soap, as a client made from the WSDL that Purolator’s stand-in serves', async t => {
    const sandbox = await start(t, 'purolator', '--port', '0');
    const pasted = spawnSync(process.execPath, ['--input-type=module', '-e', sandbox.examples], { cwd: root, encoding: 'utf8' });
    assert.equal(pasted.status, 0, pasted.stderr);
    assert.match(pasted.stdout, /"City":"Ottawa","Province":"ON"/);
    const service = `${sandbox.value('base URL')}/EWS/V2/Shipping/ShippingService.asmx`;
    const answer = await fetch(service, { method: 'POST', headers: { authorization: `Basic ${btoa('somebody:else')}` } });
    assert.equal(answer.status, 401);
    assert.doesNotMatch(sandbox.output, /webhook/);
  });

  it('serves npm soap, as a client made from CyberSource’s own WSDL', { skip: without_vendor }, async t => {
    const sandbox = await start(t, 'cybersource', '--port', '0');
    assert.ok(sandbox.examples.includes(vendor_wsdl), 'the address of the vendor’s WSDL');
    // As it is printed, but for the address: the same file is at hand.
    const lines = sandbox.examples.replace(vendor_wsdl, wsdl);
    const pasted = spawnSync(process.execPath, ['--input-type=module', '-e', lines], { cwd: root, encoding: 'utf8' });
    assert.equal(pasted.status, 0, pasted.stderr);
    assert.deepEqual(
      (await ledger_of(sandbox.value('what happened'))).map(entry => [entry.kind, entry.amount]),
      [['authorized', 2_000]],
    );
  });

  it('takes a purchase order in X12 with curl, and tells its webhooks where it was told to', async t => {
    const receiver = await start_receiver();
    t.after(() => void receiver.stop());
    const sandbox = await start(t, 'x12_supplier', '--port', '0', '--webhook', `x12_supplier=${receiver.url}/hooks`);
    const [, order = '', user = '', url = ''] = /^printf '%s' '(.*)' \| curl -u '(.*)' -H .* (\S+)$/m.exec(sandbox.examples) ?? [];
    const post = (as: string) =>
      fetch(url, { method: 'POST', headers: { authorization: `Basic ${btoa(as)}`, 'content-type': 'application/edi-x12' }, body: order });
    assert.equal((await post('shop:wrong')).status, 401);
    const answer = await post(user);
    assert.match(await answer.text(), /^AK9\|A\|1\|1\|1$/m);
    assert.deepEqual(
      (await ledger_of(sandbox.value('what happened'))).map(entry => [entry.kind, entry.amount]),
      [['purchase_order_accepted', 720]],
    );
    await until('its acknowledgment has come', () => receiver.received.some(letter => letter.body.toString().includes('ST|855|')));
  });

  it('takes an order in Peppol BIS 3 with curl, and tells its webhooks where it was told to', async t => {
    const receiver = await start_receiver();
    t.after(() => void receiver.stop());
    const sandbox = await start(t, 'peppol_supplier', '--port', '0', '--webhook', `peppol_supplier=${receiver.url}/hooks`);
    const [, order = '', user = '', url = ''] = /^printf '%s' '(.*)' \| curl -u '(.*)' -H .* (\S+)$/m.exec(sandbox.examples) ?? [];
    const headers = { authorization: `Basic ${btoa(user)}`, 'content-type': 'application/xml' };
    assert.equal((await fetch(url, { method: 'POST', headers, body: order })).status, 202);
    assert.deepEqual(
      (await ledger_of(sandbox.value('what happened'))).map(entry => [entry.kind, entry.amount]),
      [['purchase_order_accepted', 720]],
    );
    await until('its response has come', () => receiver.received.some(letter => letter.body.toString().includes('<OrderResponse')));
  });

  it('starts all of them when none is named', async t => {
    const sandbox = await start(t, '--port', '0');
    assert.match(sandbox.output, /running: stripe, cybersource, easypost, purolator, supplier, x12_supplier, peppol_supplier;/);
  });

  it('keeps what happened when it is told where, and forgets it otherwise', async t => {
    const folder = await mkdtemp(join(tmpdir(), 'cartwright-sandbox-'));
    t.after(() => void rm(folder, { recursive: true, force: true }));
    for (const [args, kept] of [
      [['--ledger', folder], 1],
      [[], 0],
    ] as const) {
      const first = await start(t, 'stripe', '--port', '0', ...args);
      const { port } = new URL(first.value('base URL'));
      const stripe = new Stripe(first.value('key'), { host: '127.0.0.1', port, protocol: 'http', telemetry: false });
      await stripe.paymentIntents.create({
        amount: 700,
        currency: 'gbp',
        payment_method: 'pm_card_visa',
        confirm: true,
        return_url: 'https://shop.example',
      });
      const written = (await ledger_of(first.value('what happened'))).length;
      assert.ok(written > 0);
      assert.equal(await stopped(first.child), 0);
      const second = await start(t, 'stripe', '--port', '0', ...args);
      assert.equal((await ledger_of(second.value('what happened'))).length, kept * written);
      assert.equal(await stopped(second.child), 0);
    }
  });

  it('says what it does not understand, and which port is taken', async t => {
    const tried = (...args: string[]) => {
      const { status, stderr } = spawnSync(process.execPath, ['main.ts', 'sandbox', ...args], { cwd: root, encoding: 'utf8' });
      return `${status} ${stderr}`;
    };
    assert.match(tried('paypal'), /^1 [\s\S]*unknown_stand_in/);
    assert.match(tried('stripe', '--webhook', 'easypost=http://127.0.0.1'), /^1 [\s\S]*wrong_webhook/);
    assert.match(tried('stripe', '--webhook', 'stripe=ftp://127.0.0.1'), /^1 [\s\S]*wrong_webhook/);
    assert.match(tried('purolator', '--webhook', 'purolator=http://127.0.0.1'), /^1 [\s\S]*sends no webhooks/);
    assert.match(tried('stripe', '--port', '70000'), /^1 [\s\S]*A port is/);
    const taken = await start_receiver();
    t.after(() => void taken.stop());
    assert.match(tried('stripe', '--port', new URL(taken.url).port), /^1 [\s\S]*port_busy/);
  });
});
