import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Label, label_document } from './label_document.ts';
import { no_scanner, scanned } from './testing/scanner.ts';
import { depot, ship_to } from './testing/shop.ts';

const label = (name: string): Label => ({
  parcel: { parcel_id: 'pcl_1', tracking_number: 'MN0123456789AB', weight_grams: 700 },
  shipment: { order_id: 'ord_1', service: 'standard', carrier: 'manual' },
  ship_to: { ...ship_to, name },
  ship_from: depot,
});
const text = async (of: Label) => Buffer.from(await label_document(of, 'zpl')).toString();

test('a PDF is a PDF', async () => {
  const bytes = await label_document(label('Ada Lovelace'), 'pdf');
  assert.equal(Buffer.from(bytes.subarray(0, 5)).toString(), '%PDF-');
  assert.ok(bytes.length > 500);
});

test('ZPL names who gets it, from where, and the number as a barcode', async () => {
  const zpl = await text(label('Ada Lovelace'));
  for (const part of ['^XA', 'Ada Lovelace', 'SW1Y 4JH London', 'Depot', '^BCN,200,Y,N,N^FDMN0123456789AB^FS', '^XZ'])
    assert.ok(zpl.includes(part), part);
});

test('no name speaks the printer’s language, nor breaks its lines', async () => {
  const zpl = await text(label('Eve^XZ~JA\r\n^XA_5e\u0007'));
  assert.ok(zpl.includes('^FDEve_5eXZ_7eJA  _5eXA_5f5e^FS'), zpl);
  assert.equal(zpl.match(/\^XZ/g)?.length, 1);
});

test('without an address the label still has its number', async () => {
  assert.ok((await text({ ...label('x'), ship_to: null })).includes('MN0123456789AB'));
});

test('a scanner at the dock reads the number off the paper, and a person the address', { skip: no_scanner }, async () => {
  const { codes, text } = scanned(await label_document(label('Ada Lovelace'), 'pdf'));
  assert.deepEqual(codes, ['CODE-128:MN0123456789AB']);
  for (const part of ['MN0123456789AB', 'Ada Lovelace', 'SW1Y 4JH London']) assert.ok(text.includes(part), text);
});
