/** What a shopper waits for is bought over X12, half now and half later: ordered, read, acknowledged, announced, billed, received, shipped. Over HTTP, over files. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { sandbox_secrets } from '../main/sandbox.ts';
import type { LedgerEntry } from '../sandbox/stand_in.ts';
import { start_x12_supplier } from '../sandbox/x12_supplier/x12_supplier.ts';
import { basket, type PlacedOrder } from './api.ts';
import { ended, fresh, open_shop, sound, until } from './shop.ts';
import { asked_until, becomes_unknown, type Effect, operation_of, patience_ms, told } from './unknown/operations.ts';

const folder = mkdtempSync(join(tmpdir(), 'cartwright-x12-'));
const poll_ms = 300;
const soon = { acknowledge_after_ms: 50, ship_after_ms: 50, invoice_after_ms: 50, ship_backorders_after_ms: 50 };
const by_files = await start_x12_supplier({ ...soon, folder, poll_ms: 20 });
after(async () => {
  await by_files.stop();
  rmSync(folder, { recursive: true, force: true });
});
const units = 20;
const skus = ['PART-CUP', 'PART-POT', 'PART-JUG'];
const shop = await open_shop(
  { after },
  {
    env: { X12_FILES_FOLDER: folder, X12_POLL_MS: String(poll_ms) },
    third_party_timeout_ms: patience_ms,
    products: skus.map(sku => ({ sku, amount: 1_000, on_hand: { north: 0 }, backorder_limit: 100 })),
  },
);
afterEach(() => shop.x12_supplier.heal());
const suppliers = { acme: 'x12_http', filer: 'x12_files' } as const;
for (const [code, kind] of Object.entries(suppliers)) {
  await shop.put(`/v1/suppliers/${code}`, { name: code, channel: { kind, partner: `ZZ/${code.toUpperCase()}` }, currency: 'GBP' });
  for (const sku of skus)
    await shop.put(`/v1/suppliers/${code}/items/${sku}`, {
      supplier_sku: sku,
      cost: 400,
      minimum_quantity: 10,
      pack_size: 10,
      lead_time_days: 3,
    });
}

interface PurchaseOrder {
  readonly id: string;
  readonly status: string;
  readonly reference: string;
  readonly receipt: string;
  readonly lines: readonly {
    readonly quantity_confirmed: number;
    readonly quantity_in_transit: number;
    readonly quantity_invoiced: number;
  }[];
  readonly invoices: readonly { readonly amount: number; readonly state: string }[];
  readonly exceptions: readonly { readonly reason: string }[];
}
const read = (id: string) => shop.get<PurchaseOrder>(`/v1/purchase-orders/${id}`);
async function bought(supplier: string, sku: string): Promise<PurchaseOrder> {
  const order = await shop.post<PurchaseOrder>('/v1/purchase-orders', { supplier, location: 'north', lines: [{ sku, quantity: units }] });
  await shop.post(`/v1/purchase-orders/${order.id}/approve`);
  return order;
}

/** Through to the parcel: what the shopper waited for came in two halves, and both bills are approved. */
async function filled(id: string, waiting: PlacedOrder, sku: string, ledger: () => readonly LedgerEntry[]): Promise<void> {
  const billed = await until(`${id} is billed`, async () => {
    const order = await read(id);
    return order.status === 'acknowledged' && order.lines[0]?.quantity_invoiced === units && order;
  });
  assert.deepEqual([billed.receipt, billed.exceptions], ['accepted', []]);
  assert.deepEqual(
    [billed.lines[0]?.quantity_confirmed, billed.lines[0]?.quantity_in_transit, billed.invoices.map(({ state }) => state)],
    [units / 2, units, ['waits', 'waits']],
  );
  await until('the shopper has a date', async () => (await told(shop, 'suppliers', waiting.id)).includes('backorder.pegged'));
  for (const half of [units / 2, units / 2]) await shop.post(`/v1/purchase-orders/${id}/receipts`, { lines: [{ sku, accepted: half }] });
  const closed = await until(`${id} is closed`, async () => {
    const order = await read(id);
    return order.status === 'closed' && order;
  });
  assert.deepEqual(
    closed.invoices.map(({ amount, state }) => [amount, state]),
    [
      [4_000, 'approved'],
      [4_000, 'approved'],
    ],
  );
  await ended(shop, waiting.id, 'completed');
  const taken = ledger().filter(({ kind, reference }) => kind === 'purchase_order_accepted' && reference === closed.reference);
  assert.deepEqual(
    taken.map(({ amount, currency }) => [amount, currency]),
    [[units * 400, 'GBP']],
  );
  await sound(shop);
}
const waits_for = (sku: string) =>
  shop.post<PlacedOrder>('/v1/orders', basket([{ sku, quantity: units }], { customer: { id: fresh('waits') } }));

test('over HTTP', async () => {
  const waiting = await waits_for('PART-CUP');
  const { id } = await bought('acme', 'PART-CUP');
  await filled(id, waiting, 'PART-CUP', () => shop.x12_supplier.ledger());
});

test('over files', async () => {
  const waiting = await waits_for('PART-POT');
  const { id } = await bought('filer', 'PART-POT');
  await filled(id, waiting, 'PART-POT', () => by_files.ledger());
});

test('the supplier took it, and its answer came too late: the identical interchange again, one purchase order there', async () => {
  await shop.x12_supplier.fail({ fault: 'reply_late', match: { method: 'POST', path: '/x12' }, delay_ms: 2 * patience_ms });
  // Its papers are lost, too: they would prove that it has the order.
  await shop.x12_supplier.fail({ fault: 'webhook_drop', times: 20 });
  const { id } = await bought('acme', 'PART-JUG');
  const effect: Effect = { service: 'suppliers', kind: 'send_order', key: id };
  await becomes_unknown(shop, effect);
  await asked_until(shop, effect, `${id} is sent`, async () => (await operation_of(shop, effect))?.state === 'succeeded');
  const { reference, status, receipt } = await read(id);
  assert.deepEqual([status, receipt], ['sent', 'accepted']);
  assert.equal(shop.x12_supplier.ledger('purchase_order_accepted', reference).length, 1);
  assert.equal(shop.x12_supplier.ledger('purchase_order_accepted').length, 2);
  await sound(shop);
});

test('an interchange may have a megabyte at the door, and no more', async () => {
  const post = (bytes: number) =>
    fetch(`${shop.url}/inbound/supplier/x12_http`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`x:${sandbox_secrets.x12}`)}`, 'content-type': 'application/edi-x12' },
      body: 'x'.repeat(bytes),
    });
  const answers = await Promise.all([post(1_048_576), post(1_048_577)]);
  const problems = await Promise.all(answers.map(async answer => JSON.parse(await answer.text())));
  assert.deepEqual(
    problems.map(({ status, code }) => [status, code]),
    [
      [400, 'malformed_document'],
      [413, 'too_large'],
    ],
  );
  assert.match(problems[1].detail, /1048576 bytes/);
});
