import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadEnvironment, TEST_CATALOGUE } from '@hexclave/env';
import type { Page } from 'playwright-core';
import { ROOT } from '../../start/program.ts';

const DIRECTORY = join(ROOT, 'docs/images/dashboard');

/**
 * Writes what the page looks like into the documentation, with HEXCLAVE_TEST_SCREENSHOTS=true: pictures differ a
 * little from run to run, and a test must not change what is checked in.
 */
export async function takeScreenshot(page: Page, name: string): Promise<void> {
  if (loadEnvironment(TEST_CATALOGUE, { defaultMode: 'test' }).screenshots !== true) return;
  await mkdir(DIRECTORY, { recursive: true });
  await page.screenshot({ path: join(DIRECTORY, `${name}.png`) });
}
