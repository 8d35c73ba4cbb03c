/** The system's Chromium, driven by Playwright, without a screen. */
import { type Browser, type Page, chromium as playwright } from 'playwright-core';
import { chromium } from '../../scripts/setup/system.mjs';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

export interface BrowserOptions {
  readonly width?: number;
  readonly height?: number;
  /** Pixels of the screen per CSS pixel: 2 for pictures. */
  readonly scale?: number;
}

/** A browser with one page; closing it ends its processes. */
export interface TestBrowser extends AsyncDisposable {
  readonly page: Page;
  readonly browser: Browser;
}

/**
 * Opens a browser.
 * @throws Error when no Chromium is on this machine
 */
export async function openBrowser(options: BrowserOptions = {}): Promise<TestBrowser> {
  const executablePath = chromium();
  if (executablePath === undefined) throw new Error('No Chromium or Chrome on the PATH. CHROME_PATH can name one.');
  // Playwright's own handlers close the browser but leave this process running.
  const signals = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false };
  const browser = await playwright.launch({ executablePath, args: FLAGS, ...signals });
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1280, height: options.height ?? 800 },
    deviceScaleFactor: options.scale ?? 1,
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const page = await context.newPage();
  return { page, browser, [Symbol.asyncDispose]: () => browser.close() };
}
