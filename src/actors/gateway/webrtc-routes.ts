import { restream } from '../../contracts/actors.ts';
import { client, type CallTarget } from '../../contracts/define.ts';
import { errorCode, SightmeshError } from '../../contracts/errors.ts';
import { API_BASE } from '../../contracts/openapi.ts';
import { maySee, mayUse } from '../../contracts/rights.ts';
import type { Login } from './access.ts';
import { readText } from './body.ts';
import type { RawHandlers } from './media-routes.ts';
import { sendBuffer, sendJson } from './send.ts';
import type { LoginWatch } from './watch.ts';

export type WebRtcHandlers = Pick<RawHandlers, 'whep' | 'whepDelete' | 'live'>;

/** Bytes that an SDP offer may have. */
const MAX_OFFER = 100_000;

/** Sessions are known to the outside with the node that holds them: `<session>@<node>`. */
export const publicSession = (session: string, node: string): string => `${session}@${node}`;

/** @throws SightmeshError `session_not_found` */
export function splitSession(name: string): { session: string; node: string } {
  const at = name.indexOf('@');
  if (at <= 0 || at === name.length - 1) throw new SightmeshError('session_not_found');
  return { session: name.slice(0, at), node: name.slice(at + 1) };
}

/** Where a session can be ended. */
const locationOf = (camera: string, session: string): string =>
  `${API_BASE}/cameras/${camera}/whep/${encodeURIComponent(session)}`;

export function createWebRtcRoutes(watch: LoginWatch): WebRtcHandlers {
  const watched = new Map<string, () => void>();

  /** Ends the viewing when the login that opened it ends. */
  function follow(target: CallTarget, camera: string, name: string, login: Login): void {
    const remove = watch.add({
      login,
      allowed: ({ caller }) => mayUse(caller, 'live') && maySee(caller, camera),
      end: () => {
        watched.delete(name);
        hangUp(target, camera, name).catch(() => undefined);
      },
    });
    watched.set(name, remove);
  }

  return {
    async whep({ request, response }, { id, stream }, login) {
      const offer = await readText(request, 'application/sdp');
      if (offer.length > MAX_OFFER) throw new SightmeshError('payload_too_large', 'the offer is too long');
      const made = await client(request.$ctx, restream).whep({ camera: id, offer, stream });
      const name = publicSession(made.session, made.node);
      follow(request.$ctx.broker, id, name, login);
      response.setHeader('location', locationOf(id, name));
      sendBuffer(response, 201, 'application/sdp', Buffer.from(made.answer));
    },
    async whepDelete({ request, response }, { id, session }) {
      watched.get(session)?.();
      watched.delete(session);
      await hangUp(request.$ctx, id, session);
      response.writeHead(204).end();
    },
    async live({ request, response }, { id, ...params }, login) {
      const { node, session, ...made } = await client(request.$ctx, restream).live({ camera: id, ...params });
      const name = publicSession(session, node);
      follow(request.$ctx.broker, id, name, login);
      response.setHeader('location', locationOf(id, name));
      sendJson(response, 201, { session: name, ...made });
    },
  };
}

/** @throws SightmeshError `session_not_found` */
async function hangUp(target: CallTarget, camera: string, name: string): Promise<void> {
  const { session, node } = splitSession(name);
  try {
    await client(target, restream, { nodeID: node }).hangUp({ camera, session });
  } catch (error) {
    if (errorCode(error) !== undefined) throw error;
    throw new SightmeshError('session_not_found');
  }
}
