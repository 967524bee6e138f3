import { SightmeshError } from '../../contracts/errors.ts';
import type { Hub } from '../hub/hub.ts';
import type { VideoTrack } from '../types.ts';
import type { PictureUnit } from './job.ts';
import type { Picture, PictureMaker } from './maker.ts';

interface Made {
  /** Of the newest access unit in it. */
  readonly key: string;
  /** Given again up to this moment of the monotonic clock. */
  until: number;
  readonly picture: Promise<Picture>;
}

/** A picture as young as this is given again, milliseconds. */
const FRESH_MS = 400;
/** After a failure, the stream is left alone for this long, milliseconds. */
const REST_MS = 5_000;
/** Pixels decoded for one picture at most: some 70 frames of 1080p, about 250 ms of one core. */
const MAX_PIXELS = 150_000_000;
const MAX_BYTES = 24 * 1024 * 1024;

/** The newest pictures of hubs as JPEG. However many ask, one picture of a stream and height is made at a time. */
export class Snapshots {
  readonly #maker: Pick<PictureMaker, 'make'>;
  readonly #made = new WeakMap<Hub, Map<number, Made>>();

  constructor(maker: Pick<PictureMaker, 'make'>) {
    this.#maker = maker;
  }

  /**
   * The newest picture of the stream, or an older one of the same group of pictures where that is long.
   *
   * @param height pixels, never enlarged
   * @throws SightmeshError `camera_offline`, `no_picture`, `unavailable`
   */
  async of(hub: Hub, height?: number): Promise<Picture> {
    const { track, units, key } = newest(hub);
    let byHeight = this.#made.get(hub);
    if (byHeight === undefined) this.#made.set(hub, (byHeight = new Map<number, Made>()));
    const slot = height ?? 0;
    const before = byHeight.get(slot);
    const now = performance.now();
    if (before !== undefined && (before.key === key || now < before.until)) return before.picture;
    const made: Made = { key, until: now + FRESH_MS, picture: this.#maker.make({ track, units, height }) };
    if (byHeight.size >= 8) byHeight.clear();
    byHeight.set(slot, made);
    try {
      return await made.picture;
    } catch (error) {
      if (error instanceof SightmeshError && error.type === 'no_picture') made.until = now + REST_MS;
      else byHeight.delete(slot);
      throw error;
    }
  }
}

/** @throws SightmeshError `camera_offline`, `no_picture` */
function newest(hub: Hub): { track: VideoTrack; units: PictureUnit[]; key: string } {
  const header = hub.header;
  if (!hub.live || header === undefined) throw new SightmeshError('camera_offline');
  const track = header.tracks.find((one) => one.kind === 'video');
  const packets = hub.gop.filter((packet) => packet.kind === 'video');
  if (track === undefined || packets.length === 0) throw new SightmeshError('no_picture');
  const most = Math.max(1, Math.floor(MAX_PIXELS / Math.max(1, track.width * track.height)));
  const units: PictureUnit[] = [];
  let bytes = 0;
  for (const { data, time, key } of packets.slice(0, most)) {
    bytes += data.length;
    if (bytes > MAX_BYTES && units.length > 0) break;
    units.push({ data, time, key });
  }
  const last = packets[units.length - 1];
  return { track, units, key: [header.session, header.generation, last?.seq].join() };
}
