/** Steering the shop from the console, as staff with a browser do: by mouse, by keyboard, in the dark, on a phone. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Browser, Page, Route } from 'playwright-core';
import { append_audit } from '../../gateway/audit_log.ts';
import { transaction } from '../../gateway/store.ts';
import { build_pages } from '../../main/pages.ts';
import { until } from '../shop.ts';
import { fits, hostile_texts, is_accessible, is_unbroken, launch, no_browser, picture, type Visitor, visit } from './browser.ts';
import { as_installation, type ConsoleShop, left_out, open_console_shop, password, type Role } from './console_shop.ts';

const interactive_max_ms = 1_000;
const bundle_bytes_max = 200 * 1_024;
const dist = join(import.meta.dirname, '..', '..', 'console', 'dist');
const tabs_max = 120;

describe('the console', { skip: no_browser }, () => {
  const stops: (() => Promise<void>)[] = [];
  let given: ConsoleShop;
  let browser: Browser;
  let visitor: Visitor;
  let page: Page;
  before(async () => {
    assert.ok(await build_pages(line => console.log(line)));
    given = await open_console_shop({ after: stop => void stops.push(stop) });
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    for (const stop of stops.reverse()) await stop();
  });
  /** Each with a browser of its own, which must have done nothing wrong at the end. */
  const story = (name: string, tell: () => Promise<void>) =>
    test(name, async () => {
      visitor = await visit(browser, as_installation(given.shop));
      page = visitor.page;
      try {
        await tell();
        await visitor.check();
      } finally {
        await visitor.close();
      }
    });

  const button = (name: string | RegExp) => page.getByRole('button', { name });
  const heading = (name: string | RegExp) => page.getByRole('heading', { name, level: 1 });
  const dialog = () => page.getByRole('dialog');
  const row = (text: string | RegExp) => page.getByRole('row').filter({ hasText: text });

  async function sign_in(role: Role, path = '/console/'): Promise<void> {
    await page.goto(path);
    await page.getByLabel('Name').fill(role);
    await page.getByLabel('Password').fill(password);
    await button('Sign in').click();
    await button('Sign out').waitFor();
  }
  /** As who has no mouse: on from here until the control of this name has the focus. */
  async function tab_to(name: string | RegExp): Promise<void> {
    const fits_name = (text: string) => (typeof name === 'string' ? text === name : name.test(text));
    for (let tabs = 0; tabs < tabs_max; tabs++) {
      await page.keyboard.press('Tab');
      const text = await page.evaluate(() => {
        const { activeElement } = document;
        const labels = activeElement instanceof HTMLInputElement ? [...(activeElement.labels ?? [])].map(label => label.textContent) : [];
        return activeElement?.getAttribute('aria-label') ?? labels[0] ?? activeElement?.textContent?.trim() ?? '';
      });
      if (fits_name(text)) return;
    }
    throw new Error(`no ${name} in ${tabs_max} tabs on ${page.url()}`);
  }

  story('asks who is there, within a second and with less than 200 KB', async () => {
    const opened: number[] = [];
    for (let visits = 1; visits <= 3; visits++) {
      await page.goto('/console/');
      await page.getByLabel('Name').waitFor();
      opened.push(await page.evaluate(() => Math.round(performance.now())));
    }
    const index = readFileSync(join(dist, 'index.html'), 'utf8');
    const [first, all] = [(name: string) => index.includes(name), () => true].map(is_counted =>
      readdirSync(join(dist, 'assets'))
        .filter(name => /\.(js|css)$/.test(name) && is_counted(name))
        .reduce((sum, name) => sum + gzipSync(readFileSync(join(dist, 'assets', name)), { level: 9 }).length, 0),
    );
    console.log(`first page: interactive after ${opened.join(', ')} ms; ${first} bytes zipped, ${all} with every page of the console`);
    assert.ok((first ?? Number.POSITIVE_INFINITY) <= bundle_bytes_max);
    assert.ok(Math.min(...opened) <= interactive_max_ms, `${opened}`);
  });

  story('says in one sentence that a password is wrong, and opens for the right one', async () => {
    await page.goto('/console/orders');
    await page.getByLabel('Name').fill('operator');
    await page.getByLabel('Password').fill('not the password');
    await button('Sign in').click();
    await page.getByRole('alert').getByText('Name or password is wrong.').waitFor();
    await page.getByLabel('Password').fill(password);
    await button('Sign in').click();
    await heading('Orders').waitFor();
    const cookie = (await visitor.context.cookies()).find(one => one.name === 'cartwright_session');
    assert.deepEqual([cookie?.httpOnly, cookie?.sameSite], [true, 'Strict']);
    assert.deepEqual(
      await page.evaluate(() => Object.keys({ ...localStorage, ...sessionStorage })),
      [],
      'nothing of a session is kept in the page',
    );
    await button('Sign out').click();
    await page.getByLabel('Name').waitFor();
    assert.equal((await page.request.get('/v1/orders')).status(), 401);
  });

  story('by keyboard alone: sign in, find an order, refund some of it, see why it happened', async () => {
    await page.goto('/console/');
    await page.getByLabel('Name').waitFor();
    await page.keyboard.type('operator');
    await page.keyboard.press('Tab');
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
    await button('Sign out').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type(String(given.paid.number));
    await page.keyboard.press('Enter');
    await row(`#${given.paid.number}`).waitFor();
    await tab_to(`#${given.paid.number}`);
    await page.keyboard.press('Enter');
    await heading(/Order #/).waitFor();
    await tab_to('Refund');
    await page.keyboard.press('Enter');
    await dialog().getByLabel('Amount in GBP').waitFor();
    await tab_to('Amount in GBP');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('30000');
    await page.getByText('Type an amount up to £29.95').waitFor();
    assert.ok(await dialog().getByRole('button', { name: 'Refund' }).isDisabled());
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('10.50');
    await is_accessible(page);
    await page.keyboard.press('Enter');
    await page.getByText('£10.50 are on their way back').waitFor();
    await page.getByText('payment.refunded').first().waitFor();
    assert.equal((await given.shop.order(given.paid.id)).refunded_total, 1_050);
    await page.getByText('Payment: partially refunded').waitFor();
    await dialog().waitFor({ state: 'hidden' });
  });

  story('an order is held, goes on, and some of it is announced to come back', async () => {
    await sign_in('operator', `/console/orders/${given.paid.id}`);
    await button('Return').click();
    await dialog().getByRole('spinbutton').fill('3');
    await dialog().getByLabel('Reason').fill('Wrong colour');
    await dialog().getByRole('button', { name: 'Announce return' }).click();
    await page.getByText('3 × MUG: Wrong colour').waitFor();
    await page.goto(`/console/orders/${given.backordered.id}`);
    await button('Hold').click();
    await dialog().getByLabel('Reason').fill('Calls the customer first');
    await dialog().getByRole('button', { name: 'Hold order' }).click();
    await page.getByText('On hold: Calls the customer first').waitFor();
    await button('Release hold').click();
    await dialog().getByRole('button', { name: 'Release hold' }).click();
    await button('Hold').waitFor();
    await button('Cancel').click();
    await dialog().getByLabel('Reason').fill('No longer wanted');
    await dialog().getByRole('button', { name: 'Cancel order' }).click();
    await page.getByText('order.cancelled').first().waitFor();
    await until('it is cancelled', async () => (await given.shop.order(given.backordered.id)).status === 'cancelled');
  });

  story('a dead letter is looked into, tried again in vain, and given up with a reason', async () => {
    await sign_in('operator', '/console/dead-letters');
    await row('order.cancellation_requested').getByRole('checkbox').check();
    await button('Redrive 1').click();
    await dialog().getByRole('button', { name: 'Redrive' }).click();
    await page.getByText('order.cancellation_requested is tried again').waitFor();
    await until('it has come back', async () => {
      const { data } = await given.shop.get<{ data: { redrives: number; attempts: number }[] }>('/v1/dead-letters');
      return data.some(letter => letter.redrives === 1 && letter.attempts > 0);
    });
    await page.reload();
    await button('Inspect').click();
    await dialog().getByText('"lines": null').waitFor();
    await is_accessible(page);
    await button('Discard…').click();
    await dialog().getByLabel('Reason').fill('A bug of ours wrote it; nothing was cancelled');
    await dialog().getByRole('button', { name: 'Discard event' }).click();
    await page.getByText('No dead letters').waitFor();
    const { rows } = await given.shop.pool.query('select reason from shipping.discarded');
    assert.deepEqual(rows, [{ reason: 'A bug of ours wrote it; nothing was cancelled' }]);
  });

  story('a case for a person is dealt with and closed with a note', async () => {
    await sign_in('operator', '/console/exceptions');
    await row('Refund failed').getByText('£3.00 could not be given back').waitFor();
    await is_accessible(page);
    await picture(page, 'console', 'exceptions-open');
    await page.setViewportSize({ width: 1_440, height: 900 });
    await row('Refund failed').getByRole('link').click();
    await page.locator('.timeline').getByText('Refund failed · £3.00 could not be given back').first().waitFor();
    await page.goBack();
    await row('Refund failed').getByRole('button', { name: 'Resolve' }).click();
    const [open] = (await given.shop.get<{ data: { exception_id: string }[] }>('/v1/exceptions')).data;
    await dialog().getByLabel('How it was dealt with').fill('Paid by bank transfer');
    await dialog().getByRole('button', { name: 'Resolve' }).click();
    await page.getByText('Nothing needs a person').waitFor();
    const { data } = await given.shop.get<{ data: unknown[] }>('/v1/exceptions');
    assert.deepEqual(data, []);
    const closed = await given.shop.get<{ note: string }>(`/v1/exceptions/${open?.exception_id}`);
    assert.equal(closed.note, 'Paid by bank transfer');
  });

  story('a call with an unknown outcome is settled with evidence', async () => {
    await sign_in('operator', '/console/operations?state=unknown');
    await row('Authorize').getByRole('button', { name: 'Inspect' }).click();
    await dialog().getByText('What was asked').waitFor();
    assert.doesNotMatch(await dialog().innerText(), /pm_card_visa/, 'the token stays hidden');
    await is_accessible(page);
    await button('Resolve with evidence…').click();
    await dialog().getByLabel('Outcome').selectOption('failed');
    await dialog().getByLabel('Evidence').fill('Not in the gateway’s list of today');
    await dialog().getByRole('button', { name: 'Record outcome' }).click();
    await page.getByText('No outcome is unknown').waitFor();
    await until('the order knows', async () => (await given.shop.order(given.unknown.id)).payment_status !== 'unknown');
  });

  story('shows what a role may see, and the API refuses the rest', async () => {
    await sign_in('support');
    const menu = page.getByRole('navigation', { name: 'Pages' });
    assert.ok(await menu.getByRole('link', { name: 'Orders' }).isVisible());
    for (const name of ['Settings', 'Audit log', 'Webhooks', 'Suppliers'])
      assert.equal(await menu.getByRole('link', { name }).count(), 0, name);
    await page.goto('/console/settings');
    await heading('Not for your role').waitFor();
    for (const path of ['/v1/keys', '/v1/staff', '/v1/audit-log', '/v1/analytics/overview'])
      assert.equal((await page.request.get(path)).status(), 403, path);
    await page.goto(`/console/orders/${given.paid.id}`);
    await button('Return').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Refund', exact: true }).count(), 0, 'money is not support’s to give');
    await visitor.context.clearCookies();
    await sign_in('analyst');
    await heading('Insight').waitFor();
    assert.equal((await page.request.get('/v1/orders')).status(), 403);
  });

  story('says of a deed that only its attempt is written down that its outcome is not known', async () => {
    const deed = { actor: 'key_x', actor_type: 'sk', action: 'product.changed', object: 'LAMP', request_id: 'req_lost' };
    await transaction(given.shop.pool, client => append_audit(client, { ...deed, at: '2026-05-12T09:12:00.000Z', outcome: 'attempted' }));
    await sign_in('admin', '/console/audit-log?actor=key_x');
    await row('LAMP').getByText('Outcome not known').waitFor();
    await is_accessible(page);
    await is_unbroken(page);
    await page.goto('/console/audit-log?action=key.created');
    await row('Key created').first().waitFor();
    assert.equal(await page.getByText('Outcome not known').count(), 0);
  });

  story('shows hostile texts as texts', async () => {
    await sign_in('operator', '/console/orders');
    await row(`#${given.hostile.number}`).waitFor();
    await is_unbroken(page);
    await page.getByRole('link', { name: `#${given.hostile.number}` }).click();
    await page.getByText('What happened').waitFor();
    await page.getByText('order.held').waitFor();
    const seen = await page.locator('main').innerText();
    for (const text of hostile_texts) assert.ok(seen.includes(text), text);
    await button('Release hold').click();
    await dialog().waitFor();
    await is_unbroken(page);
    await page.goto(`/console/orders?reference=${encodeURIComponent(hostile_texts[0] ?? '')}`);
    await page.getByText('No order is like this').waitFor();
    await is_unbroken(page);
  });

  story('an ended session leads to the door, and back to where one was', async () => {
    await sign_in('operator', '/console/consumers');
    await heading('Consumers').waitFor();
    await visitor.context.clearCookies();
    await page.getByText('Your session has ended.').waitFor();
    await page.getByLabel('Name').fill('operator');
    await page.getByLabel('Password').fill(password);
    await button('Sign in').click();
    await heading('Consumers').waitFor();
  });

  story('whoever signed in anew in another tab goes on in this one', async () => {
    await sign_in('operator', `/console/orders/${given.hostile.id}`);
    const other = await visitor.context.newPage();
    await other.goto('/console/consumers');
    await other.getByRole('button', { name: 'Sign out' }).click();
    await other.getByLabel('Name').fill('operator');
    await other.getByLabel('Password').fill(password);
    await other.getByRole('button', { name: 'Sign in' }).click();
    await other.getByRole('button', { name: 'Sign out' }).waitFor();
    await button('Release hold').click();
    await dialog().getByRole('button', { name: 'Release hold' }).click();
    await button('Hold').click();
    await dialog().getByLabel('Reason').fill(hostile_texts.join(' '));
    await dialog().getByRole('button', { name: 'Hold order' }).click();
    await button('Release hold').waitFor();
    await is_unbroken(page);
  });

  story('what was asked before a change and comes after it shows nothing old', async () => {
    const { id } = given.hostile;
    await sign_in('operator', `/console/orders/${id}`);
    await button('Release hold').waitFor();
    const late = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const shown = Promise.withResolvers<void>();
    const hold_back = async (route: Route) => {
      const response = await route.fetch();
      asked.resolve();
      await late.promise;
      // Nobody waits for it any more when it was cancelled.
      await route.fulfill({ response }).catch(() => undefined);
      shown.resolve();
    };
    await page.route(`**/v1/orders/${id}`, hold_back, { times: 1 });
    await button('Release hold').click();
    await dialog().getByRole('button', { name: 'Release hold' }).click();
    await asked.promise;
    await given.shop.post(`/v1/orders/${id}/holds`, { reason: hostile_texts.join(' ') });
    await button('Release hold').waitFor();
    late.resolve();
    await shown.promise;
    await page.evaluate(() => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    assert.equal(await button('Release hold').count(), 1);
  });

  story('says when what it shows is not fresh', async () => {
    await sign_in('operator', '/console/consumers');
    await row('Inventory').first().waitFor();
    await page.route('**/v1/consumers', route => route.abort());
    await page.getByText('What you see is not fresh').waitFor();
    await is_accessible(page);
    await page.unroute('**/v1/consumers');
    await page.getByText('What you see is not fresh').waitFor({ state: 'hidden' });
  });

  describe('every page is accessible and fits, dark and light, wide and narrow', () => {
    const pages: readonly (readonly [name: string, path: () => string])[] = [
      ['live', () => '/'],
      ['orders', () => '/orders'],
      ['orders-none', () => '/orders?sku=NOTHING'],
      ['order', () => `/orders/${given.paid.id}`],
      ['order-hostile', () => `/orders/${given.hostile.id}`],
      ['order-missing', () => '/orders/ord_nobody'],
      ['exceptions', () => '/exceptions'],
      ['dead-letters', () => '/dead-letters'],
      ['operations', () => '/operations'],
      ['consumers', () => '/consumers'],
      ['audit', () => '/audit'],
      ['nowhere', () => '/nowhere'],
    ];
    story('the door', async () => {
      await page.goto('/console/');
      await page.getByLabel('Name').waitFor();
      await is_accessible(page);
      await picture(page, 'console', 'sign-in');
    });
    story('one after the other', async () => {
      await sign_in('admin');
      for (const [name, path] of pages) {
        await page.setViewportSize({ width: 1_440, height: 900 });
        await page.goto(`/console${path()}`);
        await settled(page);
        if (name === 'audit') await page.getByText(left_out).waitFor();
        await is_accessible(page);
        await picture(page, 'console', name);
      }
    });
    story('the menu of a phone', async () => {
      await sign_in('admin', '/console/orders');
      await page.setViewportSize({ width: 360, height: 740 });
      await button('Open menu').click();
      await page.getByRole('dialog', { name: 'Menu' }).waitFor();
      await is_accessible(page);
      await page.getByRole('dialog').getByRole('link', { name: 'Consumers' }).click();
      await heading('Consumers').waitFor();
      assert.equal(await page.getByRole('dialog').count(), 0);
      await fits(page);
    });
    story('the theme is the system’s until a person turns it, and stays turned', async () => {
      await page.emulateMedia({ colorScheme: 'dark' });
      await sign_in('admin', '/console/consumers');
      const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
      const dark = await ground();
      await button('Turn light').click();
      const light = await ground();
      assert.notEqual(light, dark);
      await page.reload();
      await button('Turn dark').waitFor();
      assert.equal(await ground(), light);
    });
  });
});

/** Its heading is there and nothing is loading any more. */
async function settled(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.waitForFunction(() => document.querySelector('[aria-busy="true"]') === null);
}
