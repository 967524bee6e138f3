import { setImmediate as settle } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { FragmentHub } from '../../../../src/media/fmp4/fragment-hub.ts';
import type { InitSegment } from '../../../../src/media/fmp4/init.ts';
import { HubRegistry } from '../../../../src/media/hub/registry.ts';
import { aacTarget } from '../../../../src/media/transcode/targets.ts';
import type { TranscodedPacket } from '../../../../src/media/transcode/types.ts';
import type { AudioTrack, Fragment, Packet, SourcePacket } from '../../../../src/media/types.ts';
import { videoFrame, videoTrack } from '../../../support/media/video-frames.ts';

const pcm: AudioTrack = {
  kind: 'audio',
  codec: 'pcma',
  codecString: 'pcma',
  sampleRate: 8_000,
  channels: 1,
  config: Buffer.alloc(0),
  timebase: 8_000,
};
const sound: SourcePacket = { ...videoFrame(0), track: 1, kind: 'audio', pts: 0, dts: 0, key: true };

/** A stream with G.711 whose transcoding the test does by hand. */
function setUp(possible = true) {
  const pushed: Packet[] = [];
  const transcoders: { closed: boolean; give: (packet: TranscodedPacket) => void }[] = [];
  const hubs = new HubRegistry();
  hubs.transcodeSound((track, onPacket) => {
    if (!possible) return undefined;
    const made = { closed: false, give: onPacket };
    transcoders.push(made);
    return {
      track: aacTarget(track),
      push: (packet) => pushed.push(packet),
      close: () => (made.closed = true),
    };
  });
  const hub = hubs.ensure('door', 'main');
  const inits: InitSegment[] = [];
  const fragments: Fragment[] = [];
  const reader = FragmentHub.of(hub).read(
    { name: 'test' },
    { init: (init) => inits.push(init), fragments: (batch) => void fragments.push(...batch) },
  );
  return { hub, pushed, transcoders, inits, fragments, reader };
}

const aac = (n: number): TranscodedPacket => ({
  pts: n * 1024,
  time: 10_000 + n * 64,
  session: 1,
  discontinuity: false,
  data: Buffer.alloc(5, n),
});

describe('sound that MP4 cannot carry', () => {
  it('stands in the header from the beginning, and no picture waits for it', async () => {
    const { hub, pushed, inits, fragments } = setUp();
    const sink = hub.open();
    sink.header({ tracks: [videoTrack, pcm] });
    sink.packet(videoFrame(0));
    sink.packet(sound);
    for (let n = 1; n < 30; n += 1) sink.packet(videoFrame(n));
    await settle();
    expect(inits.map(({ codecs }) => codecs)).toEqual(['avc1.42c01e,mp4a.40.2']);
    expect(fragments.map(({ tfdt }) => tfdt.length)).toEqual([1, 1]);
    expect(pushed.map(({ data }) => data)).toEqual([sound.data]);
  });

  it('joins the picture when it comes', async () => {
    const { hub, transcoders, fragments } = setUp();
    const sink = hub.open();
    sink.header({ tracks: [videoTrack, pcm] });
    for (let n = 0; n < 20; n += 1) sink.packet(videoFrame(n));
    await settle();
    for (let n = 0; n < 8; n += 1) transcoders[0]?.give(aac(n));
    for (let n = 20; n < 40; n += 1) sink.packet(videoFrame(n));
    await settle();
    const heard = fragments.flatMap(({ tfdt }) => tfdt.filter(({ trackId }) => trackId === 2));
    expect(heard).toMatchObject([{ value: 0, timescale: 16_000 }]);
  });

  it('is transcoded anew with new parameters, and no more when nobody reads', async () => {
    const { hub, transcoders, inits, reader } = setUp();
    const sink = hub.open();
    sink.header({ tracks: [videoTrack, pcm] });
    sink.header({ tracks: [videoTrack, { ...pcm, codec: 'pcmu' }] });
    await settle();
    expect(transcoders.map(({ closed }) => closed)).toEqual([true, false]);
    expect(inits).toHaveLength(2);
    reader.close();
    expect(transcoders.map(({ closed }) => closed)).toEqual([true, true]);
  });

  it('is left out where it cannot be transcoded', async () => {
    const { hub, inits } = setUp(false);
    hub.open().header({ tracks: [videoTrack, pcm] });
    await settle();
    expect(inits.map(({ codecs }) => codecs)).toEqual(['avc1.42c01e']);
  });
});
