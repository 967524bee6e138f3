import type { SourceKind } from '../base.ts';
import { createRtspSource } from './source.ts';

/** `rtsp://` */
export const rtspKind: SourceKind = {
  make(request, clock) {
    const { username, password, ...rest } = request;
    return createRtspSource({
      ...rest,
      username: username ?? undefined,
      password: password ?? undefined,
      clock,
    });
  },
  close: () => undefined,
};
