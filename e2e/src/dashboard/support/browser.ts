import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { atEndOfFile, programOrSkip } from '@hexclave/testing';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

/** Debian's. What npm offers would be a download of its own. */
const PROGRAM = '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const PATIENCE_MS = 20_000;
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Tests in a browser are skipped on a machine without one, and fail for it where CI is set. */
export const hasNoBrowser = programOrSkip('chromium').skip;

export type Scheme = 'light' | 'dark';

/** One browser for a test file; each page has a profile of its own, as on another person's machine. */
export async function launchBrowser(): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: PROGRAM, headless: true, args: FLAGS });
  atEndOfFile(() => browser.close());
  return browser;
}

/** A page on which everything that a developer would find in the console is kept. */
export type WatchedPage = {
  page: Page;
  context: BrowserContext;
  /** Errors of scripts, violations of the content security policy, and what the browser complains of. */
  complaints: string[];
};

export async function openPage(browser: Browser, baseURL: string, scheme: Scheme = 'light'): Promise<WatchedPage> {
  const context = await browser.newContext({
    baseURL,
    colorScheme: scheme,
    viewport: WIDE,
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`script: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    complaints.push(`${message.text()} ${message.location().url}`);
  });
  // Some violations are told to the page only.
  await page.addInitScript(`document.addEventListener('securitypolicyviolation', (event) =>
    console.error('policy: ' + event.effectiveDirective + ' ' + event.blockedURI + ' ' + event.sourceFile));`);
  return { page, context, complaints };
}

type AxeResult = { violations: { id: string; impact: string | null; help: string; nodes: { target: string[] }[] }[] };

/** What axe finds on the page that would keep somebody from using it. */
export async function accessibilityProblems(page: Page, { withColours = true } = {}): Promise<string[]> {
  // Evaluated by the browser's own tools, since the policy lets no other script in.
  if (await page.evaluate(`!('axe' in window)`)) await page.evaluate(await readFile(AXE, 'utf8'));
  const options = {
    resultTypes: ['violations'],
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
    rules: { 'color-contrast': { enabled: withColours } },
  };
  const { violations } = (await page.evaluate(`axe.run(document, ${JSON.stringify(options)})`)) as AxeResult;
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => `${id}: ${help} (${nodes.map(({ target }) => target.join(' ')).join('; ')})`);
}

/** Of a phone, of a tablet, and the widest one at which pages still have a bar above instead of beside them. */
const NARROW = [375, 768, 800];
/** For all pages one after the other, at each width, on a machine that does much else. */
export const ALL_PAGES_MS = 240_000;
/** Room enough for everything. */
const WIDE = { width: 1_360, height: 850 };

/** What axe finds where there is room and where there is little, and whether a page then has to be moved sideways. */
export async function problemsAtAnyWidth(page: Page): Promise<string[]> {
  const problems = await accessibilityProblems(page);
  for (const width of NARROW) {
    await page.setViewportSize({ width, height: 812 });
    const excess = await page.evaluate(
      `[document.documentElement, document.querySelector('main')].map((box) => box.scrollWidth - box.clientWidth)`,
    );
    const own = (excess as number[]).some((pixels) => pixels > 0) ? [`sticks out by ${excess} px`] : [];
    // Colours do not depend on the width, and take most of the time; all of these widths have the same rules.
    const found = width === NARROW[0] ? await accessibilityProblems(page, { withColours: false }) : [];
    problems.push(...[...own, ...found].map((problem) => `at ${width} px: ${problem}`));
  }
  await page.setViewportSize(WIDE);
  return problems;
}
