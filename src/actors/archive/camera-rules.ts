import { catalog } from '../../contracts/catalog.ts';
import { type CallTarget, client } from '../../contracts/define.ts';
import type { Camera } from '../../contracts/entities.ts';
import type { Events } from '../../contracts/events.ts';
import type { KeepRule } from '../../archive/retention.ts';

/** What the archive needs to know about the cameras, as the catalog last said. */
export class CameraRules {
  readonly #target: CallTarget;
  #cameras: Map<string, Camera> | undefined;

  constructor(target: CallTarget) {
    this.#target = target;
  }

  /** Asks the catalog. @throws Error when it does not answer */
  async load(): Promise<Camera[]> {
    const cameras = await client(this.#target, catalog).cameraDocuments({});
    this.#cameras = new Map(cameras.map((camera) => [camera.id, camera]));
    return cameras;
  }

  /** Undefined before the catalog was asked. */
  get ids(): readonly string[] | undefined {
    return this.#cameras && [...this.#cameras.keys()];
  }

  /** What changed, for those who were told; returns the camera as it is now. @throws Error when the catalog does not answer */
  async changed({ camera, change, document }: Events['camera.changed']): Promise<Camera | undefined> {
    if (this.#cameras === undefined || (change !== 'deleted' && document === undefined)) {
      await this.load();
    } else if (change === 'deleted' || document === undefined) this.#cameras.delete(camera);
    else this.#cameras.set(camera, document);
    return this.#cameras?.get(camera);
  }

  /** @throws Error when the catalog does not answer */
  async keepRules(): Promise<ReadonlyMap<string, KeepRule>> {
    if (this.#cameras === undefined) await this.load();
    return new Map([...(this.#cameras ?? [])].map(([id, { retention }]) => [id, retention]));
  }
}
