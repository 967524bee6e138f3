import type { WebSocket } from 'ws';
import type { EventPictures } from '../../archive/event-pictures.ts';
import type { ArchivePlayer, PlaybackBody } from '../../archive/player.ts';
import type { ExportFolder } from '../../archive/export/folder.ts';
import type { EventRecord, StreamName } from '../../contracts/entities.ts';
import { SightmeshError } from '../../contracts/errors.ts';
import type { Export } from '../../contracts/jobs.ts';
import type { LiveMedia } from '../../media/live-media.ts';
import type { PictureMaker } from '../../media/picture/maker.ts';
import type { MediaBackend } from '../gateway/types.ts';

export interface LocalMediaParts {
  readonly live: LiveMedia;
  readonly player: ArchivePlayer;
  readonly maker: Pick<PictureMaker, 'make'>;
  readonly eventPictures: Pick<EventPictures, 'read'>;
  readonly exports: Pick<ExportFolder, 'open'>;
}

/** Media of this node: live from its hubs, recorded from its volumes. */
export class LocalMedia implements MediaBackend {
  readonly #parts: LocalMediaParts;

  constructor(parts: LocalMediaParts) {
    this.#parts = parts;
  }

  async snapshot(
    camera: string,
    { at, height }: { at?: string; height?: number },
  ): Promise<{ jpeg: Buffer; time: string | null }> {
    if (at === undefined) return this.#parts.live.snapshot(camera, height === undefined ? {} : { height });
    const { track, units, pts, time } = await this.#parts.player.pictureAt(camera, at);
    const timeOf = (ticks: number): number => time + ((ticks - pts) * 1000) / track.timebase;
    const { jpeg } = await this.#parts.maker.make({
      track,
      units: units.map((unit) => ({ data: unit.data, key: unit.key, time: timeOf(unit.pts) })),
      at: time,
      height,
    });
    return { jpeg, time: new Date(time).toISOString() };
  }

  playbackMp4(camera: string, from: string, to: string): Promise<PlaybackBody> {
    return this.#parts.player.playbackMp4(camera, from, to);
  }

  playbackHls(camera: string, from: string, to: string): Promise<string> {
    return this.#parts.player.playbackHls(camera, from, to);
  }

  hlsInit(camera: string, segment: string): Promise<Buffer> {
    return this.#parts.player.hlsInit(camera, segment);
  }

  hlsMedia(camera: string, segment: string, range: { from?: string; to?: string }): Promise<PlaybackBody> {
    return this.#parts.player.hlsMedia(camera, segment, range);
  }

  /** The picture of its best moment; from the recording when none was kept. */
  async eventSnapshot(event: EventRecord): Promise<Buffer> {
    const kept = await this.#parts.eventPictures.read(event);
    if (kept !== undefined) return kept;
    try {
      return (await this.snapshot(event.camera, { at: event.start })).jpeg;
    } catch (error) {
      throw new SightmeshError('no_picture', 'No picture of this event was kept.', { cause: String(error) });
    }
  }

  async exportFile({ id, node }: Export): Promise<PlaybackBody> {
    const body = await this.#parts.exports.open(id);
    if (body !== undefined) return body;
    throw new SightmeshError(
      'unavailable',
      `The file of this export is on the node ${node ?? 'that made it'}.`,
    );
  }

  mse(camera: string, stream: StreamName, socket: WebSocket): Promise<void> {
    return this.#parts.live.mse(camera, stream, socket);
  }
}
