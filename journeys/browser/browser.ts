/** What tests in a real browser share: a Cartwright as `npm start` brings it up, Chromium, what its pages must never do, and pictures of them. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { type Api, api_of } from '../api.ts';

const root = join(import.meta.dirname, '..', '..');
const chromium_path = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const start_deadline_ms = 90_000;
/** Pages move by themselves as events arrive, and the machine may be busy. */
export const patience_ms = 60_000;

/** For `test`'s option `skip`. */
export const no_browser: string | false = existsSync(chromium_path)
  ? false
  : `no Chromium at ${chromium_path}: apt-get install chromium, or set CHROMIUM`;

export interface Installation {
  readonly url: string;
  readonly secret_key: string;
  readonly publishable_key: string;
  readonly admin_password: string;
  /** With the secret key. */
  readonly api: Api;
  stop(): Promise<void>;
}

/** `node main.ts up` on free ports and a fresh folder. Up, seeded and its pages built when this returns. */
export async function start_installation(env: Readonly<Record<string, string>> = {}): Promise<Installation> {
  const folder = mkdtempSync(join(tmpdir(), 'cartwright-browser-'));
  const keys = { secret_key: 'sk_browser_tests_only', publishable_key: 'pk_browser_tests_only', admin_password: 'browser tests only' };
  const child = spawn(process.execPath, ['main.ts', 'up'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PORT: '0',
      METRICS_PORT: '0',
      CARTWRIGHT_DATA: folder,
      CARTWRIGHT_SECRET_KEY: keys.secret_key,
      CARTWRIGHT_PUBLISHABLE_KEY: keys.publishable_key,
      CARTWRIGHT_ADMIN_PASSWORD: keys.admin_password,
      LOG_LEVEL: 'error',
      NO_COLOR: '1',
      ...env,
    },
  });
  // Also when the tests are broken off: nobody else would end it.
  const end = () => child.kill('SIGINT');
  process.once('exit', end);
  const stop = async () => {
    process.off('exit', end);
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGINT');
      await new Promise(resolve => child.once('exit', resolve));
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await is_up(child);
    const { url } = JSON.parse(await readFile(join(folder, 'up.json'), 'utf8')) as { url: string };
    return { url, ...keys, api: api_of(url, keys.secret_key), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** It has printed its last line. */
function is_up(child: ChildProcess): Promise<void> {
  let output = '';
  return new Promise<void>((resolve, reject) => {
    const read = (part: Buffer) => {
      output += part.toString();
      if (output.includes('npm run order')) resolve();
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', code => reject(new Error(`up ended with ${code}:\n${output}`)));
    void sleep(start_deadline_ms, undefined, { ref: false }).then(() => reject(new Error(`not up in time:\n${output}`)));
  });
}

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: chromium_path, args: flags });
}

/** A browser of somebody's own: no storage, no cookies; what its pages did wrong is collected. */
export interface Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Throws when a page broke its policy, threw, or got what it must not see. */
  check(): Promise<void>;
  /** For whoever reads why a story broke: a picture, and what stood on the page. */
  last_seen(folder: string, name: string): Promise<string>;
  close(): Promise<void>;
}

export interface VisitHow {
  /** A proxy that every request goes through. */
  readonly through?: string;
}

/** The secret key is what no reply may hold. */
export async function visit(browser: Browser, installation: Installation, { through }: VisitHow = {}): Promise<Visitor> {
  const context = await browser.newContext({
    baseURL: installation.url,
    viewport: { width: 1_440, height: 900 },
    ...(through === undefined ? {} : { proxy: { server: through } }),
  });
  const page = await context.newPage();
  page.setDefaultTimeout(patience_ms);
  const wrongs: string[] = [];
  const readings: Promise<void>[] = [];
  page.on('pageerror', error => wrongs.push(`threw: ${error.message}`));
  page.on('console', message => {
    if (/content security policy/i.test(message.text())) wrongs.push(`policy: ${message.text()}`);
  });
  page.on('response', response => {
    if (response.headers()['content-type']?.startsWith('text/event-stream') === true) return;
    const reading = response.text().then(
      text => {
        if (text.includes(installation.secret_key)) wrongs.push(`${response.url()} holds the secret key`);
      },
      // Redirects, and replies that a new page cut off, have no body.
      () => undefined,
    );
    readings.push(reading);
  });
  return {
    context,
    page,
    async check() {
      await Promise.all(readings);
      assert.deepEqual(wrongs, []);
    },
    async last_seen(folder, name) {
      const path = join(into_folder(folder), `failed-${name.replaceAll(/\W+/g, '-').slice(0, 60)}.png`);
      await page.screenshot({ path, fullPage: true });
      return `${page.url()} (${path})\n${await page.locator('body').innerText()}`;
    },
    close: () => context.close(),
  };
}

export const themes = ['light', 'dark'] as const;
const widths = [360, 1_440] as const;

const every_rule = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** What a theme can change: all else axe reads from the document, which is the same in both. */
const of_colour = ['color-contrast', 'link-in-text-block'];

/** No violation of WCAG 2.2 A and AA that axe finds, light and dark. */
export async function is_accessible(page: Page): Promise<void> {
  for (const colorScheme of themes) {
    await page.emulateMedia({ colorScheme });
    const axe = new AxeBuilder({ page });
    const { violations } = await (colorScheme === 'light' ? axe.withTags(every_rule) : axe.withRules(of_colour)).analyze();
    const found = violations.flatMap(({ id, nodes }) =>
      nodes.map(node => `${colorScheme} ${id}: ${node.html} ${node.failureSummary ?? ''}`),
    );
    assert.deepEqual(found, [], page.url());
  }
}

/** Charts are drawn anew in the frames after their window changed: so often a page is looked at, so long in between. */
const looks_max = 40;
const look_again_ms = 50;

/** Nothing stands over the edge of a page: its width comes to be the window's. */
export async function fits(page: Page): Promise<void> {
  const window_width = page.viewportSize()?.width ?? 0;
  let width = 0;
  for (let look = 0; look < looks_max; look++) {
    width = await page.evaluate(() => document.documentElement.scrollWidth);
    if (width <= window_width) return;
    await page.waitForTimeout(look_again_ms);
  }
  assert.fail(`${page.url()} is ${width} wide in a window of ${window_width}`);
}

function into_folder(folder: string): string {
  const path = join(root, 'screenshots', folder);
  mkdirSync(path, { recursive: true });
  return path;
}

/** A machine that nobody looks at takes none: they are most of the time. */
const takes_pictures = process.env['PICTURES'] !== 'no';

/** screenshots/<folder>/<name>-<width>-<theme>.png, for a person to look through; and each must fit its window. */
export async function picture(page: Page, folder: string, name: string): Promise<void> {
  const into = into_folder(folder);
  for (const width of widths) {
    await page.setViewportSize({ width, height: width === 360 ? 740 : 900 });
    await fits(page);
    if (!takes_pictures) continue;
    for (const colorScheme of themes) {
      await page.emulateMedia({ colorScheme });
      // What sticks to the window's top belongs to the page's.
      await page.evaluate(() => scrollTo(0, 0));
      await page.screenshot({ path: join(into, `${name}-${width}-${colorScheme}.png`), fullPage: true });
    }
  }
}

/** Texts that become something else where text is put into a page as markup. */
export const hostile_texts: readonly string[] = [
  '<img src=x onerror="globalThis.broken=1">',
  '"><script>globalThis.broken=1</script>',
  "'-alert(1)-'",
  '<svg onload=globalThis.broken=1>',
  'javascript:globalThis.broken=1',
  '{{constructor.constructor("globalThis.broken=1")()}}',
  '</textarea><b>bold</b>',
];

/** None of them ran. */
export async function is_unbroken(page: Page): Promise<void> {
  assert.equal(await page.evaluate(() => 'broken' in globalThis), false, `a text became a script on ${page.url()}`);
}
