import { spawn } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyExport } from '../../src/archive/export/verify.ts';
import type { Recordings } from '../../src/contracts/entities.ts';
import type { Export } from '../../src/contracts/jobs.ts';
import type { Api } from '../support/api.ts';
import { archiveNode, iso } from '../support/archive/archive-node.ts';
import { recordSegments } from '../support/archive/recorded.ts';
import { openExports } from '../support/jobs/exports.ts';
import { NodeProcess } from '../support/node-process.ts';
import { Redis, REDIS_SERVER } from '../support/services/redis.ts';
import { until } from '../support/until.ts';

const T = Date.UTC(2026, 0, 5, 12);
const WORKER = path.resolve(import.meta.dirname, '../support/jobs/export.worker.ts');

describe('an export', () => {
  it('is made by another process when the one that makes it is killed in the middle', async () => {
    const node = await archiveNode({ checkMs: 3_600_000 });
    const { exports, queue, folder } = await openExports(node);
    try {
      await recordSegments(node, 'door', T, 6);
      const { id } = await exports.create(
        { cameras: ['door'], from: iso(T), to: iso(T + 60_000) },
        undefined,
      );
      const begun = path.join(node.folder, 'begun');
      const child = spawn(process.execPath, [WORKER, node.folder, begun], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      try {
        await until('the worker to be in the middle', async () => (await readFile(begun, 'utf8')) !== '');
      } finally {
        child.kill('SIGKILL');
      }
      const part = await folder.part(id);
      expect((await stat(part)).isFile()).toBe(true);
      expect((await exports.get(id, undefined)).state).toBe('running');
      exports.start();
      await until('the export to be done', async () => (await exports.get(id, undefined)).state === 'done');
      expect((await verifyExport(part.replace('.part', ''))).problems).toEqual([]);
      await expect(stat(part)).rejects.toThrow('ENOENT');
    } finally {
      await queue.close();
      await node.close();
    }
  });
});

describe('exports of a running node', () => {
  const node = new NodeProcess();
  let api: Api;
  beforeAll(async () => {
    await node.start();
    api = await node.api();
    const url = 'test://bars?width=320&height=180&fps=10';
    await api.json('POST', '/cameras', { id: 'door', name: 'Door', url, detect: { enabled: false } });
  });
  afterAll(() => node.remove());

  const finished = (id: string) =>
    until('the export to be done', async () => {
      const found = await api.get<Export>(`/exports/${id}`);
      return ['done', 'failed'].includes(found.state) && found;
    });

  it('are made, downloaded whole or in parts, verified, and outlive kill -9', async () => {
    const began = Date.now();
    await until(
      'some seconds to be recorded',
      async () => {
        const range = `camera=door&from=${iso(began)}&to=${iso(Date.now() + 1)}`;
        const { intervals } = await api.get<Recordings>(`/recordings?${range}`);
        return intervals.some(({ from, to }) => Date.parse(to) - Date.parse(from) > 4_000);
      },
      { deadlineMs: 60_000 },
    );
    const order = { cameras: ['door'], from: iso(began), to: iso(Date.now()) };
    const { status, headers, json } = await api.call('POST', '/exports', order);
    const { id } = json as Export;
    expect([status, headers.get('location')]).toEqual([201, `/api/v1/exports/${id}`]);
    const done = await finished(id);
    expect(done).toMatchObject({ state: 'done', progress: 1, message: null, user: 'admin' });
    const whole = await api.call('GET', `/exports/${id}/download`);
    expect(whole.headers.get('content-type')).toBe('application/zip');
    expect(whole.headers.get('content-disposition')).toContain('attachment; filename="export-');
    expect(whole.body.length).toBe(done.bytes);
    const part = await api.call('GET', `/exports/${id}/download`, undefined, { range: 'bytes=100-199' });
    expect([part.status, part.body]).toEqual([206, whole.body.subarray(100, 200)]);
    const file = path.join(node.data, 'export.zip');
    await writeFile(file, whole.body);
    const { problems, manifest, signer } = await verifyExport(file);
    expect({ problems, signer }).toEqual({ problems: [], signer: done.signer });
    expect(manifest?.files[0]?.bytes).toBeGreaterThan(1_000);
    await until('the audit to have it', async () => {
      const { items } = await api.get<{ items: { action: string; target: string }[] }>('/audit?limit=20');
      return items.some(({ action, target }) => action === 'gateway.downloadExport' && target === id);
    });

    await node.stop('SIGKILL');
    await node.start();
    api = await node.api();
    expect((await api.call('GET', `/exports/${id}/download`)).body.equals(whole.body)).toBe(true);
    expect((await api.get<{ items: { state: string }[] }>('/jobs')).items).toMatchObject([{ state: 'done' }]);
    expect((await api.call('DELETE', `/exports/${id}`)).status).toBe(204);
    expect((await api.call('GET', `/exports/${id}/download`)).status).toBe(404);
  });
});

describe.skipIf(REDIS_SERVER === undefined)('a node with Redis (needs redis-server)', () => {
  it('makes exports by it, says when it is away, and goes on when it is back', async () => {
    const redis = await Redis.start({ password: 'a-secret' });
    const node = new NodeProcess({ env: { SIGHTMESH_REDIS_URL: redis.url } });
    try {
      await node.start();
      const api = await node.api();
      const order = { cameras: ['none'], from: iso(T), to: iso(T + 1_000) };
      const made = await api.json<Export>('POST', '/exports', order);
      const failed = async (id: string) => {
        const { state, message } = await api.get<Export>(`/exports/${id}`);
        return state === 'failed' && message;
      };
      expect(await until('the export to fail', () => failed(made.id))).toContain('Nothing was recorded');
      await redis.kill();
      const degraded = async () =>
        (await api.get<{ items: { degraded: string[] }[] }>('/nodes')).items[0]?.degraded ?? [];
      await until('the node to say so', async () =>
        (await degraded()).some((text) => text.includes('Redis is away')),
      );
      expect((await api.call('POST', '/exports', order)).status).toBe(503);
      await redis.up();
      await until('the node to be well', async () => (await degraded()).length === 0);
      const next = await api.json<Export>('POST', '/exports', order);
      await until('the next one to fail', () => failed(next.id));
      expect((await api.get<{ items: unknown[] }>('/exports')).items).toHaveLength(2);
      expect(node.stderr).not.toContain('a-secret');
      expect(await node.stop()).toBe(0);
    } finally {
      await node.remove();
      await redis.remove();
    }
  });
});
