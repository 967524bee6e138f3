import { decode } from 'jpeg-js';
import { beforeAll, describe, expect, it } from 'vitest';
import { AnalysisLoop } from '../../../src/inference/analysis-loop.ts';
import type { EventChange } from '../../../src/inference/event-builder.ts';
import type { Detection, Engine, RgbImage } from '../../../src/inference/types.ts';
import { annexB } from '../../../src/media/av/decoder.ts';
import { type MovingPicture, movingPicture } from '../../support/moving-picture.ts';

const settings = { fps: 10, objects: ['person'], minScore: 0.5, zones: [], masks: [], sensitivity: 0.5 };
const T0 = 1_700_000_000_000;
/** The machine's clock hardly moves: nothing ages but what the tests make old. */
const NOW = 5_000;

/** Finds the bright block of the moving picture, as a person. */
class BlockEngine implements Engine {
  readonly name = 'block finder';
  readonly labels = ['person', 'bench'];
  readonly inputSize = 64;
  looks = 0;
  more: Detection[] = [];
  fails = false;
  /** Turns of the event loop that one picture takes. */
  turns = 0;

  async detect({ width, height, data }: RgbImage): Promise<Detection[]> {
    this.looks += 1;
    for (let turn = 0; turn < this.turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    if (this.fails) throw new Error('out of order');
    let [left, right, top, bottom] = [width, -1, height, -1];
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        if ((data[(y * width + x) * 3] ?? 0) < 190) continue;
        [left, right] = [Math.min(left, x), Math.max(right, x)];
        [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
      }
    }
    if (right < left) return [...this.more];
    const box: Detection['box'] = [
      left / width,
      top / height,
      (right + 1 - left) / width,
      (bottom + 1 - top) / height,
    ];
    return [{ label: 'person', score: 0.9, box }, ...this.more];
  }

  close(): void {
    this.fails = false;
  }
}

let movie: MovingPicture;
beforeAll(async () => {
  movie = await movingPicture(40, 10);
});

function setUp() {
  const engine = new BlockEngine();
  const failures: unknown[] = [];
  const found: { stream: number; life: number; change: EventChange; jpeg: Buffer | undefined }[] = [];
  const boxed: number[] = [];
  const loader = {
    engine: engine as Engine | undefined,
    want: () => undefined,
    failed: (error: unknown) => void failures.push(error),
    onReady: () => undefined,
  };
  let id = 0;
  let now = NOW;
  const loop = new AnalysisLoop({
    loader,
    blackBox: { set: (stream) => void boxed.push(stream) },
    now: () => (now += 0.001),
    newEventId: () => `event-${String((id += 1))}`,
    onFound: (stream, life, one) => found.push({ stream, life, ...one }),
  });
  const format = {
    codec: 'h264',
    parameterSets: annexB([...movie.track.sps, ...movie.track.pps]),
    width: 320,
    height: 180,
    fps: 10,
    reorders: false,
  } as const;
  const push = (stream: number, index: number, ageMs = 0) => {
    const { data, key, pts } = movie.pictures[index] ?? { data: Buffer.alloc(0), key: false, pts: index };
    loop.packet(stream, { time: T0 + pts * 100, key, sent: NOW - ageMs, data });
  };
  return { engine, failures, found, boxed, loader, loop, format, push };
}

/** Lets the loop do all that it has to do. */
async function rest(): Promise<void> {
  for (let turn = 0; turn < 6; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('analysis loop', () => {
  it('makes an event of what moves, with the picture in which it was seen', async () => {
    const { loop, format, push, found, engine, boxed } = setUp();
    loop.open(1, 1, settings);
    loop.header(1, format);
    for (let index = 0; index < 40; index += 1) {
      push(1, index);
      await rest();
    }
    expect(engine.looks).toBeGreaterThan(20);
    expect(engine.looks).toBeLessThanOrEqual(30);
    const news = found.filter(({ change }) => change.type === 'new');
    expect(news).toHaveLength(1);
    expect(news[0]?.change.event).toMatchObject({ label: 'person', start: T0 + 1_000, end: null });
    const picture = decode(news[0]?.jpeg ?? Buffer.alloc(0));
    expect([picture.width, picture.height]).toEqual([320, 180]);
    expect(loop.reports()).toMatchObject([{ stream: 1, life: 1, motion: true, waiting: 0, problem: null }]);
    expect(loop.reports()[0]?.tracks[0]?.box[0]).toBeGreaterThan(0.4);
    expect(boxed).toContain(1);
    expect(boxed.at(-1)).toBe(0);
    loop.close(1);
  });

  it('leaves the engine alone while nothing moves', async () => {
    const { loop, format, push, engine } = setUp();
    loop.open(1, 1, settings);
    loop.header(1, format);
    for (let index = 0; index < 10; index += 1) {
      push(1, index);
      await rest();
    }
    expect(engine.looks).toBe(0);
    loop.close(1);
  });

  it('makes no event of what stood there all along, or of labels that nobody wants', async () => {
    const { loop, format, push, engine, found } = setUp();
    engine.more = [
      { label: 'person', score: 0.95, box: [0.05, 0.02, 0.1, 0.1] },
      { label: 'bench', score: 0.95, box: [0.2, 0.2, 0.3, 0.3] },
    ];
    loop.open(1, 1, settings);
    loop.header(1, format);
    for (let index = 0; index < 40; index += 1) {
      push(1, index);
      await rest();
    }
    expect(loop.reports()[0]?.tracks.length).toBe(2);
    expect(found.filter(({ change }) => change.type === 'new')).toHaveLength(1);
    loop.close(1);
  });

  it('looks at all streams alike when it cannot look at everything', async () => {
    const { loop, format, push, engine } = setUp();
    for (const stream of [1, 2, 3]) {
      loop.open(stream, 1, settings);
      loop.header(stream, format);
      for (let index = 0; index < 10; index += 1) push(stream, index);
    }
    await rest();
    engine.turns = 3;
    for (let index = 10; index < 40; index += 1) {
      for (const stream of [1, 2, 3]) push(stream, index, 1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await rest();
    const looks = loop.reports().map(({ inferences }) => inferences);
    expect(Math.min(...looks)).toBeGreaterThan(0);
    expect(Math.max(...looks) - Math.min(...looks)).toBeLessThanOrEqual(1);
    for (const stream of [1, 2, 3]) loop.close(stream);
  });

  it('lets a busy stream lose pictures, not the quiet one beside it', async () => {
    const { loop, format, push, engine } = setUp();
    for (const stream of [1, 2]) {
      loop.open(stream, 1, settings);
      loop.header(stream, format);
      for (let index = 0; index < 10; index += 1) push(stream, index);
    }
    await rest();
    engine.turns = 3;
    for (let index = 10; index < 40; index += 1) {
      push(1, index, 1_000);
      if (index % 10 === 9) for (let quiet = index - 9; quiet <= index; quiet += 1) push(2, quiet);
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (let turn = 0; turn < 30; turn += 1) await rest();
    const [busy, quiet] = loop.reports();
    expect(busy?.skipped).toBeGreaterThan(5);
    expect(busy?.inferences).toBeGreaterThan(2);
    expect(quiet).toMatchObject({ skipped: 0, waiting: 0 });
    expect(quiet?.inferences).toBeGreaterThan(15);
    loop.close(1);
    loop.close(2);
  });

  it('keeps only the newest picture while the engine is not there', async () => {
    const { loop, format, push, loader, engine } = setUp();
    loader.engine = undefined;
    loop.open(1, 1, settings);
    loop.header(1, format);
    for (let index = 0; index < 40; index += 1) {
      push(1, index, 1_000);
      await rest();
    }
    const waiting = loop.reports()[0];
    expect(waiting?.inferences).toBe(0);
    expect(waiting?.skipped).toBeGreaterThan(20);
    loader.engine = engine;
    loader.onReady();
    await rest();
    expect(engine.looks).toBe(1);
    loop.close(1);
  });

  it('looks at every picture of a burst that the engine can manage', async () => {
    const { loop, format, push, engine } = setUp();
    loop.open(1, 1, settings);
    loop.header(1, format);
    for (let index = 0; index < 30; index += 1) push(1, index);
    for (let turn = 0; turn < 20; turn += 1) await rest();
    expect(loop.reports()[0]).toMatchObject({ skipped: 0, waiting: 0 });
    expect(engine.looks).toBeGreaterThan(15);
    loop.close(1);
  });

  it('tells an engine that fails from a stream that is damaged', async () => {
    const { loop, format, push, engine, failures } = setUp();
    engine.fails = true;
    loop.open(1, 1, settings);
    loop.header(1, format);
    loop.open(2, 1, settings);
    loop.header(2, { ...format, parameterSets: Buffer.from('rubbish') });
    for (let index = 0; index < 20; index += 1) {
      push(1, index);
      loop.packet(2, {
        time: T0 + index * 100,
        key: index % 10 === 0,
        sent: NOW,
        data: Buffer.from(`rubbish ${String(index)}`),
      });
      await rest();
    }
    expect(failures.length).toBeGreaterThan(0);
    expect(failures[0]).toMatchObject({ name: 'EngineFailure', message: 'out of order' });
    const [good, bad] = loop.reports();
    expect([good?.damaged, good?.problem]).toEqual([0, null]);
    expect(bad?.damaged).toBeGreaterThan(5);
    loop.close(1);
    loop.close(2);
  });

  it('says which objects the model does not know', () => {
    const { loop, loader } = setUp();
    loop.open(1, 1, { ...settings, objects: ['person', 'dragon', 'elf'] });
    expect(loop.reports()[0]?.problem).toBe('The model cannot recognise: dragon, elf.');
    loader.engine = undefined;
    expect(loop.reports()[0]?.problem).toBeNull();
    loop.close(1);
  });

  it('refuses pictures that are too large, and says so', () => {
    const { loop, format } = setUp();
    loop.open(1, 1, settings);
    loop.header(1, { ...format, width: 16_000, height: 9_000 });
    expect(loop.reports()[0]?.problem).toBe('Pictures of 16000 × 9000 are too large to be analysed.');
    loop.close(1);
  });

  it('forgets without a word at a reset, and answers under the new life', async () => {
    const { loop, format, push, found } = setUp();
    loop.open(1, 1, settings);
    loop.header(1, format);
    for (let index = 0; index < 20; index += 1) {
      push(1, index);
      await rest();
    }
    loop.reset(1, 2);
    expect(loop.reports()[0]).toMatchObject({ life: 2, tracks: [], motion: false });
    for (let index = 20; index < 40; index += 1) {
      push(1, index);
      await rest();
    }
    const lives = found.filter(({ change }) => change.type === 'new').map(({ life }) => life);
    expect(lives).toEqual([1, 2]);
    expect(found.some(({ change }) => change.type === 'end')).toBe(false);
    loop.close(1);
  });
});
