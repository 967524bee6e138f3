import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createJobsService } from '../../../../src/actors/jobs/jobs.service.ts';
import { ExportFolder } from '../../../../src/archive/export/folder.ts';
import { ExportMaker } from '../../../../src/archive/export/maker.ts';
import { ManifestSigner } from '../../../../src/archive/export/manifest.ts';
import { type Client, client } from '../../../../src/contracts/define.ts';
import { errorCode } from '../../../../src/contracts/errors.ts';
import { jobs as contract } from '../../../../src/contracts/jobs.ts';
import { type Caller, ROLE_RIGHTS } from '../../../../src/contracts/rights.ts';
import { EmbeddedJobQueue } from '../../../../src/jobs/embedded/queue.ts';
import { type ArchiveNode, archiveNode, iso } from '../../../support/archive/archive-node.ts';
import { recordSegments } from '../../../support/archive/recorded.ts';
import { until } from '../../../support/until.ts';

const T = Date.UTC(2026, 0, 5, 12);
const RANGE = { from: iso(T), to: iso(T + 20_000) };
let node: ArchiveNode;
let folder: ExportFolder;
let jobs: Client<typeof contract>;
let now: number;
let hold: Promise<void> | undefined;

const caller: Caller = {
  user: 'guard',
  role: 'operator',
  rights: ROLE_RIGHTS.operator,
  cameras: ['yard', 'none'],
};

beforeEach(async () => {
  now = Date.now();
  hold = undefined;
  node = await archiveNode({ checkMs: 3_600_000 });
  const { store, player, broker } = node.parts;
  await recordSegments(node, 'door', T, 2);
  await recordSegments(node, 'yard', T, 2);
  folder = new ExportFolder({ path: path.join(node.folder, 'exports'), maxBytes: 2 ** 30 });
  const queue = new EmbeddedJobQueue({ table: store.jobs, keep: { count: 100, ageMs: 1e9 }, pollMs: 100 });
  const signer = await ManifestSigner.open(node.folder);
  const maker = new ExportMaker({ player, folder, signer, nodeId: 'n', now: () => now });
  broker.createService(
    createJobsService({
      ...node.parts,
      ...{ queue, folder, keepMs: 3_600_000, sweepMs: 50, clock: { now: () => now } },
      maker: {
        make: async (order, options) => {
          await hold;
          return maker.make(order, options);
        },
      },
    }),
  );
  await broker.start();
  jobs = client(broker, contract);
});
afterEach(async () => {
  await node.parts.broker.stop();
  await node.close();
});

const finished = (id: string) =>
  until('the export to end', async () => {
    const found = await jobs.getExport({ id });
    return ['done', 'failed'].includes(found.state) && found;
  });
const codeOf = (promise: Promise<unknown>) => promise.then(() => undefined, errorCode);

describe('exports', () => {
  it('are made in the background and can be downloaded', async () => {
    const made = await jobs.createExport({ cameras: ['yard', 'yard', 'none'], ...RANGE }, { caller });
    expect(made).toMatchObject({ cameras: ['yard', 'none'], user: 'guard', ...RANGE, download: null });
    const done = await finished(made.id);
    expect(done).toMatchObject({
      ...{ state: 'done', progress: 1, node: 'n', bytes: await folder.bytes(made.id) },
      message: 'Nothing was recorded in this range by none.',
      download: `/api/v1/exports/${made.id}/download`,
    });
    expect(Date.parse(done.expiresAt ?? '')).toBe(Date.parse(done.finishedAt ?? '') + 3_600_000);
    expect((await jobs.listJobs({})).items).toMatchObject([{ kind: 'export', id: made.id, state: 'done' }]);
  });

  it('fail with a sentence when nothing was recorded', async () => {
    const { id } = await jobs.createExport({ cameras: ['none'], ...RANGE });
    expect(await finished(id)).toMatchObject({
      state: 'failed',
      message: 'Nothing was recorded by these cameras in this range.',
    });
  });

  it('show nothing of cameras that are not the caller’s', async () => {
    const other = { ...caller, cameras: ['yard'] };
    const { id } = await jobs.createExport({ cameras: ['yard', 'door'], ...RANGE });
    expect(await codeOf(jobs.createExport({ cameras: ['yard', 'door'], ...RANGE }, { caller: other }))).toBe(
      'forbidden',
    );
    expect(await codeOf(jobs.getExport({ id }, { caller: other }))).toBe('forbidden');
    expect(await codeOf(jobs.deleteExport({ id }, { caller: other }))).toBe('forbidden');
    expect((await jobs.listExports({}, { caller: other })).items).toEqual([]);
    expect((await jobs.listJobs({}, { caller: other })).items).toEqual([]);
    expect((await jobs.listExports({})).items).toHaveLength(1);
  });

  it('are ended and removed with their files', async () => {
    const release = Promise.withResolvers<undefined>();
    hold = release.promise;
    const first = await jobs.createExport({ cameras: ['yard'], ...RANGE });
    const second = await jobs.createExport({ cameras: ['yard'], ...RANGE });
    await until('the first to run', async () => (await jobs.getExport({ id: first.id })).state === 'running');
    await jobs.deleteExport({ id: first.id });
    await jobs.deleteExport({ id: second.id });
    release.resolve(undefined);
    const third = await jobs.createExport({ cameras: ['yard'], ...RANGE });
    await finished(third.id);
    expect(await folder.ids()).toEqual([third.id]);
    await jobs.deleteExport({ id: third.id });
    expect(await folder.ids()).toEqual([]);
    expect(await codeOf(jobs.getExport({ id: third.id }))).toBe('export_not_found');
    expect((await jobs.listExports({})).items).toEqual([]);
  });

  it('expire', async () => {
    const { id } = await jobs.createExport({ cameras: ['yard'], ...RANGE });
    await finished(id);
    now += 3_700_000;
    await until('it to be gone', async () => (await folder.ids()).length === 0);
    await until('its record to be gone', async () => (await jobs.listExports({})).items.length === 0);
  });

  it.each([
    ['an empty range', { from: iso(T), to: iso(T) }, 'bad_range'],
    ['a range too long', { from: iso(T - 32 * 86_400_000), to: iso(T) }, 'bad_range'],
    ['a range in the future', { from: iso(T + 1e12), to: iso(T + 2e12) }, 'bad_range'],
  ])('refuse %s', async (_, range, code) => {
    expect(await codeOf(jobs.createExport({ cameras: ['yard'], ...range }))).toBe(code);
  });

  it('wait in a line that has an end', async () => {
    const release = Promise.withResolvers<undefined>();
    hold = release.promise;
    for (let n = 0; n < 20; n += 1) await jobs.createExport({ cameras: ['yard'], ...RANGE }, { caller });
    expect(await codeOf(jobs.createExport({ cameras: ['yard'], ...RANGE }, { caller }))).toBe(
      'too_many_requests',
    );
    release.resolve(undefined);
  });
});
