import { Camera, type CameraDocument, CameraInput, type CameraPatch } from '../../contracts/entities.ts';
import { SightmeshError } from '../../contracts/errors.ts';
import { Mailbox } from '../../mixins/mailbox.ts';
import type { Secrets } from '../../store/secrets.ts';
import type { CameraRecord, CameraRepository } from '../../store/types.ts';
import {
  type Credentials,
  hasCredentials,
  NO_CREDENTIALS,
  replaced,
  splitCredentials,
} from './credentials.ts';
import { mergePatch } from './merge.ts';
import { freeSlug } from './slug.ts';

export interface CameraBookOptions {
  readonly repository: CameraRepository;
  readonly secrets: Pick<Secrets, 'seal' | 'open'>;
  /** Cameras of the configuration file. */
  readonly configured: readonly CameraInput[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** The stored credentials of a camera cannot be read. */
  readonly onUnreadable: (camera: string, error: unknown) => void;
}

const contextOf = (camera: string): string => `camera:${camera}`;

/**
 * All cameras of the system in memory, those of the configuration file included; changes go to the store first, one
 * after the other.
 */
export class CameraBook {
  readonly #options: CameraBookOptions;
  readonly #documents = new Map<string, CameraDocument>();
  readonly #mailbox = new Mailbox();

  constructor(options: CameraBookOptions) {
    this.#options = options;
  }

  /** Reads all. A camera of the configuration file hides a stored one with the same id. */
  async load(): Promise<void> {
    const records = await this.#options.repository.list();
    this.#documents.clear();
    for (const record of records) this.#documents.set(record.id, this.#documentOf(record));
    const ids = new Set<string>();
    for (const input of this.#options.configured) {
      const document = this.#configuredDocument(input, (id) => ids.has(id));
      ids.add(document.id);
      this.#documents.set(document.id, document);
    }
  }

  /** With credentials, by id. */
  documents(): CameraDocument[] {
    return [...this.#documents.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** @throws SightmeshError `camera_not_found` */
  document(id: string): CameraDocument {
    const document = this.#documents.get(id);
    if (document === undefined) throw new SightmeshError('camera_not_found', `there is no camera ${id}`);
    return document;
  }

  /** @throws SightmeshError `camera_exists` */
  create(input: CameraInput, origin: 'catalog' | 'demo' = 'catalog'): Promise<Camera> {
    return this.#mailbox.run(async () => {
      const id = input.id ?? freeSlug(input.name, (taken) => this.#documents.has(taken));
      const document = documentOf(id, input, {
        origin,
        version: 1,
        createdAt: new Date(this.#options.now()).toISOString(),
      });
      const taken =
        this.#documents.has(id) || !(await this.#options.repository.insert(this.#record(document)));
      if (taken) throw new SightmeshError('camera_exists', `a camera with the id ${id} exists`);
      this.#documents.set(id, document);
      return publicCamera(document);
    });
  }

  /** @throws SightmeshError `camera_not_found`, `camera_read_only`, `conflict` */
  update(id: string, patch: CameraPatch): Promise<Camera> {
    return this.#mailbox.run(async () => {
      const before = this.#writable(id);
      const document = patched(before, patch);
      if (!(await this.#options.repository.update(this.#record(document), before.version))) {
        throw new SightmeshError('conflict');
      }
      this.#documents.set(id, document);
      return publicCamera(document);
    });
  }

  /** @throws SightmeshError `camera_not_found`, `camera_read_only` */
  remove(id: string): Promise<Camera> {
    return this.#mailbox.run(async () => {
      const document = this.#writable(id);
      await this.#options.repository.remove(id);
      this.#documents.delete(id);
      return publicCamera(document);
    });
  }

  #writable(id: string): CameraDocument {
    const document = this.document(id);
    if (document.origin === 'config') throw new SightmeshError('camera_read_only');
    return document;
  }

  #configuredDocument(input: CameraInput, taken: (id: string) => boolean): CameraDocument {
    const id = input.id ?? freeSlug(input.name, taken);
    return documentOf(id, input, { origin: 'config', version: 1, createdAt: new Date(0).toISOString() });
  }

  #record({ username, password, ...rest }: CameraDocument): CameraRecord {
    const { hasCredentials: any, ...camera } = rest;
    const credentials = any
      ? this.#options.secrets.seal(JSON.stringify({ username, password }), contextOf(camera.id))
      : null;
    return { ...camera, credentials };
  }

  #documentOf({ credentials, ...camera }: CameraRecord): CameraDocument {
    const opened = credentials === null ? NO_CREDENTIALS : this.#open(camera.id, credentials);
    // Fields that came with a later version take their defaults.
    const fields = CameraInput.parse({ ...pickInput(camera), id: camera.id });
    return documentOf(camera.id, { ...fields, ...opened }, camera);
  }

  #open(camera: string, sealed: string): Credentials {
    try {
      return JSON.parse(this.#options.secrets.open(sealed, contextOf(camera))) as Credentials;
    } catch (error) {
      this.#options.onUnreadable(camera, error);
      return NO_CREDENTIALS;
    }
  }
}

type Meta = Pick<Camera, 'origin' | 'version' | 'createdAt'>;

function documentOf(id: string, input: CameraInput, { origin, version, createdAt }: Meta): CameraDocument {
  const main = splitCredentials(input.url);
  const sub = input.subUrl === null ? undefined : splitCredentials(input.subUrl);
  const inUrl = hasCredentials(main.found) ? main.found : (sub?.found ?? NO_CREDENTIALS);
  const credentials = {
    username: replaced(input.username, inUrl.username),
    password: replaced(input.password, inUrl.password),
  };
  return {
    ...input,
    id,
    url: main.url,
    subUrl: sub?.url ?? null,
    ...credentials,
    hasCredentials: hasCredentials(credentials),
    origin,
    version,
    createdAt,
  };
}

function patched(before: CameraDocument, patch: CameraPatch): CameraDocument {
  const merged = CameraInput.parse(mergePatch(pickInput(before), patch));
  // A new address with credentials in it brings new ones; without, the stored ones stay.
  const inUrl = [patch.url, patch.subUrl].flatMap((url) =>
    typeof url === 'string' ? [splitCredentials(url).found] : [],
  );
  const found = inUrl.find(hasCredentials) ?? before;
  const input = {
    ...merged,
    username: replaced(patch.username, found.username),
    password: replaced(patch.password, found.password),
  };
  return documentOf(before.id, input, { ...before, version: before.version + 1 });
}

const INPUT_FIELDS = Object.keys(CameraInput.shape);

const pickInput = (camera: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(camera).filter(([name]) => INPUT_FIELDS.includes(name)));

const PUBLIC_FIELDS = Object.keys(Camera.shape);

/** A camera as the outside may see it. */
export const publicCamera = (document: CameraDocument): Camera =>
  Object.fromEntries(Object.entries(document).filter(([name]) => PUBLIC_FIELDS.includes(name))) as Camera;
