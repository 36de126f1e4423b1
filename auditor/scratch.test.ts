import { test } from 'node:test';
import { audited_shop } from './testing/shop.ts';
import { audit, print_line } from './auditor.ts';
import { invariants } from './invariants.ts';
import { audit_pools } from './watch.ts';
test('scratch', async () => {
  const started = performance.now();
  const shop = await audited_shop();
  console.log('shop', performance.now() - started, shop.ids, [...shop.ledgers].map(([n, e]) => `${n} ${e.length} ${e.map(x => x.kind)}`));
  const pools = audit_pools(() => shop.url);
  for (const incremental of [false, true]) {
    const lines = await audit({ pool_of: pools.pool_of, ledgers: shop.ledgers, now: new Date().toISOString(), at_rest: true, incremental }, invariants, print_line);
    console.log(lines.reduce((s, l) => s + l.milliseconds, 0));
  }
  await pools.end();
  await shop.drop();
});
