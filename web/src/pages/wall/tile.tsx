import { useState } from 'react';
import { Link } from 'wouter';
import type { Camera } from '../../../../src/contracts/entities.ts';
import type { LadderState } from '../../player/ladder.ts';
import { LiveView } from '../../player/live-view.tsx';
import { TransportBadge } from '../../player/transport-badge.tsx';
import classes from './wall.module.css';

/** One camera of the wall. */
export function Tile({ camera, small }: { camera: Camera; small: boolean }) {
  const [state, setState] = useState<LadderState | null>(null);
  return (
    <article className={classes.tile} data-camera={camera.id}>
      <LiveView
        camera={camera}
        stream={small && camera.subUrl !== null ? 'sub' : 'main'}
        audio={false}
        muted
        onState={setState}
      />
      <Link href={`/cameras/${camera.id}`} className={classes.cover} aria-label={`Open ${camera.name}`}>
        <span className={classes.name}>{camera.name}</span>
        <TransportBadge state={state} enabled={camera.enabled} />
      </Link>
    </article>
  );
}
