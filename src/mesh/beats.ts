import type { Owner } from './ownership.ts';

/** What a node says of itself, every 500 ms. */
export interface Beat extends Owner {
  /** Rises with each beat of one life. */
  readonly count: number;
  readonly roles: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** The machine; replicas are kept apart by it. */
  readonly host: string;
  readonly version: string;
  readonly capacity: Capacity;
  readonly load: {
    /** 0 to 1, of all cores. */
    readonly cpu: number;
    /** It takes nothing more unless nobody else can. The node decides this itself, with hysteresis. */
    readonly isOverloaded: boolean;
  };
  /** It is to be emptied: nothing comes, and what is there moves away. */
  readonly isDraining: boolean;
  /** By what they are for, such as `link` and `http`: `host:port`. */
  readonly addresses: Readonly<Record<string, string>>;
}

export interface Capacity {
  /** Packets of media that the node may take in, per second. */
  readonly packets: number;
  /** Of the node's INFO packet on the bus. */
  readonly infoBytes: number;
  /** Bytes that its volumes may take. */
  readonly diskBytes: number;
  /** Inference, in pictures per second. */
  readonly pictures: number;
  readonly gpu: boolean;
  /** Names of networks of cameras that it reaches; `*` reaches all. */
  readonly reaches: readonly string[];
}

export interface NodeLife {
  readonly beat: Beat;
  readonly isAlive: boolean;
}

/** After so many of one's own beats since a peer's last one, the peer is dead. */
export const BEATS_TO_DEATH = 5;

interface Peer {
  beat: Beat;
  /** Own beats that were counted since. */
  missed: number;
}

/**
 * Who is alive, judged by nothing but the order of beats in the store: no clock is compared, and while the store takes
 * no beats of this node nobody is judged.
 */
export class BeatJudge {
  readonly #self: Owner;
  readonly #peers = new Map<string, Peer>();

  constructor(self: Owner) {
    this.#self = self;
  }

  /** A beat that the store shows. What was seen before is no sign of life. True when somebody came (back). */
  saw(beat: Beat): boolean {
    const peer = this.#peers.get(beat.node);
    if (peer === undefined) {
      this.#peers.set(beat.node, { beat, missed: 0 });
      return true;
    }
    const isNewLife = peer.beat.incarnation !== beat.incarnation;
    if (!isNewLife && beat.count <= peer.beat.count) return false;
    const wasDead = this.#isDead(peer);
    peer.beat = beat;
    peer.missed = 0;
    return wasDead || isNewLife;
  }

  /** A node left by itself, or the store forgot it. True when it was known. */
  left(node: string): boolean {
    return node !== this.#self.node && this.#peers.delete(node);
  }

  /**
   * The newest own beat was acknowledged, and everything that the store took before it was seen. Returns those that died
   * by it.
   */
  acknowledged(): Beat[] {
    const died: Beat[] = [];
    for (const peer of this.#peers.values()) {
      if (peer.beat.node === this.#self.node) continue;
      const wasDead = this.#isDead(peer);
      peer.missed += 1;
      if (!wasDead && this.#isDead(peer)) died.push(peer.beat);
    }
    return died;
  }

  /** An own beat was not acknowledged in time: what others could not write either counts against nobody. */
  stalled(): void {
    for (const peer of this.#peers.values()) if (!this.#isDead(peer)) peer.missed = 0;
  }

  /** By node. */
  get nodes(): NodeLife[] {
    return [...this.#peers.values()]
      .map((peer) => ({ beat: peer.beat, isAlive: !this.#isDead(peer) }))
      .sort((a, b) => (a.beat.node < b.beat.node ? -1 : 1));
  }

  isAlive({ node, incarnation }: Owner): boolean {
    const peer = this.#peers.get(node);
    return peer?.beat.incarnation === incarnation && !this.#isDead(peer);
  }

  #isDead({ missed }: Peer): boolean {
    return missed >= BEATS_TO_DEATH;
  }
}

/** The key of a node's beat; names of nodes may hold dots. */
export const beatKey = (node: string): string =>
  `node.${node.replaceAll(/[^\w-]/g, (sign) => `=${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase()}`)}`;

export const BEAT_PREFIX = 'node.';
