import type { ServiceSchema } from 'moleculer';
import { catalog } from '../../contracts/catalog.ts';
import type { Camera, CameraDocument, CameraInput, ProbeResult } from '../../contracts/entities.ts';
import { SightmeshError } from '../../contracts/errors.ts';
import { publish } from '../../contracts/events.ts';
import { maySee } from '../../contracts/rights.ts';
import type { NodeContext } from '../../mixins/context.ts';
import { nodesRunning } from '../../mixins/nodes.ts';
import { serviceSchema } from '../../mixins/service.ts';
import { CameraBook, publicCamera } from './camera-book.ts';
import { cameraStatus } from './camera-status.ts';
import { splitCredentials } from './credentials.ts';
import { syncDemo } from './demo.ts';
import { eventQuery, pageOf } from './event-query.ts';

export interface ProbeRequest {
  readonly url: string;
  readonly username: string | null;
  readonly password: string | null;
}

export interface CatalogParts extends Pick<
  NodeContext,
  'config' | 'log' | 'broker' | 'store' | 'secrets' | 'clock'
> {
  readonly probe: (request: ProbeRequest) => Promise<ProbeResult>;
  readonly demoCameras: () => readonly CameraInput[];
  readonly coverageToday: (camera: string) => Promise<number | null>;
}

/** Cameras and events: the facts, from the store. */
export function createCatalogService(parts: CatalogParts): ServiceSchema {
  const { broker, config, log, store, clock } = parts;
  const book = new CameraBook({
    repository: store.cameras,
    secrets: parts.secrets,
    configured: config.cameras,
    now: () => clock.now(),
    onUnreadable: (camera, err) =>
      log.error({ camera, err }, 'the credentials cannot be read: the secret has changed; enter them again'),
  });

  const changed = (change: 'created' | 'updated' | 'deleted', camera: Camera): Promise<void> =>
    publish(broker, 'camera.changed', {
      camera: camera.id,
      change,
      version: camera.version,
      ...(change === 'deleted' ? {} : { document: camera }),
    });

  const demo = {
    mode: config.demo,
    book,
    settings: store.settings,
    cameras: parts.demoCameras,
    changed,
  };

  async function eventOf(id: string, caller: Parameters<typeof maySee>[0]) {
    const event = await store.events.get(id);
    if (event === undefined) throw new SightmeshError('event_not_found');
    if (!maySee(caller, event.camera))
      throw new SightmeshError('forbidden', 'this camera is not one of yours');
    return event;
  }

  return serviceSchema({
    contract: catalog,
    log,
    async start() {
      await book.load();
      // Nobody has read the cameras yet.
      await syncDemo({ ...demo, changed: () => Promise.resolve() });
    },
    actions: {
      listCameras: (_, { meta }) => ({
        items: book
          .documents()
          .filter(({ id }) => maySee(meta.caller, id))
          .map(publicCamera),
      }),
      getCamera: ({ id }) => publicCamera(book.document(id)),
      async createCamera(input) {
        const camera = await book.create(input);
        await changed('created', camera);
        await syncDemo(demo);
        return camera;
      },
      async updateCamera({ id, ...patch }) {
        const camera = await book.update(id, patch);
        await changed('updated', camera);
        return camera;
      },
      async deleteCamera({ id }) {
        await changed('deleted', await book.remove(id));
        return {};
      },
      cameraStatus: ({ id }, ctx) =>
        cameraStatus(book.document(id), {
          target: ctx.broker,
          coverageToday: parts.coverageToday,
          restreamersOf: (camera) => nodesRunning(broker, `restreamer.${camera}`),
        }),
      probeCamera: ({ camera, ...request }) =>
        parts.probe(probeRequest(request, camera === undefined ? undefined : book.document(camera))),
      async listEvents(filter, { meta }) {
        return pageOf(await store.events.find(eventQuery(filter, meta.caller)), filter.limit);
      },
      getEvent: ({ id }, { meta }) => eventOf(id, meta.caller),
      async updateEvent({ id, ...change }, { meta }) {
        await eventOf(id, meta.caller);
        const named = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
        const event = await store.events.edit(id, named);
        if (event === undefined) throw new SightmeshError('event_not_found');
        await publish(broker, 'event.update', { event });
        return event;
      },
      cameraDocuments: () => book.documents(),
    },
  });
}

/** What was typed in; what was not comes from the stored camera, but only for the same host. */
export function probeRequest(
  typed: { url: string; username?: string | null | undefined; password?: string | null | undefined },
  stored: CameraDocument | undefined,
): ProbeRequest {
  const { url, found } = splitCredentials(typed.url);
  const username = typed.username ?? found.username;
  const password = typed.password ?? found.password;
  if (username !== null || password !== null || stored === undefined || !sameHost(url, stored.url)) {
    return { url, username, password };
  }
  return { url, username: stored.username, password: stored.password };
}

const sameHost = (a: string, b: string): boolean =>
  URL.canParse(a) && URL.canParse(b) && new URL(a).host === new URL(b).host;
