import type { CameraDocument, StreamName } from '../../contracts/entities.ts';
import type { AnalysisPool } from '../../inference/pool.ts';
import type { AnalysisState, AnalysisStream } from '../../inference/pool-stream.ts';
import type { HubRegistry } from '../../media/hub/registry.ts';
import type { Reader } from '../../media/hub/reader.ts';
import type { Packet, StreamHeader } from '../../media/types.ts';
import type { EventLog } from './event-log.ts';

export interface AnalysisOptions {
  readonly camera: Pick<CameraDocument, 'id' | 'subUrl' | 'detect'>;
  readonly hubs: Pick<HubRegistry, 'ensure' | 'get'>;
  readonly pool: Pick<AnalysisPool, 'open'>;
  readonly events: EventLog;
  /** Milliseconds that never go back. */
  readonly now: () => number;
}

/** Milliseconds without a packet after which the camera counts as away. */
const AWAY_MS = 5_000;
const TICK_MS = 1_000;
const REOPEN_MS = 1_000;
/** Milliseconds without the sub stream after which the main stream takes its place. */
const FALL_BACK_MS = 10_000;

/**
 * Leads the packets of one camera from its hub to the pool and what comes back into the event log. Whatever breaks the
 * sequence of pictures (the camera goes away, the hub closes, the worker dies) ends the open events.
 */
export class Analysis {
  readonly #options: AnalysisOptions;
  readonly #now: () => number;
  /** The stream that is read. */
  #stream: StreamName;
  #subGone: number;
  #pooled: AnalysisStream | undefined;
  #reader: Reader | undefined;
  #session: number | undefined;
  #lastPacket = Number.NEGATIVE_INFINITY;
  #away = true;
  #ready = false;
  #tick: NodeJS.Timeout | undefined;
  #reopen: NodeJS.Timeout | undefined;

  constructor(options: AnalysisOptions) {
    this.#options = options;
    this.#now = options.now;
    this.#stream = options.camera.subUrl === null ? 'main' : 'sub';
    this.#subGone = this.#now();
  }

  start(): void {
    const { camera, pool } = this.#options;
    this.#pooled = pool.open({
      id: camera.id,
      settings: camera.detect,
      onReady: () => {
        this.#ready = true;
        // The pool may call before it returned the stream.
        queueMicrotask(() => {
          this.#read();
        });
      },
      onLost: () => {
        this.#ready = false;
        this.#stopReading();
        this.#options.events.endAll();
      },
      onChange: (change, jpeg) => {
        this.#options.events.change(change, jpeg);
      },
    });
    this.#tick = setInterval(() => {
      this.#look();
    }, TICK_MS);
    this.#tick.unref();
  }

  /** Idempotent. Open events end. */
  stop(): void {
    clearInterval(this.#tick);
    clearTimeout(this.#reopen);
    this.#ready = false;
    this.#stopReading();
    this.#noteSeen();
    this.#pooled?.close();
    this.#options.events.endAll();
  }

  /** The camera says that it is away: true soon after its last packet too. */
  cameraAway(): void {
    if (!this.#live(this.#stream)) this.#lose();
  }

  /** The sub stream is wanted and does not come: the main stream is read instead. */
  get fallenBack(): boolean {
    return this.#stream === 'main' && this.#options.camera.subUrl !== null;
  }

  /** No picture came for a while. */
  get away(): boolean {
    return this.#away;
  }

  get state(): AnalysisState | undefined {
    return this.#pooled?.state;
  }

  #read(): void {
    if (!this.#ready || this.#reader !== undefined) return;
    const { hubs, camera } = this.#options;
    const hub = hubs.ensure(camera.id, this.#stream);
    this.#reader = hub.read(
      { name: 'analyzer', kinds: ['video'], maxBytes: 8 * 1024 * 1024 },
      {
        header: (header) => {
          this.#header(header);
        },
        packets: (batch) => {
          this.#packets(batch);
        },
        closed: () => {
          this.#reader = undefined;
          this.#lose();
          this.#reopen = setTimeout(() => {
            this.#read();
          }, REOPEN_MS);
        },
      },
    );
  }

  #header(header: StreamHeader): void {
    if (this.#session !== undefined && header.session !== this.#session) this.#lose();
    this.#session = header.session;
    const track = header.tracks.find(({ kind }) => kind === 'video');
    if (track?.kind === 'video') this.#pooled?.header(track);
  }

  #packets(batch: readonly Packet[]): void {
    this.#lastPacket = this.#now();
    this.#away = false;
    for (const packet of batch) this.#pooled?.packet(packet);
  }

  /** Once a second: what the worker saw last, and whether the camera still sends. */
  #look(): void {
    this.#noteSeen();
    if (!this.#away && this.#now() - this.#lastPacket > AWAY_MS) this.#lose();
    const stream = this.#choose();
    if (stream === this.#stream) return;
    this.#stopReading();
    this.#lose();
    this.#stream = stream;
    this.#read();
  }

  #choose(): StreamName {
    if (this.#options.camera.subUrl === null) return 'main';
    if (this.#live('sub')) {
      this.#subGone = this.#now();
      return 'sub';
    }
    if (!this.#live('main')) return this.#stream;
    return this.#now() - this.#subGone > FALL_BACK_MS ? 'main' : this.#stream;
  }

  #live(stream: StreamName): boolean {
    return this.#options.hubs.get(this.#options.camera.id, stream)?.live === true;
  }

  #lose(): void {
    if (this.#away) return;
    this.#away = true;
    this.#noteSeen();
    this.#pooled?.reset();
    this.#options.events.endAll();
  }

  #noteSeen(): void {
    for (const { id, lastSeen } of this.state?.tracks ?? []) this.#options.events.seen(id, lastSeen);
  }

  #stopReading(): void {
    clearTimeout(this.#reopen);
    this.#reader?.close();
    this.#reader = undefined;
    this.#session = undefined;
  }
}
