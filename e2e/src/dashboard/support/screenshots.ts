import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadEnvironment, TEST_CATALOGUE } from '@hexclave/env';
import type { Page } from 'playwright-core';
import { ROOT } from '../../start/program.ts';

const DIRECTORY = join(ROOT, 'docs/images/dashboard');

/**
 * Writes what the page looks like into the documentation, in light colours and in dark ones, with
 * HEXCLAVE_TEST_SCREENSHOTS=true: pictures differ a little from run to run, and a test must not change what is checked in.
 *
 * @param isReady resolves when there is to be seen what a picture shall show, beyond what the test has waited for
 */
export async function takeScreenshot(page: Page, name: string, isReady?: () => Promise<unknown>): Promise<void> {
  if (loadEnvironment(TEST_CATALOGUE, { defaultMode: 'test' }).screenshots !== true) return;
  await isReady?.();
  await mkdir(DIRECTORY, { recursive: true });
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    // Charts are drawn anew in the other colours.
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
    const file = colorScheme === 'dark' ? `${name}-dark` : name;
    await page.screenshot({ path: join(DIRECTORY, `${file}.png`) });
  }
}
