import { useState, type DragEvent } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { Camera } from '../../../../src/contracts/entities.ts';
import { statusQuery } from '../../api/queries.ts';
import type { LadderState } from '../../player/ladder.ts';
import { LiveView } from '../../player/live-view.tsx';
import { TransportBadge } from '../../player/transport-badge.tsx';
import classes from './wall.module.css';

interface TileProps {
  readonly camera: Camera;
  readonly small: boolean;
  /** Another tile was dropped on this one. */
  readonly onDrop: (id: string) => void;
}

const DRAG_TYPE = 'application/x-sightmesh-camera';
const carries = (event: DragEvent): boolean => event.dataTransfer.types.includes(DRAG_TYPE);

/** One camera of the wall. */
export function Tile({ camera, small, onDrop }: TileProps) {
  const [state, setState] = useState<LadderState | null>(null);
  const [over, setOver] = useState(false);
  const stream = small && camera.subUrl !== null ? 'sub' : 'main';
  const { data: codec } = useQuery({
    ...statusQuery(camera.id),
    enabled: camera.enabled,
    select: (status) => (status.streams[stream] ?? status.streams['main'])?.codec ?? null,
  });
  const drop = (event: DragEvent): void => {
    setOver(false);
    if (!carries(event)) return;
    event.preventDefault();
    onDrop(event.dataTransfer.getData(DRAG_TYPE));
  };
  return (
    <article
      className={classes.tile}
      data-camera={camera.id}
      data-over={over || undefined}
      onDragOver={(event) => {
        if (!carries(event)) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <LiveView camera={camera} stream={stream} audio={false} muted onState={setState} />
      <Link
        href={`/cameras/${camera.id}`}
        className={classes.cover}
        aria-label={`Open ${camera.name}`}
        draggable
        onDragStart={(event: DragEvent) => {
          event.dataTransfer.setData(DRAG_TYPE, camera.id);
          event.dataTransfer.effectAllowed = 'move';
        }}
      >
        <span className={classes.name}>{camera.name}</span>
        <TransportBadge state={state} enabled={camera.enabled} codec={codec ?? null} />
      </Link>
    </article>
  );
}
