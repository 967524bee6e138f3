/** A segment as retention sees it. Times in milliseconds since 1970. */
export interface RetainedSegment {
  readonly id: string;
  readonly camera: string;
  readonly volume: string;
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  /** Being written; never removed. */
  readonly open: boolean;
}

export interface KeepRule {
  readonly continuousDays: number;
  readonly eventDays: number;
}

export interface VolumeRoom {
  readonly id: string;
  readonly freeBytes: number;
  /** Removal begins below this… */
  readonly minFreeBytes: number;
  /** …and goes on until this much is free. */
  readonly targetFreeBytes: number;
}

export interface RetentionInput {
  readonly now: number;
  readonly segments: readonly RetainedSegment[];
  /** Rules by camera; a camera without one is gone, and its segments fall under `orphans`. */
  readonly rules: ReadonlyMap<string, KeepRule>;
  readonly orphans: KeepRule;
  readonly volumes: readonly VolumeRoom[];
  /** True when something worth keeping longer happened in the segment. */
  readonly hasEvent?: (segment: RetainedSegment) => boolean;
}

export interface Removal {
  readonly segment: RetainedSegment;
  readonly reason: 'age' | 'space';
}

export interface RetentionPlan {
  /** Oldest first. */
  readonly removals: Removal[];
  /** Volumes that stay short of room after all removals. */
  readonly full: string[];
}

const DAY_MS = 86_400_000;

/** What to remove: what is too old, then the oldest on each volume that is short of room. Never an open segment. */
export function planRetention(input: RetentionInput): RetentionPlan {
  const closed = input.segments
    .filter((segment) => !segment.open)
    .sort((a, b) => a.to - b.to || a.from - b.from);
  const removals: Removal[] = closed
    .filter((segment) => segment.to < input.now - keepMs(segment, input))
    .map((segment) => ({ segment, reason: 'age' }));
  const removed = new Set(removals.map(({ segment }) => segment.id));
  const full: string[] = [];
  for (const volume of input.volumes) {
    const onVolume = closed.filter((segment) => segment.volume === volume.id);
    let free = volume.freeBytes;
    for (const segment of onVolume) if (removed.has(segment.id)) free += segment.bytes;
    if (free >= volume.minFreeBytes) continue;
    for (const segment of onVolume) {
      if (free >= volume.targetFreeBytes) break;
      if (removed.has(segment.id)) continue;
      removed.add(segment.id);
      removals.push({ segment, reason: 'space' });
      free += segment.bytes;
    }
    if (free < volume.minFreeBytes) full.push(volume.id);
  }
  removals.sort((a, b) => a.segment.to - b.segment.to);
  return { removals, full };
}

function keepMs(segment: RetainedSegment, input: RetentionInput): number {
  const rule = input.rules.get(segment.camera) ?? input.orphans;
  const keepsEvents = rule.eventDays > rule.continuousDays && (input.hasEvent?.(segment) ?? false);
  return (keepsEvents ? rule.eventDays : rule.continuousDays) * DAY_MS;
}
