/** For browser tests of the console: who signs in, and when a page is there. */
import type { Page } from 'playwright-core';
import type { Installation } from './browser.ts';

export const staff_password = 'correct horse battery staple';
export type Role = 'operator' | 'support' | 'analyst';

/** Somebody of each role, by its name. */
export async function hire({ api }: Installation): Promise<void> {
  for (const role of ['operator', 'support', 'analyst']) await api.post('/v1/staff', { username: role, password: staff_password, role });
}

export async function sign_in(page: Page, installation: Installation, who: Role | 'admin', path: string): Promise<void> {
  await page.goto(`/console${path}`);
  await page.getByLabel('Name', { exact: true }).fill(who);
  await page.getByLabel('Password').fill(who === 'admin' ? installation.admin_password : staff_password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
}

/** Its heading is there and nothing is loading any more. */
export async function settled(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.waitForFunction(() => document.querySelector('[aria-busy="true"]') === null);
}
