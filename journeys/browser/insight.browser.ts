/** Insight, as an analyst with a browser uses it: numbers that agree with the orders, down to each of them, and files to take away. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import type { Browser, Download, Page } from 'playwright-core';
import { basket, by_stripe } from '../api.ts';
import { until } from '../shop.ts';
import {
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

const day_ms = 86_400_000;
const days = 60;
const skus = ['TEAPOT-CAST', 'TEA-ASSAM', 'MUG-BLUE', 'BOOK-BREW', 'CARD-GIFT'];
const countries = ['GB', 'GB', 'DE', 'FR', 'IE'];

/** Two months of orders by the import, three a day and more of late; a few of today by card, some declined. */
async function furnish({ api }: Installation): Promise<number> {
  await api.import(
    '/v1/stock/import',
    skus.map(sku => ({ sku, location: 'london', on_hand: 2_000 })),
  );
  const now = Date.now();
  const bodies = Array.from({ length: days }, (_, age) => age).flatMap(age =>
    Array.from({ length: age < 20 ? 5 : 3 }, (_, place) => {
      const country = countries[(age + place) % countries.length] ?? 'GB';
      return basket([{ sku: skus[(age * 3 + place) % skus.length] ?? '', quantity: 1 + ((age + place) % 3) }], {
        customer: { id: `c-${(age * 7 + place) % 60}` },
        shipping_address: { name: 'Ada', line1: '1 High Street', city: 'Town', postal_code: 'N1 7AA', country },
        placed_at: new Date(now - age * day_ms - place * 60_000 - 300_000).toISOString(),
      });
    }),
  );
  const answer = await api.ask('POST', '/v1/orders/import', bodies);
  assert.equal(answer.text.match(/"status":201/g)?.length, bodies.length, answer.text.slice(0, 500));
  for (const method of ['pm_card_visa', 'pm_card_visa', 'pm_card_chargeDeclined', 'pm_card_visa_chargeDeclinedInsufficientFunds'])
    await api.post('/v1/orders', basket([{ sku: 'MUG-BLUE', quantity: 1 }], { payment: by_stripe(method) }));
  await until('analytics has heard of them all', async () => {
    const { confirmed } = await api.get<{ confirmed: number }>(`/v1/analytics/overview?from=2020-01-01`);
    return confirmed >= bodies.length + 2;
  });
  return bodies.length;
}

describe('insight', { skip: no_browser }, () => {
  let installation: Installation;
  let imported: number;
  let browser: Browser;
  let visitor: Visitor;
  let page: Page;
  before(async () => {
    installation = await start_installation();
    await hire(installation);
    imported = await furnish(installation);
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await installation?.stop();
  });
  /** Each with a browser of its own, which must have done nothing wrong at the end. */
  const story = (name: string, who: Role | 'admin', path: string, tell: () => Promise<void>) =>
    test(name, async () => {
      visitor = await visit(browser, installation);
      page = visitor.page;
      try {
        await sign_in(page, installation, who, path);
        await tell();
        await is_unbroken(page);
        await visitor.check();
      } finally {
        await visitor.close();
      }
    });
  const button = (name: string | RegExp) => page.getByRole('button', { name });
  const dialog = () => page.getByRole('dialog');
  const tile = (label: string) => page.locator('.number-tile').filter({ hasText: label });

  /** What a click gives to keep. */
  async function kept(click: () => Promise<void>): Promise<{ readonly file: Download; readonly text: string }> {
    const [file] = await Promise.all([page.waitForEvent('download'), click()]);
    return { file, text: await readFile(await file.path(), 'utf8') };
  }

  story('from a number down to its orders, and away as a file', 'operator', '/insight?period=90_days', async () => {
    await tile('Orders').waitFor();
    const shown = Number((await tile('Orders').locator('.value').innerText()).replaceAll(',', ''));
    assert.equal(shown, imported + 4, 'every order that was placed');
    await page
      .getByText(/Complete up to/)
      .first()
      .waitFor();
    await tile('Net sales').click();
    await page.getByRole('heading', { name: 'Net sales', level: 1 }).waitFor();
    await settled(page);
    // The rows of a month add up to what the month's point says.
    const told = await installation.api.get<{ series: { value: number }[] }>('/v1/analytics/metrics/net_sales?grain=month&from=2020-01-01');
    const total = told.series.reduce((sum, point) => sum + point.value, 0);
    let [sum, cursor] = [0, ''];
    do {
      const drilled: { data: { value: number }[]; next_cursor: string | null } = await installation.api.get(
        `/v1/analytics/drill?metric=net_sales&from=2020-01-01&limit=200${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      sum += drilled.data.reduce((rows, row) => rows + row.value, 0);
      cursor = drilled.next_cursor ?? '';
    } while (cursor !== '');
    assert.equal(sum, total);
    const { file, text } = await kept(() => button('Save these as CSV').click());
    assert.equal(file.suggestedFilename(), 'net_sales.csv');
    assert.match(text, /^order,number,at,currency,value_minor\r\nord_\w+,\d+,/);
    await page.getByLabel('In groups by').selectOption('country');
    await page.getByText('DE').first().waitFor();
    await page.getByText('Show as a table').first().click();
    const points = page.getByRole('table', { name: 'Net sales' }).getByRole('button');
    await points.last().click();
    await page.getByText(/^Only/).waitFor();
    await settled(page);
    await page.getByRole('table', { name: 'The orders behind it' }).getByRole('link').first().click();
    await page.getByRole('heading', { name: /Order #/ }).waitFor();
  });

  story('a dataset is exported as CSV, without persons, and it stands in the audit log', 'analyst', '/insight', async () => {
    await button('Export').click();
    await is_accessible(page);
    await dialog().getByLabel('From when').selectOption('all');
    const { file, text } = await kept(() => dialog().getByRole('button', { name: 'Export' }).click());
    assert.match(file.suggestedFilename(), /^cartwright-orders.*\.csv$/);
    assert.equal(text.trimEnd().split('\n').length, imported + 4 + 1);
    assert.doesNotMatch(text, /Ada|High Street/);
    const { data } = await installation.api.get<{ data: { actor_type: string }[] }>('/v1/audit-log?action=analytics.exported');
    assert.equal(data[0]?.actor_type, 'staff');
  });

  story('an analyst asks in SQL: an example, a question of their own, and what is refused', 'analyst', '/insight/query', async () => {
    await button('Best sellers').click();
    await button('Run').click();
    await page.getByRole('table', { name: 'Result' }).getByText('TEA-ASSAM').waitFor();
    await is_accessible(page);
    const { text } = await kept(() => button('Save as CSV').click());
    assert.match(text, /^sku,currency,units,net,orders\r\n/);
    await page.getByLabel('SQL').fill('select count(*) as orders from orders where placed_at is not null');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('cell', { name: String(imported + 4) }).waitFor();
    await page.getByLabel('SQL').fill("select * from read_csv('/etc/passwd')");
    await button('Run').click();
    await page.getByRole('alert').waitFor();
    assert.doesNotMatch(page.url(), /select/, 'what was asked is not in the address');
  });

  story('the period is chosen in the address, and yesterday’s numbers stand beside', 'analyst', '/insight', async () => {
    await page.getByLabel('Period').selectOption('7_days');
    await page.waitForURL(/period=7_days/);
    await tile('Orders')
      .getByText(/%|as before/)
      .waitFor();
    await page.getByLabel('Period').selectOption('custom');
    await page.getByLabel('From', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Operations' }).click();
    await page.getByText('From checkout to the door').waitFor();
    await page.getByText('Insufficient funds').waitFor();
    await page.getByRole('link', { name: 'Stock and suppliers' }).click();
    await page.getByText('Reorder now').waitFor();
  });

  describe('every page is accessible and fits, dark and light, wide and narrow', () => {
    const pages = [
      ['insight-sales', '/insight?period=28_days'],
      ['insight-operations', '/insight?view=operations&period=28_days'],
      ['insight-stock', '/insight?view=stock&period=28_days'],
      ['insight-metric', '/insight/net_sales?period=28_days&group_by=country'],
      ['insight-metric-none', '/insight/refunds?period=today'],
      ['insight-metric-missing', '/insight/nothing'],
      ['insight-query', '/insight/query'],
    ] as const;
    story('one after the other', 'admin', '/insight', async () => {
      for (const [name, path] of pages) {
        await page.setViewportSize({ width: 1_440, height: 900 });
        await page.goto(`/console${path}`);
        await settled(page);
        if (name === 'insight-query') await button('Run').click();
        await settled(page);
        await is_accessible(page);
        await picture(page, 'console', name);
      }
    });
  });
});
