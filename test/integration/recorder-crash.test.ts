import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { recordNodeDown } from '../../src/archive/downtime.ts';
import type { Recovered } from '../../src/archive/recover.ts';
import { SegmentIndexes } from '../../src/archive/segment-index.ts';
import { archiveNode } from '../support/archive/archive-node.ts';
import { hasFfmpeg, probe } from '../support/media/ffmpeg.ts';

const ROUNDS = 5;
const CAMERAS = 4;
const child = fileURLToPath(new URL('../support/archive/recorder-child.ts', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'crash-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Life {
  readonly recovered: Recovered | undefined;
  /** Of the last frame that the recorders got, milliseconds since 1970. */
  readonly lastFrame: number;
}

/** Lets the node live for so long after its first frame, then kills it. */
async function live(ms: number): Promise<Life> {
  const process_ = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', child, folder, String(CAMERAS)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let said = '';
  const first = Promise.withResolvers<undefined>();
  const ended = new Promise((resolve) => process_.stdout.once('end', resolve));
  process_.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (said.includes('frame ')) first.resolve(undefined);
  });
  process_.once('exit', () => {
    first.reject(new Error(`the node ended by itself: ${said.slice(-500)}`));
  });
  await first.promise;
  await sleep(ms);
  process_.kill('SIGKILL');
  await ended;
  const recovered = /^recovered (.*)$/m.exec(said)?.[1];
  const lines = said.split('\n').slice(0, -1);
  const lastFrame = Number(lines.at(-1)?.replace('frame ', ''));
  return { recovered: recovered === undefined ? undefined : (JSON.parse(recovered) as Recovered), lastFrame };
}

it('a node that is killed loses at most a second each time, and every file plays', async () => {
  const lives: Life[] = [];
  for (let round = 0; round < ROUNDS; round += 1) lives.push(await live(1_500 + Math.random() * 4_500));
  // One more life that ends at once: it puts in order what the last one left.
  lives.push(await live(0));
  for (const { recovered } of lives.slice(1)) expect(recovered?.closed).toBe(CAMERAS);
  const node = await archiveNode({ folder });
  const { store, volumes, coverage, journal } = node.parts;
  await recordNodeDown(node.parts, await store.nodes.get('n'));
  await journal.drained();
  const gaps = await Promise.all(
    Array.from({ length: CAMERAS }, (_, camera) => coverage.gapSecondsToday(`cam${String(camera)}`)),
  );
  for (const causes of gaps.map((seconds) => Object.keys(seconds))) {
    expect(causes).toContain('node_down');
    expect(causes.filter((cause) => !['node_down', 'starting'].includes(cause))).toEqual([]);
  }
  const indexes = new SegmentIndexes();
  for (let camera = 0; camera < CAMERAS; camera += 1) {
    const id = `cam${String(camera)}`;
    const rows = await store.segments.find({ camera: id, closed: true });
    for (const row of rows) {
      const file = volumes.resolve(row) ?? '';
      expect((await indexes.read(file)).bytes).toBe(statSync(file).size);
      expect(row.bytes).toBe(statSync(file).size);
      if (hasFfmpeg) probe(file);
    }
    for (const { lastFrame } of lives.slice(0, ROUNDS)) {
      const recorded = Math.max(...rows.filter(({ from }) => from <= lastFrame).map(({ to }) => to));
      expect(lastFrame + 40 - recorded).toBeLessThanOrEqual(1_000);
    }
  }
  await node.close();
});
