import type { ServiceBroker } from 'moleculer';
import { restream } from '../../../src/contracts/actors.ts';
import { archive } from '../../../src/contracts/archive.ts';
import { catalog } from '../../../src/contracts/catalog.ts';
import { type Contract, type Handlers, implement } from '../../../src/contracts/define.ts';
import type { Camera, EventRecord } from '../../../src/contracts/entities.ts';
import { SightmeshError } from '../../../src/contracts/errors.ts';
import { type Export, jobs } from '../../../src/contracts/jobs.ts';
import { director } from '../../../src/contracts/node.ts';
import { type Caller, maySee } from '../../../src/contracts/rights.ts';

export const NOW = '2026-01-05T12:00:00.000Z';

export const cameraOf = (id: string): Camera => ({
  id,
  name: `Camera ${id}`,
  url: 'rtsp://192.0.2.7/stream',
  subUrl: null,
  enabled: true,
  labels: {},
  record: { mode: 'continuous', preSeconds: 5, postSeconds: 10, replicas: 1 },
  detect: { enabled: true, fps: 5, objects: [], minScore: 0.5, zones: [], masks: [], sensitivity: 0.5 },
  retention: { continuousDays: 7, eventDays: 30 },
  placement: { labels: {} },
  hasCredentials: true,
  origin: 'catalog',
  version: 1,
  createdAt: NOW,
});

export const eventOf = (id: string, camera: string): EventRecord => ({
  id,
  camera,
  label: 'person',
  sublabel: null,
  score: 0.9,
  start: NOW,
  end: '2026-01-05T12:00:10.000Z',
  zones: [],
  box: [0.1, 0.1, 0.2, 0.2],
  path: [],
  attributes: {},
  snapshot: null,
  clip: null,
  reviewed: false,
});

const CAMERAS = ['yard', 'vault'];
const EVENTS = [eventOf('e-yard', 'yard'), eventOf('e-vault', 'vault')];

function event(id: string): EventRecord {
  const found = EVENTS.find((one) => one.id === id);
  if (!found) throw new SightmeshError('event_not_found');
  return found;
}

const exportOf = (id: string, camera: string): Export => ({
  id,
  cameras: [camera],
  from: NOW,
  to: NOW,
  user: 'admin',
  state: 'done',
  progress: 1,
  message: null,
  bytes: 1,
  node: 'n',
  signer: null,
  createdAt: NOW,
  finishedAt: NOW,
  expiresAt: NOW,
  download: `/api/v1/exports/${id}/download`,
});
const EXPORTS = [exportOf('x-yard', 'yard'), exportOf('x-vault', 'vault')];

function exported(id: string, caller: Caller | undefined): Export {
  const found = EXPORTS.find((one) => one.id === id);
  if (!found) throw new SightmeshError('export_not_found');
  if (!found.cameras.every((camera) => maySee(caller, camera))) throw new SightmeshError('forbidden');
  return found;
}

const assignmentOf = (actor: string) => ({ actor, owner: null, epoch: 1, since: NOW, reasons: [] });

/**
 * Services with two cameras, `yard` and `vault`, and an event of each. Lists are *not* filtered by the caller and answers
 * hold a field too many: what the gateway lets out all the same is its own fault.
 */
export function addStandIns(broker: ServiceBroker): void {
  const add = <C extends Contract>(contract: C, handlers: Handlers<C>): void => {
    broker.createService({ name: contract.name, actions: implement(contract, handlers) });
  };
  add(catalog, {
    listCameras: () => ({ items: CAMERAS.map((id) => ({ ...cameraOf(id), password: 'camera-secret' })) }),
    getCamera: ({ id }) => {
      if (!CAMERAS.includes(id)) throw new SightmeshError('camera_not_found');
      return { ...cameraOf(id), password: 'camera-secret' } as Camera;
    },
    createCamera: ({ id, name }) => {
      if (name === 'explode') throw new TypeError('camera-secret in a stack trace');
      return cameraOf(id ?? 'made');
    },
    updateCamera: ({ id }) => cameraOf(id),
    deleteCamera: () => ({}),
    cameraStatus: ({ id }) => ({
      id,
      state: 'live' as const,
      node: 'n',
      epoch: 1,
      streams: {},
      actors: { camera: null, recorders: [], analyzer: null, restreamers: [] },
      coverageToday: 1,
      message: null,
    }),
    probeCamera: () => ({
      ok: false,
      code: 'unreachable',
      messages: ['nobody answers'],
      connectMs: null,
      firstKeyFrameMs: null,
      video: null,
      audio: null,
    }),
    listEvents: () => ({ items: EVENTS }),
    getEvent: ({ id }, { meta }) => {
      const found = event(id);
      if (!maySee(meta.caller, found.camera)) throw new SightmeshError('forbidden');
      return found;
    },
    updateEvent: ({ id }) => event(id),
    cameraDocuments: () => [],
  });
  add(archive, {
    recordings: ({ camera, from, to }) => ({ camera, from, to, coverage: null, intervals: [], gaps: [] }),
    coverage: () => ({
      items: CAMERAS.map((camera) => ({
        camera,
        day: '2026-01-05',
        coverage: 1,
        recordedSeconds: 1,
        gapSeconds: 0,
      })),
    }),
    volumes: () => ({ items: [] }),
  });
  add(jobs, {
    createExport: ({ cameras }) => exportOf('made', cameras[0] ?? ''),
    listExports: () => ({ items: EXPORTS }),
    getExport: ({ id }, { meta }) => exported(id, meta.caller),
    deleteExport: ({ id }, { meta }) => {
      exported(id, meta.caller);
      return {};
    },
    listJobs: () => ({ items: [] }),
  });
  add(director, {
    nodes: () => ({ items: [] }),
    placement: ({ actor }) => assignmentOf(actor),
    assignments: () => ({ items: CAMERAS.map((id) => assignmentOf(`camera.${id}`)) }),
  });
  add(restream, {
    whep: () => ({ session: 's', answer: 'v=0', node: 'n' }),
    live: () => ({ session: 's', offer: 'v=0', mids: { burst: null, shared: '0', audio: null }, node: 'n' }),
    hangUp: () => ({}),
  });
}
