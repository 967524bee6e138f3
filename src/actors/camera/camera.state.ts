import type { CameraState } from '../../contracts/entities.ts';
import type { SourceErrorCode } from '../../media/types.ts';

export type CameraSignal =
  | { readonly kind: 'connect' }
  | { readonly kind: 'live' }
  | { readonly kind: 'ended'; readonly code: SourceErrorCode; readonly message: string }
  | { readonly kind: 'stop' };

export interface CameraView {
  readonly state: CameraState;
  /** What is wrong and what to do; null when all is well. */
  readonly message: string | null;
  /** Stable code of what is wrong with the main stream. */
  readonly code?: SourceErrorCode;
}

export const IDLE: CameraView = { state: 'idle', message: null };

const STALLED: readonly SourceErrorCode[] = ['stalled', 'closed_by_camera'];

/** The state machine of one stream of a camera: `idle → connecting → live → stalled | unauthorized | failed`. */
export function nextView(view: CameraView, signal: CameraSignal): CameraView {
  switch (signal.kind) {
    case 'stop':
      return IDLE;
    case 'live':
      return { state: 'live', message: null };
    case 'connect':
      // A retry keeps showing what is wrong until it is known to be mended.
      return view.state === 'idle' || view.state === 'live' ? { state: 'connecting', message: null } : view;
    case 'ended':
      return { state: stateAfter(signal.code), message: signal.message, code: signal.code };
  }
}

/** A camera is in the state of its main stream; what is wrong with the sub stream is only told. */
export function combineViews(main: CameraView, sub: CameraView | undefined): CameraView {
  if (main.state !== 'live' || sub?.message == null) return main;
  return { state: main.state, message: `The sub stream does not work: ${sub.message}` };
}

function stateAfter(code: SourceErrorCode): CameraState {
  if (code === 'unauthorized') return 'unauthorized';
  return STALLED.includes(code) ? 'stalled' : 'failed';
}

const MAX_UNAUTHORIZED_MS = 120_000;

/**
 * The least time before the next try, milliseconds: what a person must mend is not hammered.
 *
 * @param repeats how often it has ended this way in a row before; cameras lock users out after a few wrong passwords
 */
export function leastDelayMs(code: SourceErrorCode, repeats = 0): number {
  switch (code) {
    case 'unauthorized':
      return Math.min(MAX_UNAUTHORIZED_MS, 15_000 * 2 ** Math.min(repeats, 10));
    case 'unsupported_codec':
    case 'no_media':
    case 'bad_url':
      return 30_000;
    case 'not_found':
    case 'not_rtsp':
      return 5_000;
    default:
      return 0;
  }
}
