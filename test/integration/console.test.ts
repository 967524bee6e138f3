import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EventRecord } from '../../src/contracts/entities.ts';
import { type Mock, startMock } from '../../web/test/mock/server.ts';
import { hasChromium, startChromium } from '../support/browser/chromium.ts';
import { LOW_CONTRAST } from '../support/browser/contrast.ts';
import { hasFfmpeg } from '../support/media/ffmpeg.ts';
import { until } from '../support/until.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const WEB = path.join(ROOT, 'web');
const VITE = path.join(ROOT, 'node_modules/vite/bin/vite.js');
const WIDE = { width: 1440, height: 860 };
const PHONE = { width: 375, height: 760 };
const OVERFLOW = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
const PAGES = [
  '/',
  '/events',
  '/events?event=event-2',
  '/cameras',
  '/cameras/new',
  '/cameras/front-door',
  '/cameras/garage/settings',
  '/system',
  '/users',
  '/account',
];

describe.skipIf(!hasChromium || !hasFfmpeg)('the console in Chromium', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sightmesh-console-'));
  let mock: Mock;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  /** What the browser complained about: errors, broken policies, requests to other places. */
  let complaints: string[];

  beforeAll(async () => {
    // As for a node: a test process would build React's development edition.
    await promisify(execFile)(process.execPath, [VITE, 'build', WEB, '--outDir', folder, '--emptyOutDir'], {
      env: { ...process.env, NODE_ENV: 'production' },
    });
    mock = await startMock(0, folder);
    browser = await startChromium();
  });

  afterAll(async () => {
    await browser.close();
    await mock.close();
    rmSync(folder, { recursive: true });
  });

  beforeEach(() => {
    complaints = [];
    return async () => {
      await context.close();
      expect(complaints).toEqual([]);
    };
  });

  /** A new browser window on a page; somebody is logged in. */
  async function open(address: string, options: Parameters<Browser['newContext']>[0] = {}): Promise<void> {
    context = await browser.newContext({ viewport: WIDE, colorScheme: 'dark', ...options });
    page = await context.newPage();
    page.setDefaultTimeout(30_000);
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(mock.url) && !/^(blob|data):/.test(url)) complaints.push(`asked ${url}`);
    });
    await page.goto(mock.url + address);
  }

  const openAsAdmin = (address: string, options?: Parameters<Browser['newContext']>[0]): Promise<void> => {
    mock.state.loggedIn = true;
    return open(address, options);
  };
  const tile = (camera: string): Locator => page.locator(`article[data-camera="${camera}"]`);
  const currentTime = (video: Locator): Promise<number> =>
    video.evaluate((element) => (element as unknown as { currentTime: number }).currentTime);
  /** The page is there with what it asked the server for. */
  const settled = async (address: string): Promise<void> => {
    await page.goto(mock.url + address);
    await visible(page.getByRole('heading'));
    await until('all has come', async () => (await page.locator('[aria-label="Loading"]').count()) === 0);
  };
  const visible = (locator: Locator): Promise<void> => locator.first().waitFor({ state: 'visible' });

  it('refuses a wrong password in words, then shows the live wall', async () => {
    mock.state.loggedIn = false;
    await open('/');
    const name = page.locator('input[autocomplete="username"]');
    const password = page.locator('input[type="password"][autocomplete="current-password"]');
    await visible(name);
    expect(await password.count()).toBe(1);
    await name.fill('admin');
    await password.fill('wrong');
    await page.keyboard.press('Enter');
    await visible(page.getByRole('alert').filter({ hasText: 'User name or password is wrong' }));
    // The browser itself reports the refused request.
    complaints = complaints.filter((text) => !text.includes('401'));
    await password.fill('password');
    await page.keyboard.press('Enter');
    await visible(page.getByRole('region', { name: 'Live wall' }));
    expect(new URL(page.url()).pathname).toBe('/');
  });

  it('plays the tiles of the wall, says how, and what is wrong with the others', async () => {
    await openAsAdmin('/');
    const video = tile('yard').locator('video').last();
    const first = await until(
      'a moving picture',
      async () => (await currentTime(video)) > 0.2 && currentTime(video),
    );
    await until('it goes on', async () => (await currentTime(video)) > first + 0.5);
    expect(await tile('yard').getByTestId('transport').textContent()).toBe('MSE · H.264');
    expect(await tile('parking').textContent()).toContain('The camera refuses the password');
    expect(await tile('workshop').textContent()).toContain('switched off');
  });

  it('leaves the other tiles alone when one camera fails, and comes back by itself', async () => {
    await openAsAdmin('/');
    const yard = tile('yard').locator('[data-phase="playing"]');
    const garage = tile('garage').locator('[data-phase="playing"]');
    await visible(yard);
    await visible(garage);
    await page.evaluate(
      `window.changes = 0; new MutationObserver((all) => { window.changes += all.length; }).observe(document.querySelector('[data-camera="yard"]'), { childList: true, subtree: true, attributes: true })`,
    );
    mock.state.offline.add('garage');
    mock.dropViewers('garage');
    await visible(tile('garage').locator('[data-phase="waiting"]'));
    mock.state.offline.delete('garage');
    await visible(garage);
    expect(await page.evaluate('window.changes')).toBe(0);
  });

  it('is arranged by keys and by dragging, and remembers it', async () => {
    await openAsAdmin('/');
    const order = async (): Promise<string[]> =>
      page
        .locator('article[data-camera]')
        .evaluateAll((all) =>
          all.map((one) => (one as unknown as { dataset: { camera: string } }).dataset.camera),
        );
    await visible(tile('front-door'));
    await page.keyboard.press('4');
    await until('four tiles', async () => (await order()).length === 4);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Shift+ArrowRight');
    await until('two have changed places', async () =>
      (await order()).join().startsWith('garage,front-door'),
    );
    await tile('parking').locator('a').dragTo(tile('garage').locator('a'));
    await until('the dragged one is first', async () => (await order())[0] === 'parking');
    await page.reload();
    await until('it is so after a reload', async () => (await order())[0] === 'parking');
    expect(await order()).toHaveLength(4);
  });

  it('scrubs: from live into the recording, plays, names gaps, exports, and goes live again', async () => {
    await openAsAdmin('/cameras/front-door');
    await visible(page.locator('[data-phase="playing"]'));
    const timeline = page.getByRole('slider', { name: 'Time' });
    const box = await timeline.boundingBox();
    if (!box) throw new Error('there is no timeline');
    await visible(page.getByRole('list', { name: 'Gaps in the recording' }));
    expect(await page.getByRole('list', { name: 'Gaps in the recording' }).textContent()).toContain(
      'The camera stopped sending',
    );
    await page.mouse.click(box.x + box.width * 0.3, box.y + 40);
    const video = page.locator('video[src*="playback.mp4"]');
    await until('the recording plays', async () => (await currentTime(video)) > 0.3);
    expect(await timeline.getAttribute('aria-valuetext')).not.toBe('Live');
    await page.keyboard.press('e');
    const link = page.getByRole('link', { name: 'Save as MP4' });
    expect(await link.getAttribute('href')).toMatch(
      /playback\.mp4\?from=.+&to=.+&download=front-door_.+\.mp4/,
    );
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
    expect(download.suggestedFilename()).toMatch(/^front-door_.*\.mp4$/);
    await page.keyboard.press('l');
    await until('it is live again', async () => (await timeline.getAttribute('aria-valuetext')) === 'Live');
  });

  it('filters events, keeps the filter in the address, and loads more on the way down', async () => {
    await openAsAdmin('/events');
    const cards = page.locator('[data-event]');
    await until('the first page', async () => (await cards.count()) === 60);
    await page.mouse.wheel(0, 20_000);
    await until('the second page', async () => (await cards.count()) > 60);
    await page.getByLabel('Labels', { exact: true }).first().click();
    await page.getByRole('option', { name: 'Dog' }).click();
    await until('only dogs', async () => {
      const texts = await cards.allTextContents();
      return texts.length > 0 && texts.every((text) => /Dog|Postman/.test(text));
    });
    expect(new URL(page.url()).searchParams.get('label')).toBe('dog');
    await page.reload();
    await until('the same after a reload', async () =>
      /Dog|Postman/.test((await cards.first().textContent()) ?? ''),
    );
  });

  it('shows new events at the top, and lets them wait for a reader further down', async () => {
    await openAsAdmin('/events');
    const cards = page.locator('[data-event]');
    await until('the list', async () => (await cards.count()) === 60 && mock.state.listeners.size > 0);
    mock.emit('event.new', { event: fresh('new-1') });
    await until('it is first', async () => (await cards.first().getAttribute('data-event')) === 'new-1');
    await page.mouse.wheel(0, 900);
    await until('scrolled', async () => Number(await page.evaluate('window.scrollY')) > 300);
    const before = await cards.nth(12).boundingBox();
    mock.emit('event.new', { event: fresh('new-2') });
    const button = page.getByRole('button', { name: '1 new event' });
    await visible(button);
    expect(await cards.first().getAttribute('data-event')).toBe('new-1');
    const after = await cards.nth(12).boundingBox();
    expect(after?.x).toBe(before?.x);
    await button.click();
    await until('it is first too', async () => (await cards.first().getAttribute('data-event')) === 'new-2');
  });

  it('opens an event: box and path, clip, name, review, neighbours, timeline', async () => {
    await openAsAdmin('/events');
    await page.locator('[data-event="event-1"]').click();
    const dialog = page.getByRole('dialog');
    await visible(dialog.locator('svg polyline'));
    await dialog.getByLabel('Name').fill('our car');
    await dialog.getByRole('button', { name: 'Save', exact: true }).click();
    await visible(dialog.getByRole('heading', { name: 'Our car' }));
    await dialog.getByRole('button', { name: 'Mark as reviewed' }).click();
    await visible(dialog.getByRole('button', { name: 'Reviewed' }));
    expect(mock.state.events.find(({ id }) => id === 'event-1')).toMatchObject({
      reviewed: true,
      sublabel: 'our car',
    });
    await dialog.getByText('Clip', { exact: true }).click();
    await until('the clip plays', async () => (await currentTime(dialog.locator('video'))) > 0.2);
    await dialog.getByRole('button', { name: /Older event/ }).click();
    await visible(dialog.getByText('Garage').first());
    await page.keyboard.press('t');
    await until('the timeline', () => new URL(page.url()).pathname === '/cameras/garage');
    await until('its recording plays', async () => (await currentTime(page.locator('video').first())) > 0.2);
  });

  it('adds a camera after a failing and a good probe, with errors at their fields', async () => {
    await openAsAdmin('/cameras');
    await page.getByRole('link', { name: 'Add a camera' }).click();
    const [address] = [page.getByLabel('Address', { exact: false }).first()];
    await page.getByRole('button', { name: 'Add the camera' }).click();
    await visible(page.getByText('Give the camera a name'));
    await page.getByLabel('Name', { exact: false }).first().fill('Back yard');
    await address.fill('rtsp://192.0.2.30/refuse');
    await page.getByLabel('User name').fill('root');
    await page.getByLabel('Password', { exact: true }).fill('wrong');
    await page.getByRole('button', { name: 'Try the connection' }).click();
    await visible(page.locator('[data-probe="unauthorized"]'));
    expect(await page.locator('[data-probe]').textContent()).toContain(
      'refuses the user name or the password',
    );
    await page.getByLabel('Password', { exact: true }).fill('right');
    await page.getByRole('button', { name: 'Try the connection' }).click();
    await visible(page.locator('[data-probe="ok"]'));
    expect(await page.locator('[data-probe]').textContent()).toContain('H.264 1920×1080');
    await page.getByRole('button', { name: 'Add the camera' }).click();
    await visible(page.getByText('is refused'));
    complaints = complaints.filter((text) => !text.includes('400'));
    await address.fill('rtsp://192.0.2.30/main');
    await page.getByRole('button', { name: 'Add the camera' }).click();
    await visible(page.getByRole('heading', { name: 'Back yard' }));
    expect(new URL(page.url()).pathname).toBe('/cameras/back-yard');
    const made = mock.state.cameras.find(({ id }) => id === 'back-yard');
    expect(made).toMatchObject({ url: 'rtsp://192.0.2.30/main', hasCredentials: true });
  });

  it('changes a camera: zones by dragging and keys, credentials never shown, removal after a question', async () => {
    await openAsAdmin('/cameras/garage/settings');
    expect(await page.locator('[name="camera-password"]').inputValue()).toBe('');
    const before = mock.state.cameras.find(({ id }) => id === 'garage')?.detect.zones[0]?.points[0];
    await page.getByRole('button', { name: 'gate', exact: true }).click();
    const corner = page.getByRole('button', { name: 'Corner 1 of gate', exact: true });
    await corner.scrollIntoViewIfNeeded();
    await corner.focus();
    await page.keyboard.press('Shift+ArrowRight');
    await page.getByRole('button', { name: 'Add a mask' }).click();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    const detect = await until('it is saved', () => {
      const now = mock.state.cameras.find(({ id }) => id === 'garage')?.detect;
      return now?.masks.length === 1 && now;
    });
    expect(detect.zones[0]?.points[0]?.[0]).toBeCloseTo((before?.[0] ?? 0) + 0.025);
    await page.goto(`${mock.url}/cameras/back-yard/settings`);
    await page.getByRole('button', { name: 'Remove the camera' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove the camera' }).click();
    await until('the list', () => new URL(page.url()).pathname === '/cameras');
    expect(mock.state.cameras.some(({ id }) => id === 'back-yard')).toBe(false);
  });

  it('does not let a camera of the configuration file be changed', async () => {
    await openAsAdmin('/cameras/parking/settings');
    await visible(page.getByText('written in the configuration file'));
    expect(await page.getByRole('button', { name: 'Save', exact: true }).count()).toBe(0);
    expect(await page.getByLabel('Address', { exact: false }).first().isEditable()).toBe(false);
  });

  it('keeps users: added with a camera list, changed, removed', async () => {
    await openAsAdmin('/users');
    await page.getByRole('button', { name: 'Add a user' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('User name', { exact: false }).fill('nightshift');
    await dialog.getByLabel('Password', { exact: false }).first().fill('long enough');
    await dialog.getByRole('switch', { name: 'All cameras' }).click();
    await dialog.getByLabel('Cameras', { exact: true }).first().click();
    await page.getByRole('option', { name: 'Yard' }).click();
    await page.keyboard.press('Escape');
    await dialog.getByRole('button', { name: 'Add the user' }).click();
    await visible(page.locator('[data-user="nightshift"]'));
    expect(mock.state.users.at(-1)).toMatchObject({ name: 'nightshift', role: 'viewer', cameras: ['yard'] });
    await page.getByRole('button', { name: 'Remove nightshift' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove the user' }).click();
    await page.locator('[data-user="nightshift"]').waitFor({ state: 'detached' });
  });

  it('fits a phone: no page is wider than the screen', async () => {
    await openAsAdmin('/', { viewport: PHONE, hasTouch: true, isMobile: true });
    for (const address of PAGES) {
      await settled(address);
      expect(`${address} ${String(await page.evaluate(OVERFLOW))}`).toBe(`${address} 0`);
    }
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByRole('navigation').getByRole('link', { name: 'System' }).click();
    await visible(page.getByRole('heading', { name: 'Storage' }));
  });

  for (const colorScheme of ['dark', 'light'] as const) {
    it(`can be read in ${colorScheme} colours`, async () => {
      await openAsAdmin('/', { colorScheme, reducedMotion: 'reduce' });
      const scheme = await page.evaluate('document.documentElement.dataset.mantineColorScheme');
      expect(scheme).toBe(colorScheme);
      const low: string[] = [];
      for (const address of PAGES.slice(1)) {
        await settled(address);
        const found = await page.evaluate<string[]>(LOW_CONTRAST);
        low.push(...found.map((text) => `${address} ${text}`));
      }
      expect(low).toEqual([]);
    });
  }

  function fresh(id: string): EventRecord {
    const [model] = mock.state.events;
    if (!model) throw new Error('there are no events');
    const made = {
      ...model,
      id,
      start: new Date().toISOString(),
      snapshot: null,
      clip: null,
      reviewed: false,
    };
    mock.state.events.unshift(made);
    return made;
  }
});
