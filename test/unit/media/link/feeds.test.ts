import { beforeEach, describe, expect, it } from 'vitest';
import { HubRegistry } from '../../../../src/media/hub/registry.ts';
import type { LinkTarget } from '../../../../src/media/link/client.ts';
import { LinkFeeds } from '../../../../src/media/link/feeds.ts';
import type { Source } from '../../../../src/media/types.ts';

const target = (node: string): LinkTarget => ({ node, host: '127.0.0.1', port: 1 });

describe('the hubs that are fed from other nodes', () => {
  let where: LinkTarget | 'here' | undefined;
  let log: string[];
  let sources: Source[];
  let feeds: LinkFeeds;

  beforeEach(() => {
    where = target('b');
    log = [];
    sources = [];
    feeds = new LinkFeeds({
      client: { openHub: () => Promise.reject(new Error('nobody dials here')) },
      hubs: new HubRegistry(),
      locate: () => where,
      feed: (hub, makeSource) => {
        log.push(`start ${hub.id}`);
        sources.push(makeSource());
        return {
          reconnect: () => void log.push('reconnect'),
          stop: () => {
            log.push('stop');
            return Promise.resolve();
          },
        };
      },
    });
  });

  it('have one link however many want them, for as long as one does', () => {
    const one = feeds.hold('door', 'main');
    const two = feeds.hold('door', 'main');
    feeds.hold('door', 'sub');
    expect(two.hub).toBe(one.hub);
    expect(log).toEqual(['start door/main', 'start door/sub']);
    expect(feeds.links).toEqual([
      { camera: 'door', stream: 'main', node: 'b' },
      { camera: 'door', stream: 'sub', node: 'b' },
    ]);
    one.release();
    one.release();
    expect(log).toHaveLength(2);
    two.release();
    expect(log.at(-1)).toBe('stop');
    feeds.hold('door', 'main');
    expect(log.at(-1)).toBe('start door/main');
  });

  it('follow the camera to another node, and let go when it comes here', () => {
    feeds.hold('door', 'main');
    feeds.relocate();
    expect(log).toEqual(['start door/main']);
    where = target('c');
    feeds.relocate();
    expect(log.at(-1)).toBe('reconnect');
    where = 'here';
    feeds.relocate();
    feeds.relocate();
    expect(log.slice(2)).toEqual(['stop']);
    where = target('b');
    feeds.relocate();
    expect(log.slice(3)).toEqual(['start door/main']);
  });

  it('wait when nobody knows where a stream is', async () => {
    where = undefined;
    feeds.hold('door', 'main');
    expect(log).toEqual([]);
    where = target('b');
    feeds.relocate();
    expect(log).toEqual(['start door/main']);
    await feeds.close();
    expect(log.at(-1)).toBe('stop');
    expect(feeds.links).toEqual([]);
  });
});
