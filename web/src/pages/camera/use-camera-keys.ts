import { useHotkeys } from '@mantine/hooks';
import type { RefObject } from 'react';
import { useLocation } from 'wouter';
import type { Camera } from '../../../../src/contracts/entities.ts';
import { toggleFullscreen } from '../../components/fullscreen.ts';
import { useMay } from '../../session/session.ts';
import type { Ways } from './camera-view.tsx';
import { savePicture } from './picture.ts';

interface CameraKeys {
  readonly ways: Ways;
  readonly camera: Camera;
  readonly stage: RefObject<HTMLDivElement | null>;
  readonly onMute: () => void;
  readonly onExport: () => void;
}

/** Space plays and pauses, arrows move by 10 s (with shift by a minute), L goes live, comma and point show single pictures. */
export function useCameraKeys({ ways, camera, stage, onMute, onExport }: CameraKeys): void {
  const [, navigate] = useLocation();
  const may = useMay();
  const back = may('playback');
  const jump = (byMs: number) => (): void => {
    if (back) ways.jump(byMs);
  };
  useHotkeys([
    ['space', ways.toggle],
    ['l', ways.live],
    ['ArrowLeft', jump(-10_000)],
    ['ArrowRight', jump(10_000)],
    ['shift+ArrowLeft', jump(-60_000)],
    ['shift+ArrowRight', jump(60_000)],
    [',', () => ways.step(-1)],
    ['.', () => ways.step(1)],
    ['+', () => ways.zoom(0.5)],
    ['-', () => ways.zoom(2)],
    ['m', onMute],
    ['s', () => savePicture(camera, Date.now(), ways.picture())],
    ['f', () => stage.current && toggleFullscreen(stage.current)],
    ['e', () => may('export') && onExport()],
    ['Escape', () => document.fullscreenElement ?? navigate('/')],
  ]);
}
