/** What people do with their own hands where nothing is done by itself: money, parcels, and waiting. The shop's clock can be put forward. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { build_pages } from '../../main/pages.ts';
import { basket, by_stripe, type PlacedOrder } from '../api.ts';
import { open_shop, reached, type Shop, until } from '../shop.ts';
import { type Installation, is_accessible, is_unbroken, launch, no_browser, picture, type Visitor, visit } from './browser.ts';
import { as_installation, password } from './console_shop.ts';
import { type Line, open_line } from './line.ts';
import { hire, settled, sign_in } from './staff.ts';

const minute_ms = 60_000;
/** An order waits thirty for its payment (services/orders/decide/waits.ts). */
const longer_than_kept_ms = 31 * minute_ms;

describe('by hand', { skip: no_browser }, () => {
  const stops: (() => Promise<void>)[] = [];
  let shop: Shop;
  let installation: Installation;
  let line: Line;
  let browser: Browser;
  let visitor: Visitor;
  let page: Page;
  before(async () => {
    assert.ok(await build_pages(line => console.log(line)));
    shop = await open_shop(
      { after: stop => void stops.push(stop) },
      {
        // The carrier's word comes when the warehouse has had its own.
        deliver_after_ms: 60 * minute_ms,
        env: { CARTWRIGHT_ADMIN_PASSWORD: password, FULFILLMENT: 'manual', CARRIER: 'easypost' },
        products: [
          { sku: 'LAMP', amount: 1_000, on_hand: { north: 200, south: 40 } },
          { sku: 'VASE', amount: 2_000, on_hand: { north: 5 } },
        ],
      },
    );
    installation = as_installation(shop);
    await hire(installation);
    line = await open_line(shop.url);
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await line?.close();
    for (const stop of stops.reverse()) await stop();
  });
  /** Each with a browser of its own, which must have done nothing wrong at the end. */
  const story = (name: string, tell: () => Promise<void>) =>
    test(name, async () => {
      visitor = await visit(browser, installation, { through: line.url });
      page = visitor.page;
      try {
        await tell();
        await is_unbroken(page);
        await visitor.check();
      } catch (error) {
        console.log(`last seen: ${await visitor.last_seen('by_hand', name).catch(String)}`);
        throw error;
      } finally {
        await visitor.close();
      }
    });
  const button = (name: string | RegExp) => page.getByRole('button', { name });
  const dialog = () => page.getByRole('dialog');
  const in_dialog = (name: string | RegExp) => dialog().getByRole('button', { name });
  const seen = (words: string | RegExp) => page.getByText(words).first().waitFor();
  const tile = (label: string, value: string) => page.locator('.tile', { hasText: label }).getByText(value, { exact: true }).waitFor();
  const wide = () => page.setViewportSize({ width: 1_440, height: 900 });

  /** Its units are allocated, its shipment planned; nothing goes on by itself. */
  async function placed(lines: readonly { sku: string; quantity: number }[], more: Readonly<Record<string, unknown>> = {}) {
    const { id } = await shop.post<PlacedOrder>('/v1/orders', basket(lines, more));
    const order = await reached(shop, id, 'to be packed', now => now.shipments.length > 0);
    return { id, payment: order.payments[0]?.id ?? '', shipment: order.shipments[0]?.id ?? '' };
  }
  const paid_by_hand = { payment: by_stripe('pm_card_visa', { capture: 'manual' }) };

  story('money is taken by hand, some of it given back, and a refusal is told where one acts', async () => {
    const { id, payment } = await placed([{ sku: 'LAMP', quantity: 2 }], paid_by_hand);
    await sign_in(page, installation, 'operator', `/payments/${payment}`);
    await tile('Authorized', '£24.95');
    await shop.post(`/v1/orders/${id}/holds`, { reason: 'Asks the buyer first' });
    await button('Capture').click();
    await dialog().getByLabel('Amount in GBP').fill('30');
    await dialog().getByText('Type an amount up to £24.95').waitFor();
    await dialog().getByLabel('Amount in GBP').fill('10');
    await in_dialog('Capture £10.00').click();
    await dialog().getByRole('alert').getByText('The order is on hold.').waitFor();
    await is_accessible(page);
    assert.equal((await shop.order(id)).payments[0]?.captured, 0);
    const [hold] = (await shop.order(id)).holds;
    await shop.delete(`/v1/orders/${id}/holds/${hold?.id}`);
    await in_dialog('Capture £10.00').click();
    await seen('£10.00 are being taken');
    await tile('Captured', '£10.00');
    await button('Refund').click();
    await dialog().getByText('This cannot be undone.').waitFor();
    await dialog().getByLabel('Amount in GBP').fill('4');
    await is_accessible(page);
    await in_dialog('Refund £4.00').click();
    await seen('£4.00 are on their way back');
    await tile('Refunded', '£4.00');
    await until('it is given back', async () => (await shop.order(id)).refunded_total === 400);
    await settled(page);
    await picture(page, 'console', 'payment-by-hand');
    await wide();
  });

  story('an authorization is released, after asking, and nothing can be taken of it any more', async () => {
    const { id, payment } = await placed([{ sku: 'LAMP', quantity: 1 }], paid_by_hand);
    await sign_in(page, installation, 'operator', `/payments/${payment}`);
    await button('Void').click();
    await dialog().getByText('To take it later the shopper must pay again.').waitFor();
    await in_dialog('Keep as is').click();
    await dialog().waitFor({ state: 'hidden' });
    assert.equal((await shop.order(id)).payments[0]?.status, 'authorized');
    await button('Void').click();
    await in_dialog('Void payment').click();
    await seen('The authorization is being released');
    await tile('Voided', '£14.95');
    await button('Capture').waitFor({ state: 'detached' });
    const { payments } = await shop.order(id);
    assert.deepEqual([payments[0]?.status, payments[0]?.captured], ['voided', 0]);
  });

  story('a shipment is packed into two parcels, labelled and handed over', async () => {
    const { id, shipment } = await placed([{ sku: 'LAMP', quantity: 3 }]);
    await sign_in(page, installation, 'operator', `/shipments/${shipment}`);
    await button('Pack').click();
    await dialog().getByLabel('Parcel 1: weight in kg').fill('1.2');
    await dialog().getByRole('group', { name: 'Units in parcel 1' }).getByRole('spinbutton').fill('2');
    await button('Add a parcel').click();
    await dialog().getByLabel('Parcel 2: weight in kg').fill('0,6');
    await dialog().getByRole('group', { name: 'Units in parcel 2' }).getByRole('spinbutton').fill('1');
    await is_accessible(page);
    await in_dialog('Pack').click();
    await seen('Packed');
    await button('Buy labels').click();
    await in_dialog('Buy labels').click();
    await button('Hand over').click();
    await in_dialog('Hand over').click();
    await seen('The shipment has left');
    const order = await reached(shop, id, 'on its way', now => now.shipments[0]?.parcels.length === 2);
    assert.deepEqual(
      order.shipments.map(one => one.parcels.length),
      [2],
    );
    await button('Pack').waitFor({ state: 'detached' });
  });

  story('what is not on the shelf is said so, and comes from another location', async () => {
    const { id, shipment } = await placed([{ sku: 'LAMP', quantity: 4 }]);
    await sign_in(page, installation, 'operator', `/shipments/${shipment}`);
    await button('Not found').click();
    assert.ok(await in_dialog('Say what is missing').isDisabled(), 'nothing is missing yet');
    await dialog().getByRole('spinbutton').fill('1');
    await dialog().getByLabel('Reason').fill('One box was empty');
    await is_accessible(page);
    await in_dialog('Say what is missing').click();
    await seen('The missing units are looked for elsewhere');
    const order = await reached(shop, id, 'split over two locations', now => now.shipments.length === 2);
    assert.equal(order.lines[0]?.quantity_cancelled, 0);
    await settled(page);
    await is_accessible(page);
    await picture(page, 'console', 'shipment-short');
    await wide();
  });

  story('the time to pay runs out before the shopper’s eyes, and leads back to the cart', async () => {
    await page.clock.install();
    await page.goto('/shop/products/VASE');
    await button('Add to cart').click();
    await seen('1 item added.');
    await page.getByRole('link', { name: 'Go to the cart' }).click();
    await page.getByRole('link', { name: 'Check out' }).click();
    await button('Fill in an example').click();
    await page.getByRole('radio', { name: /0002/ }).check();
    await button(/^Order and pay £/).click();
    await seen('The payment was declined');
    assert.match((await page.locator('.count').textContent()) ?? '', /^(30:00|2\d:\d\d)$/);
    await page.clock.fastForward(longer_than_kept_ms);
    await seen('The time is up; this page tells you what comes of it.');
    shop.clock.move(longer_than_kept_ms);
    await seen('The time to pay is over');
    await is_accessible(page);
    await picture(page, 'shop', '10-order-expired');
    await wide();
    await button('Put it into the cart again').click();
    await page.waitForURL('**/shop/cart');
    await page.getByRole('link', { name: 'Check out' }).click();
    await button(/^Order and pay £/).waitFor();
    const { available } = await shop.get<{ available: number }>('/v1/stock/VASE');
    assert.equal(available, 5, 'the goods are back on the shelf');
  });

  story('a live page whose line is cut says so, keeps what it knew, and comes back by itself', async () => {
    await sign_in(page, installation, 'operator', '/');
    const tiles = page.getByText('Orders a second').first();
    await page.getByText('Live', { exact: true }).first().waitFor();
    await tiles.waitFor();
    line.cut();
    await seen('Reconnecting');
    assert.ok(await tiles.isVisible(), 'the last numbers stay');
    await is_accessible(page);
    line.mend();
    await page.getByText('Reconnecting').waitFor({ state: 'detached' });
    await page.locator('.pill', { hasText: 'Live' }).waitFor();
  });

  story('an order’s page whose line is cut says so, and shows what happened meanwhile', async () => {
    const { id } = await placed([{ sku: 'LAMP', quantity: 1 }]);
    await sign_in(page, installation, 'operator', `/orders/${id}`);
    await settled(page);
    line.cut();
    await seen('Reconnecting');
    await is_accessible(page);
    await shop.post(`/v1/orders/${id}/holds`, { reason: 'The buyer called' });
    line.mend();
    await seen('On hold: The buyer called');
    await page.getByText('Reconnecting').waitFor({ state: 'detached' });
  });

  story('the address alone leads everywhere', async () => {
    await page.goto('/');
    await is_accessible(page);
    await picture(page, 'shop', '0-front');
    await wide();
    for (const [name, words] of [
      ['Shop', 'Product LAMP'],
      ['Console', 'Sign in'],
    ] as const) {
      await page.goto('/');
      await page.getByRole('link', { name, exact: true }).click();
      await seen(words);
    }
  });
});
