import type { CameraState } from '../../contracts/entities.ts';
import type { Cause } from '../../store/types.ts';

const UNREACHABLE = new Set<string>(['name_not_found', 'connection_refused', 'unreachable', 'open_timeout']);

/**
 * Why nothing comes while the camera is in this state; undefined when the state does not say.
 *
 * @param code what is wrong, of `SourceErrorCode`
 * @param before pictures came before from this camera
 */
export function causeOf(
  state: CameraState,
  code: string | null | undefined,
  before: boolean,
): Cause | undefined {
  switch (state) {
    case 'connecting':
      return before ? 'reconnecting' : 'starting';
    case 'stalled':
      return 'camera_stalled';
    case 'unauthorized':
      return 'camera_unauthorized';
    case 'failed':
      return UNREACHABLE.has(code ?? '') ? 'camera_unreachable' : 'camera_failed';
    case 'live':
    case 'idle':
    case 'disabled':
      return undefined;
  }
}
