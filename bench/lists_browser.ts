/** The console's list of orders in a real browser: how long until rows are there, and whether frames are kept from page to page. */
import type { Page } from 'playwright-core';
import { api_of } from '../journeys/api.ts';
import { type Installation, launch, no_browser, visit } from '../journeys/browser/browser.ts';
import { sign_in } from '../journeys/browser/staff.ts';
import { build_pages } from '../main/pages.ts';
import { median } from './lists.ts';
import type { Shop } from './shop.ts';

const visits = 5;
const pages_turned = 20;
const first_row = '.table:not(.is-old) tbody tr a.number';

export async function look_at_console(shop: Pick<Shop, 'url' | 'key'>, admin_password: string): Promise<void> {
  if (no_browser !== false) {
    console.log(`\n  the console is not looked at: ${no_browser}`);
    return;
  }
  if (!(await build_pages(line => console.log(line)))) throw new Error('the console could not be built');
  const { url, key: secret_key } = shop;
  const at: Installation = {
    url,
    secret_key,
    publishable_key: '',
    admin_password,
    api: api_of(url, secret_key),
    stop: async () => undefined,
  };
  const browser = await launch();
  try {
    const visitor = await visit(browser, at);
    const { page } = visitor;
    await page.addInitScript(() => {
      const seen = { long: [] as number[] };
      Object.assign(globalThis, { seen });
      new PerformanceObserver(list => seen.long.push(...list.getEntries().map(entry => entry.duration))).observe({
        type: 'longtask',
        buffered: true,
      });
    });
    await sign_in(page, at, 'admin', '/orders');
    await tell(page);
    await visitor.check();
  } finally {
    await browser.close();
  }
}

async function tell(page: Page): Promise<void> {
  console.log(`\n  the console at /console/orders, 1,440 × 900, the median of ${visits}\n`);
  const opened: number[] = [];
  for (let each = 0; each < visits; each++)
    opened.push(
      await timed(
        () => page.goto('/console/orders'),
        () => page.locator(first_row).first().waitFor(),
      ),
    );
  report('from opening to the first row', opened);
  const status = page.getByLabel('Status', { exact: true });
  for (const value of ['cancelled', 'awaiting_payment', 'completed']) {
    const times: number[] = [];
    for (let each = 0; each < visits; each++) {
      await page.goto('/console/orders');
      await page.locator(first_row).first().waitFor();
      times.push(
        await timed(
          () => status.selectOption(value),
          () => rows_of(page, `status=${value}`),
        ),
      );
    }
    report(`from choosing ${value} to its rows`, times);
  }
  await page.goto('/console/orders');
  await page.locator(first_row).first().waitFor();
  await page.evaluate(() => Object.assign(Reflect.get(globalThis, 'seen'), { long: [] }));
  const used = await main_thread(page);
  const turned: number[] = [];
  for (let each = 0; each < pages_turned; each++)
    turned.push(
      await timed(
        () => turn(page),
        () => undefined,
      ),
    );
  const { task_ms, script_ms } = await used();
  report(`from Older to its rows, ${pages_turned} times`, turned);
  const { long, rows } = await page.evaluate(() => ({
    long: (Reflect.get(globalThis, 'seen') as { long: number[] }).long, // the script above made it
    rows: document.querySelectorAll('tbody tr').length,
  }));
  const longest = long.length === 0 ? '' : `, the longest ${Math.max(...long).toFixed(0)} ms by the clock`;
  console.log(
    `  ${'    meanwhile'.padEnd(46)} ${long.length} tasks over 50 ms${longest}; a turn takes the main thread ${(task_ms / pages_turned).toFixed(0)} ms of processor, ${(script_ms / pages_turned).toFixed(0)} of them scripts; ${rows} rows in the page at the end`,
  );
}

/** What the page's main thread has used since, in processor time: a busy machine does not lengthen it. */
async function main_thread(page: Page): Promise<() => Promise<{ task_ms: number; script_ms: number }>> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  return async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    await session.detach();
    const ms_of = (wanted: string) => 1_000 * (metrics.find(({ name }) => name === wanted)?.value ?? 0);
    return { task_ms: ms_of('TaskDuration'), script_ms: ms_of('ScriptDuration') };
  };
}

/** The way a person goes: to the end of the page, to the next one. */
async function turn(page: Page): Promise<void> {
  const before = await page.locator(first_row).first().textContent();
  await page.mouse.wheel(0, 4_000);
  await page.getByRole('button', { name: 'Older' }).click();
  await page.waitForFunction(
    ([selector, old]) => {
      const shown = document.querySelector(selector ?? '');
      return shown !== null && shown.textContent !== old;
    },
    [first_row, before] as const,
    { polling: 'raf' },
  );
}

async function rows_of(page: Page, asked: string): Promise<void> {
  await page.waitForFunction(
    ([selector, query]) => location.search.includes(query ?? '') && document.querySelector(selector ?? '') !== null,
    [first_row, asked] as const,
    { polling: 'raf' },
  );
}

async function timed(deed: () => unknown, then: () => unknown): Promise<number> {
  const began = performance.now();
  await deed();
  await then();
  return performance.now() - began;
}

function report(name: string, times: readonly number[]): void {
  console.log(
    `  ${name.padEnd(46)} ${median(times).toFixed(0).padStart(5)} ms (${Math.min(...times).toFixed(0)} to ${Math.max(...times).toFixed(0)})`,
  );
}
