/** The stand-in by itself: what it sends is valid by the UBL schemas, whatever is ordered, and an order is taken once. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { start_peppol_supplier } from './peppol_supplier.ts';

const schema = fileURLToPath(new URL('../../../shared/third-party/ubl-2.1/all.xsd', import.meta.url));
const skip =
  spawnSync('xmllint', ['--version']).error !== undefined
    ? 'xmllint is not installed (Debian: libxml2-utils)'
    : existsSync(schema)
      ? false
      : 'the UBL schemas are not here (../shared/third-party/ubl-2.1)';

const heard: string[] = [];
const door = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  heard.push(Buffer.concat(chunks).toString());
  response.end();
});
await new Promise<void>(resolve => door.listen(0, '127.0.0.1', resolve));
const bound = door.address();
const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
const supplier = await start_peppol_supplier({
  ...{ password: 'p', acknowledge_after_ms: 1, ship_after_ms: 1, ship_backorders_after_ms: 1, policies: ['received_first'] },
  webhook: { url: `http://127.0.0.1:${port}`, secret: 's' },
});
after(async () => {
  await supplier.stop();
  door.closeAllConnections();
  door.close();
});

function order(reference: string, skus: readonly string[], quantity = 20): string {
  const ubl = 'urn:oasis:names:specification:ubl:schema:xsd';
  const party = (id: string) =>
    `<cac:Party><cbc:EndpointID schemeID="0088">${id}</cbc:EndpointID><cac:PartyLegalEntity><cbc:RegistrationName>${id} &amp; Sons</cbc:RegistrationName></cac:PartyLegalEntity></cac:Party>`;
  const lines = skus.map(
    (sku, place) => `<cac:OrderLine><cac:LineItem><cbc:ID>${place + 1}</cbc:ID><cbc:Quantity unitCode="C62">${quantity}</cbc:Quantity>
<cbc:LineExtensionAmount currencyID="EUR">${quantity}.00</cbc:LineExtensionAmount><cac:Price><cbc:PriceAmount currencyID="EUR">1.00</cbc:PriceAmount></cac:Price><cac:Item><cbc:Name>x</cbc:Name>
<cac:BuyersItemIdentification><cbc:ID>${sku}</cbc:ID></cac:BuyersItemIdentification><cac:SellersItemIdentification><cbc:ID>S&amp;${sku}</cbc:ID></cac:SellersItemIdentification></cac:Item></cac:LineItem></cac:OrderLine>`,
  );
  const total = skus.length * quantity;
  return `<Order xmlns="${ubl}:Order-2" xmlns:cac="${ubl}:CommonAggregateComponents-2" xmlns:cbc="${ubl}:CommonBasicComponents-2">
<cbc:CustomizationID>urn:fdc:peppol.eu:poacc:trns:order:3</cbc:CustomizationID><cbc:ID>${reference}</cbc:ID><cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
<cac:BuyerCustomerParty>${party('1')}</cac:BuyerCustomerParty><cac:SellerSupplierParty>${party('2')}</cac:SellerSupplierParty>
<cac:AnticipatedMonetaryTotal><cbc:PayableAmount currencyID="EUR">${total}.00</cbc:PayableAmount></cac:AnticipatedMonetaryTotal>${lines.join('')}</Order>`;
}
const post = async (body: string, password = 'p') =>
  (await fetch(`${supplier.url}/peppol`, { method: 'POST', headers: { authorization: `Basic ${btoa(`x:${password}`)}` }, body })).status;
async function papers(count: number): Promise<readonly string[]> {
  for (let round = 0; round < 500 && heard.length < count; round += 1) await new Promise(resolve => setTimeout(resolve, 20));
  return heard.splice(0);
}
const codes = (found: readonly string[], name: string) =>
  found.flatMap(text => [...text.matchAll(new RegExp(`<cbc:${name}>(\\w+)<`, 'g'))].map(match => match[1]));

test('orders are answered with valid documents, by the magic in their SKUs', { skip }, async t => {
  const all = ['TEA', 'BO-1', 'PART-1', 'SUB-1', 'PRICE-1', 'REJ-1', 'OVER-1', 'DUP-1'];
  assert.equal(await post(order('PO-1', all)), 202);
  // AB, CA, twice the first delivery, twice the backorders: DUP.
  const mixed = await papers(6);
  assert.deepEqual(codes(mixed, 'OrderResponseCode'), ['AB', 'CA']);
  assert.deepEqual(codes(mixed, 'LineStatusCode'), ['5', '3', '3', '3', '3', '7', '5', '5']);
  await post(order('PO-2', ['TEA']));
  await post(order('PO-3', ['REJ-1']));
  const plain = await papers(5);
  assert.deepEqual([...codes(plain, 'OrderResponseCode')].sort(), ['AB', 'AB', 'AP', 'RE']);
  const folder = mkdtempSync(join(tmpdir(), 'cartwright-peppol-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const files = [...mixed, ...plain].map((text, index) => {
    writeFileSync(join(folder, `${index}.xml`), text);
    return join(folder, `${index}.xml`);
  });
  assert.equal(files.length, 11);
  const { status, stderr } = spawnSync('xmllint', ['--nonet', '--noout', '--schema', schema, ...files]);
  assert.equal(status, 0, stderr.toString().slice(0, 2_000));
});

test('an order is taken once, another under its id is refused, and so is what is no order', async () => {
  assert.deepEqual(
    [await post(order('PO-4', ['MUTE-1'])), await post(order('PO-4', ['MUTE-1'])), await post(order('PO-4', ['MUTE-1'], 10))],
    [202, 202, 409],
  );
  assert.deepEqual([await post('<a/>'), await post(order('PO-5', [])), await post(order('PO-5', ['TEA']), 'wrong')], [400, 400, 401]);
  assert.equal(supplier.ledger().filter(({ kind, reference }) => kind === 'purchase_order_accepted' && reference === 'PO-4').length, 1);
});
