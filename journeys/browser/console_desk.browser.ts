/** The console's desk of goods, money and settings, as staff with a browser use it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { basket, by_stripe, type Order, type PlacedOrder } from '../api.ts';
import { until } from '../shop.ts';
import {
  fits,
  hostile_texts,
  type Installation,
  is_accessible,
  is_unbroken,
  launch,
  no_browser,
  picture,
  start_installation,
  type Visitor,
  visit,
} from './browser.ts';
import { hire, type Role, settled, sign_in } from './staff.ts';

/** A product that only a supplier called by hand sells, of which two are there and more are wanted. */
const sku = 'LAMP-BRASS';
const hostile_name = hostile_texts.join(' ').slice(0, 200);

interface Given {
  readonly purchase_order: string;
  readonly drafted: string;
  readonly shipment: string;
  readonly payment: string;
  readonly waiting: string;
}

async function furnish({ api }: Installation): Promise<Given> {
  await api.put('/v1/suppliers/house', { name: 'House Makers', channel: { kind: 'manual' }, currency: 'GBP' });
  await api.put('/v1/suppliers/wire', { name: hostile_name, channel: { kind: 'x12_http', partner: 'ZZ/WIRE' }, currency: 'GBP' });
  await api.put(`/v1/products/${sku}`, { name: hostile_name, prices: [{ currency: 'GBP', amount: 3_400 }], weight_grams: 900 });
  const offer = { supplier_sku: 'H-1', cost: 1_250, minimum_quantity: 5, pack_size: 5, lead_time_days: 6, preferred: true };
  await api.put(`/v1/suppliers/house/items/${sku}`, offer);
  await api.put(`/v1/reorder-policies/${sku}/london`, { reorder_point: 5, target: 20, supplier: 'house', auto: false });
  await api.put(`/v1/stock/${sku}/london/policy`, { backorder_limit: 30 });
  await api.post('/v1/stock/adjustments', { sku, location: 'london', kind: 'counted', quantity: 2, reason: hostile_name });
  const shipped = await api.post<PlacedOrder>('/v1/orders', basket([{ sku, quantity: 2 }], { payment: by_stripe() }));
  await until('it is shipped', async () => (await api.order(shipped.id)).shipments.some(one => one.status !== 'planned'));
  const waiting = await api.post<PlacedOrder>('/v1/orders', basket([{ sku, quantity: 4 }], { payment: by_stripe() }));
  await until('it waits', async () => (await api.order(waiting.id)).lines.some(line => line.quantity_backordered > 0));
  const purchase = { supplier: 'house', location: 'london', lines: [{ sku, quantity: 10 }] };
  const purchase_order = (await api.post<{ id: string }>('/v1/purchase-orders', purchase)).id;
  await api.post(`/v1/purchase-orders/${purchase_order}/approve`);
  await api.post(`/v1/purchase-orders/${purchase_order}/acknowledgment`, { decision: 'accept' });
  const drafted = (await api.post<{ id: string }>('/v1/purchase-orders', purchase)).id;
  const order: Order = await api.order(shipped.id);
  const [shipment, payment] = [order.shipments[0]?.id ?? '', order.payments[0]?.id ?? ''];
  return { purchase_order, drafted, shipment, payment, waiting: waiting.id };
}

describe('the desk', { skip: no_browser }, () => {
  let installation: Installation;
  let given: Given;
  let browser: Browser;
  let visitor: Visitor;
  let page: Page;
  before(async () => {
    installation = await start_installation({ WEBHOOKS_ALLOW_PRIVATE: 'true' });
    await hire(installation);
    given = await furnish(installation);
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await installation?.stop();
  });
  /** Each with a browser of its own, which must have done nothing wrong at the end. */
  const story = (name: string, who: Role | 'admin', path: () => string, tell: () => Promise<void>) =>
    test(name, async () => {
      visitor = await visit(browser, installation);
      page = visitor.page;
      try {
        await sign_in(page, installation, who, path());
        await tell();
        await is_unbroken(page);
        await visitor.check();
      } finally {
        await visitor.close();
      }
    });
  const button = (name: string | RegExp) => page.getByRole('button', { name });
  const dialog = () => page.getByRole('dialog');
  const in_dialog = (name: string | RegExp) => dialog().getByRole('button', { name });
  const row = (text: string | RegExp) => page.getByRole('row').filter({ hasText: text });
  const seen = (words: string | RegExp) => page.getByText(words).first().waitFor();

  story(
    'an operator receives some of a purchase order and says why some went back',
    'operator',
    () => `/purchasing/${given.purchase_order}`,
    async () => {
      await button('Receive goods').click();
      await is_accessible(page);
      await dialog().getByLabel(`${sku} accepted`).fill('6');
      await dialog().getByLabel(`${sku} rejected`).fill('1');
      assert.ok(await in_dialog('Receive goods').isDisabled(), 'a rejection needs its reason');
      await dialog().getByLabel(`${sku}: why rejected`).fill('damaged');
      await in_dialog('Receive goods').click();
      await seen('6 units are received');
      await seen('Partially received');
      await seen('6 accepted, 1 rejected (damaged)');
      await until('the buyer who waited gets them', async () => {
        const { lines } = await installation.api.order(given.waiting);
        return lines.every(line => line.quantity_backordered === 0);
      });
      const { locations } = await installation.api.get<{ locations: { damaged: number }[] }>(`/v1/stock/${sku}`);
      assert.equal(locations[0]?.damaged, 1);
    },
  );

  story(
    'a draft is approved and sent, then closed with what has come',
    'operator',
    () => `/purchasing/${given.drafted}`,
    async () => {
      await button('Approve').click();
      await in_dialog('Approve and send').click();
      await button('They accepted').click();
      await in_dialog('They accepted').click();
      await seen('Acknowledged');
      await button('Close').click();
      await dialog().getByLabel('Reason').fill('They stopped making it');
      await in_dialog('Close order').click();
      await seen(/Closed/);
      const order = await installation.api.get<{ status: string }>(`/v1/purchase-orders/${given.drafted}`);
      assert.equal(order.status, 'closed');
    },
  );

  story(
    'stock is adjusted with a reason, and the ledger says so',
    'operator',
    () => '/stock?sku_prefix=BOOK',
    async () => {
      await page.getByRole('link', { name: 'BOOK-BREW' }).first().click();
      await page.getByRole('heading', { name: 'BOOK-BREW' }).waitFor();
      await settled(page);
      const before = await installation.api.get<{ locations: { location: string; on_hand: number }[] }>('/v1/stock/BOOK-BREW');
      const on_hand = before.locations.find(one => one.location === 'london')?.on_hand ?? 0;
      await button('Adjust stock').click();
      await dialog().getByLabel('Location').selectOption('london');
      await dialog().getByLabel('Change in units').fill('-3');
      await dialog().getByLabel('Reason').fill('Three were broken by the cleaners');
      await is_accessible(page);
      await in_dialog('Adjust stock').click();
      const entry = row('Three were broken by the cleaners');
      await entry.waitFor();
      await entry.getByText('−3').waitFor();
      await entry.getByText(String(on_hand - 3), { exact: true }).waitFor();
    },
  );

  story(
    'who waits is shown with the purchase order they are pegged to',
    'support',
    () => `/stock/${sku}`,
    async () => {
      await seen('Why the number is what it is');
      await settled(page);
      assert.equal(await button('Adjust stock').count(), 0, 'support changes no stock');
      assert.equal(await page.getByText('When it is bought').count(), 0, 'nor sees purchasing');
    },
  );

  story(
    'an admin makes a key with two scopes, sees it once, and revokes it',
    'admin',
    () => '/settings',
    async () => {
      await button('Create a key').click();
      await dialog().getByLabel('Name').fill('Warehouse scanner');
      await dialog().getByLabel('stock:read').check();
      await dialog().getByLabel('stock:write').check();
      await is_accessible(page);
      await in_dialog('Create key').click();
      await seen('It is shown this once');
      const secret = await dialog().locator('.secret .mono').innerText();
      assert.match(secret, /^sk_/);
      const asked = (path: string) => fetch(installation.url + path, { headers: { authorization: `Bearer ${secret}` } });
      assert.deepEqual([(await asked('/v1/stock')).status, (await asked('/v1/orders')).status], [200, 403]);
      await in_dialog('Close').click();
      await page.reload();
      await row('Warehouse scanner').waitFor();
      assert.ok(!(await page.content()).includes(secret), 'it is shown once');
      await button('Revoke Warehouse scanner').click();
      await in_dialog('Revoke key').click();
      await row('Warehouse scanner').getByText('Revoked').waitFor();
    },
  );

  story(
    'an admin adds a webhook endpoint, sees its secret once, and what was sent to it',
    'admin',
    () => '/webhooks',
    async () => {
      await button('Add an endpoint').click();
      await dialog().getByLabel('Address').fill('http://127.0.0.1:9/hooks');
      await dialog().getByLabel('Description').fill('Accounting');
      await dialog()
        .getByLabel(/Every event/)
        .uncheck();
      await dialog().getByLabel('order.confirmed').check();
      await is_accessible(page);
      await in_dialog('Add endpoint').click();
      await dialog()
        .getByText(/^whsec_/)
        .waitFor();
      await in_dialog('Close').click();
      await page.getByRole('link', { name: 'http://127.0.0.1:9/hooks' }).click();
      await seen('order.confirmed');
      await installation.api.post('/v1/orders', basket([{ sku: 'MUG-SAND', quantity: 1 }]), { wait: 10 });
      await until('a delivery', async () => {
        await page.reload();
        await settled(page);
        return (await row('order.confirmed').count()) > 0;
      });
      await settled(page);
      await is_accessible(page);
      await picture(page, 'console', 'webhook');
      await page.setViewportSize({ width: 1_440, height: 900 });
      await button('Delete').click();
      await in_dialog('Delete endpoint').click();
      await seen('Nobody listens yet');
    },
  );

  story(
    'an admin adds a person, and the audit log says who did it',
    'admin',
    () => '/settings',
    async () => {
      await button('Add a person').click();
      await dialog().getByLabel('Name').fill('joan');
      await dialog().getByLabel('Role').selectOption('operator');
      await dialog().getByLabel('Password').fill('short');
      assert.ok(await in_dialog('Add person').isDisabled());
      await dialog().getByLabel('Password').fill('long enough to be taken');
      await in_dialog('Add person').click();
      await row('joan').getByText('Operator').waitFor();
      await button('Change joan').click();
      await dialog().getByLabel('May sign in').uncheck();
      await in_dialog('Change').click();
      await row('joan').getByText('Ended').waitFor();
      await page.goto('/console/audit-log?action=staff.changed');
      await row('joan').getByText('admin').waitFor();
    },
  );

  describe('every page is accessible and fits, dark and light, wide and narrow', () => {
    const pages: readonly (readonly [name: string, path: () => string])[] = [
      ['stock', () => '/stock'],
      ['stock-none', () => '/stock?sku_prefix=NOTHING'],
      ['stock-item', () => `/stock/${sku}`],
      ['purchasing', () => '/purchasing'],
      ['purchase-order', () => `/purchasing/${given.purchase_order}`],
      ['suppliers', () => '/suppliers'],
      ['supplier', () => '/suppliers/house'],
      ['supplier-hostile', () => '/suppliers/wire'],
      ['payments', () => '/payments'],
      ['payment', () => `/payments/${given.payment}`],
      ['shipments', () => '/shipments'],
      ['shipment', () => `/shipments/${given.shipment}`],
      ['webhooks', () => '/webhooks'],
      ['audit-log', () => '/audit-log'],
      ['settings', () => '/settings'],
    ];
    story(
      'one after the other',
      'admin',
      () => '/stock',
      async () => {
        for (const [name, path] of pages) {
          await page.setViewportSize({ width: 1_440, height: 900 });
          await page.goto(`/console${path()}`);
          await settled(page);
          await is_accessible(page);
          await picture(page, 'console', name);
          await is_unbroken(page);
        }
      },
    );
    story(
      'the forms, on a phone',
      'operator',
      () => `/purchasing/${given.purchase_order}`,
      async () => {
        await page.setViewportSize({ width: 360, height: 740 });
        await button('Receive goods').click();
        await fits(page);
        await is_accessible(page);
        await page.keyboard.press('Escape');
        await page.goto('/console/purchasing');
        await button('Draft an order').click();
        await fits(page);
        await is_accessible(page);
      },
    );
  });
});
