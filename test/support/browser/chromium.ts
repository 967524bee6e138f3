import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const found = PATHS.find((file) => existsSync(file));

/** Tests that need a browser skip by name without it. */
export const hasChromium = found !== undefined;

export function startChromium(): Promise<Browser> {
  if (found === undefined) throw new Error('there is no Chromium');
  return chromium.launch({
    executablePath: found,
    args: [
      '--no-sandbox',
      '--disable-background-networking',
      '--autoplay-policy=no-user-gesture-required',
      '--disable-features=WebRtcHideLocalIpsWithMdns',
    ],
  });
}
