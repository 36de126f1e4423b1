import { it } from 'node:test';
import { open_house } from './house.ts';
import { verdict } from './send.ts';
const house = await open_house();
const { target } = house;
const times = ['0000-01-01T00:00:00Z', '2026-02-31T00:00:00Z', '2026-02-30T00:00:00Z', '2026-13-01T00:00:00Z', '9999-12-31T23:59:59-14:00', '9999-12-31T23:59:59.999Z', '2026-01-01T24:00:00Z','2026-01-01T24:00:01Z', '2026-01-01T00:00:60Z', '2026-01-01T00:00:00+99:99', '0001-01-01T00:00:00+14:00', '2026-01-01T00:00Z','2025-02-29T00:00:00Z'];
it('times', async () => {
  for (const t of times) {
    console.log(t, verdict(await target.ask('PUT /v1/discounts/T', { kind: 'percent', rate_ppm: 1, valid_from_at: t })),
      verdict(await target.ask('PUT /v1/discounts/T', { kind: 'percent', rate_ppm: 1, valid_until: t })),
      verdict(await target.ask(`GET /v1/orders?placed_from=${encodeURIComponent(t)}`)),
      verdict(await target.ask('PUT /v1/tax-rates', { data: [{ country: 'GB', tax_class: 'x', jurisdiction: 'x', rate_ppm: 1, valid_from_at: t }] })),
      verdict(await target.ask('POST /v1/orders', { currency: 'GBP', lines: [{sku:'VOUCHER', quantity: 1}], placed_at: t })),
    );
  }
  const b = (x: unknown) => Buffer.from(JSON.stringify(x)).toString('base64url');
  const cursors = ['x', '%00', "'", b([]), b(['x']), b(['0000-01-01T00:00:00Z', 'x']), b(['2026-02-31T00:00:00.000Z','x']), b(['9999-99-99T00:00:00.000Z','x']), b([1,2,3]), b({}), b(null), '999999999999999999999', '-1', 'LAMP@north', '2026-01-01', 'ord_x', 'é', 'a'.repeat(3000), '1e400','9007199254740993','999999999999999'];
  for (const r of target.shop.up.door!.routes.filter(r => r.method === 'GET' && r.query !== undefined && JSON.stringify(r.query).includes('cursor')))
    console.log(r.path, ...(await Promise.all(cursors.map(async c => { const v = verdict(await target.ask(`GET ${r.path.replace(':sku', 'LAMP')}?cursor=${encodeURI(c)}` as never)); return v.startsWith('5') ? `!!! ${c} ${v}` : v.split(' ')[0]; }))));
  for (const q of ['status=', 'status=x', 'customer=%00', "customer=';--", 'sku=a b', 'limit=0', 'limit=-1', 'limit=1e1', 'limit=', 'limit=201', 'limit=1.5', 'limit=0x1', 'placed_from=yesterday', 'reference=%ff', 'limit= 1', 'limit=%2B1', 'limit=01', 'limit=007'])
    console.log(q, verdict(await target.ask(`GET /v1/orders?${q.replaceAll(' ', '%20')}` as never)));
});
