import { afterEach, describe, expect, it, vi } from 'vitest';
import { StreamRunner } from '../../../../src/actors/camera/stream-runner.ts';
import type { CameraView } from '../../../../src/actors/camera/camera.state.ts';
import { Hub } from '../../../../src/media/hub/hub.ts';
import {
  type Source,
  SourceError,
  type SourceErrorCode,
  type SourceSink,
} from '../../../../src/media/types.ts';

type Script = (sink: SourceSink) => SourceErrorCode | 'stay';

class ScriptedSource implements Source {
  readonly stats = { bytes: 0, packets: 0, lost: 1, malformed: 0 };
  readonly #script: Script;
  #close: () => void = () => undefined;

  constructor(script: Script) {
    this.#script = script;
  }

  run(sink: SourceSink): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#close = resolve;
      const end = this.#script(sink);
      if (end !== 'stay') reject(new SourceError(end, `ended: ${end}`));
    });
  }

  close(): void {
    this.#close();
  }
}

const live: Script = (sink) => {
  sink.header({ tracks: [] });
  sink.packet({
    track: 0,
    kind: 'audio',
    pts: 0,
    dts: 0,
    time: 0,
    discontinuity: false,
    key: true,
    data: Buffer.alloc(1),
  });
  return 'stay';
};

function run(...scripts: Script[]) {
  const seen: CameraView[] = [];
  let made = 0;
  const runner = new StreamRunner({
    hub: new Hub('a/main'),
    makeSource: () => new ScriptedSource(scripts[Math.min(made++, scripts.length - 1)] ?? live),
    onChange: (view) => seen.push(view),
  });
  runner.start();
  return { runner, seen, made: () => made };
}

describe('StreamRunner', () => {
  afterEach(() => void vi.useRealTimers());

  it('shows what is wrong until a retry is live, and counts losses over connections', async () => {
    vi.useFakeTimers();
    const { runner, seen } = run(
      () => 'connection_refused',
      () => 'connection_refused',
      live,
    );
    await vi.advanceTimersByTimeAsync(5_000);
    expect(seen.map((view) => view.state)).toEqual(['connecting', 'failed', 'live']);
    expect(seen[1]?.message).toBe('ended: connection_refused');
    expect(runner.lost).toBe(3);
    await runner.stop();
    expect(runner.view.state).toBe('idle');
  });

  it('does not hammer a camera that refuses the password, but tries at once when told to', async () => {
    vi.useFakeTimers();
    const { runner, made } = run(() => 'unauthorized');
    await vi.advanceTimersByTimeAsync(7_000);
    expect(made()).toBe(1);
    expect(runner.view.state).toBe('unauthorized');
    runner.reconnect();
    await vi.advanceTimersByTimeAsync(10);
    expect(made()).toBe(2);
    await runner.stop();
  });

  it('connects again when told to while live', async () => {
    vi.useFakeTimers();
    const { runner, made } = run(live);
    await vi.advanceTimersByTimeAsync(10);
    runner.reconnect();
    await vi.advanceTimersByTimeAsync(10);
    expect(made()).toBe(2);
    expect(runner.view.state).toBe('live');
    await runner.stop();
  });
});
