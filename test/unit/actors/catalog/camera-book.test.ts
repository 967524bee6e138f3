import { beforeEach, describe, expect, it } from 'vitest';
import { CameraBook, publicCamera } from '../../../../src/actors/catalog/camera-book.ts';
import { syncDemo } from '../../../../src/actors/catalog/demo.ts';
import { CameraInput, CameraPatch } from '../../../../src/contracts/entities.ts';
import { errorCode } from '../../../../src/contracts/errors.ts';
import { createSecrets } from '../../../../src/store/secrets.ts';
import { openSqliteStore, type SqliteStore } from '../../../../src/store/sqlite/store.ts';

const secrets = createSecrets('a secret of some length');
const input = (fields: object) =>
  CameraInput.parse({ name: 'Front door', url: 'rtsp://10.0.0.1/a', ...fields });
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: unknown) => errorCode(error),
  );

describe('CameraBook', () => {
  let store: SqliteStore;
  const unreadable: string[] = [];
  const bookWith = (configured: CameraInput[] = [], withSecrets = secrets) =>
    new CameraBook({
      repository: store.cameras,
      secrets: withSecrets,
      configured,
      now: () => 1_700_000_000_000,
      onUnreadable: (camera) => unreadable.push(camera),
    });

  beforeEach(async () => {
    store = await openSqliteStore(':memory:');
    unreadable.length = 0;
    return () => store.close();
  });

  it('gives free slugs as ids and refuses an id twice', async () => {
    const book = bookWith();
    expect((await book.create(input({}))).id).toBe('front-door');
    expect((await book.create(input({}))).id).toBe('front-door-2');
    expect((await book.create(input({ name: 'Straße 1 (ÄÖ)' }))).id).toBe('strasse-1-ao');
    expect((await book.create(input({ name: '監視' }))).id).toBe('camera');
    expect(await code(book.create(input({ id: 'front-door' })))).toBe('camera_exists');
  });

  it('takes credentials out of addresses, seals them, and never shows them', async () => {
    const book = bookWith();
    const shown = await book.create(input({ url: 'rtsp://me:p%40ss:x@10.0.0.1:554/a?b=1' }));
    expect(shown).toMatchObject({ url: 'rtsp://10.0.0.1:554/a?b=1', hasCredentials: true });
    expect(JSON.stringify(shown)).not.toContain('p@ss');
    expect(JSON.stringify(await store.cameras.list())).not.toMatch(/p@ss|p%40ss|"me"/);
    const again = bookWith();
    await again.load();
    expect(again.document('front-door')).toMatchObject({ username: 'me', password: 'p@ss:x' });
    expect(publicCamera(again.document('front-door'))).not.toHaveProperty('password');
  });

  it('keeps stored credentials until others are named, and removes them by null or empty text', async () => {
    const book = bookWith();
    await book.create(input({ username: 'me', password: 'secret' }));
    await book.update('front-door', CameraPatch.parse({ name: 'Door' }));
    expect(book.document('front-door')).toMatchObject({ username: 'me', password: 'secret', version: 2 });
    await book.update('front-door', CameraPatch.parse({ url: 'rtsp://you:other@10.0.0.2/' }));
    expect(book.document('front-door')).toMatchObject({ username: 'you', password: 'other' });
    await book.update('front-door', CameraPatch.parse({ username: '', password: null }));
    expect(book.document('front-door')).toMatchObject({ username: null, hasCredentials: false });
  });

  it('merges nested objects and removes labels by null', async () => {
    const book = bookWith();
    await book.create(input({ labels: { site: 'a', floor: '1' }, detect: { fps: 3, minScore: 0.7 } }));
    const patch = CameraPatch.parse({ labels: { floor: null, room: '7' }, detect: { fps: 4 }, subUrl: null });
    const { labels, detect, record } = await book.update('front-door', patch);
    expect(labels).toEqual({ site: 'a', room: '7' });
    expect(detect).toMatchObject({ fps: 4, minScore: 0.7, enabled: true });
    expect(record.mode).toBe('continuous');
  });

  it('says when stored credentials were sealed with another secret', async () => {
    await bookWith().create(input({ password: 'x' }));
    const other = bookWith([], createSecrets('another secret than before'));
    await other.load();
    expect(unreadable).toEqual(['front-door']);
    expect(other.document('front-door').password).toBeNull();
  });

  it('refuses changes to cameras of the configuration file, and an old version', async () => {
    const book = bookWith([input({ id: 'gate' })]);
    await book.load();
    expect(book.document('gate').origin).toBe('config');
    expect(await code(book.update('gate', {}))).toBe('camera_read_only');
    expect(await code(book.remove('gate'))).toBe('camera_read_only');
    expect(await code(book.remove('nothing'))).toBe('camera_not_found');
    await book.create(input({}));
    const other = bookWith();
    await other.load();
    await other.update('front-door', CameraPatch.parse({ name: 'Elsewhere' }));
    expect(await code(book.update('front-door', CameraPatch.parse({ name: 'Here' })))).toBe('conflict');
  });

  describe('demo cameras', () => {
    const changes: string[] = [];
    const sync = (book: CameraBook, mode: 'auto' | 'on' | 'off') =>
      syncDemo({
        mode,
        book,
        settings: store.settings,
        cameras: () => [input({ id: 'demo-yard', url: 'test://yard' })],
        changed: (change, { id }) => Promise.resolve(void changes.push(`${change} ${id}`)),
      });
    const ids = (book: CameraBook) => book.documents().map(({ id }) => id);

    beforeEach(() => {
      changes.length = 0;
    });

    it('come once by themselves and leave with the first real one', async () => {
      const book = bookWith();
      await sync(book, 'auto');
      expect(ids(book)).toEqual(['demo-yard']);
      await book.create(input({}));
      await sync(book, 'auto');
      expect(ids(book)).toEqual(['front-door']);
      await book.remove('front-door');
      await sync(book, 'auto');
      expect(ids(book)).toEqual([]);
      expect(changes).toEqual(['created demo-yard', 'deleted demo-yard']);
    });

    it('stay beside real ones when asked for, and go when turned off', async () => {
      const book = bookWith();
      await book.create(input({}));
      await sync(book, 'on');
      expect(ids(book)).toEqual(['demo-yard', 'front-door']);
      await sync(book, 'off');
      expect(ids(book)).toEqual(['front-door']);
    });
  });
});
