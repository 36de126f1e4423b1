/** A small retailer's weeks through the platform: what analytics says was sold must be what the order tables and the file say. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { seeded_random } from '../../platform/random.ts';
import { read_settings } from '../settings.ts';
import { replay } from './replay.ts';

const seed = 20_101_201;
const days = 14;
const real_file = process.env['RETAIL_FILE'] ?? join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'online_retail.parquet');
const real_rows = 2_000;

/** Invoices of two weeks: fractions of a penny, goods given away, credits of what was bought, adjustments, several countries. */
function retailer_csv(): string {
  const { next } = seeded_random(seed);
  const whole = (below: number) => Math.floor(next() * below);
  const rows = ['InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'];
  const bought: { sku: string; quantity: number; price: string; customer: number }[] = [];
  let number = 536_000;
  for (let day = 1; day <= days; day++) {
    for (let invoice = 0; invoice < 4; invoice++) {
      const at = `2010-12-${String(day).padStart(2, '0')} ${String(8 + invoice * 2).padStart(2, '0')}:${String(whole(60)).padStart(2, '0')}:00`;
      const [customer, country] = [17_000 + whole(6), ['United Kingdom', 'France', 'EIRE'][whole(3)]];
      number += 1;
      for (let line = 0; line <= whole(4); line++) {
        const sku = `8${1_000 + whole(12)}A`;
        const [quantity, price] = [1 + whole(24), line > 0 && next() < 0.1 ? '0' : (0.2 + whole(8_000) / 1_000).toFixed(3)];
        rows.push(`${number},${sku},THING ${sku},${quantity},${at},${price},${customer},${country}`);
        bought.push({ sku, quantity, price, customer });
      }
      const given_back = next() < 0.25 ? bought.splice(whole(bought.length), 1)[0] : undefined;
      if (given_back !== undefined) {
        const { sku, quantity, price, customer: who } = given_back;
        number += 1;
        rows.push(`C${number},${sku},THING ${sku},-${quantity},${at.slice(0, 17)}59,${price},${who},United Kingdom`);
      }
    }
  }
  return `${rows.join('\n')}\n`;
}

/** The replay's own verdict: accounting, auditor, and analytics equal to the books. */
async function replayed(file: string, rows_max?: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'cartwright-replay-'));
  try {
    return await replay(read_settings({ CARTWRIGHT_DATA: folder, LOG_LEVEL: 'silent' }), file, rows_max === undefined ? {} : { rows_max });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('what analytics says of a generated retailer equals the books, by day and currency, to the penny', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cartwright-retailer-'));
  const file = join(folder, 'retailer.csv');
  await writeFile(file, retailer_csv());
  assert.equal(await replayed(file), 0);
  await rm(folder, { recursive: true });
});

test('and of the first rows of a real one', { skip: existsSync(real_file) ? false : `there is no ${real_file}` }, async () => {
  assert.equal(await replayed(real_file, real_rows), 0);
});
