import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { asText } from '../../../src/cli/doctor.ts';
import { missing, ok, runChecks, warning } from '../../../src/cli/doctor/check.ts';
import { machineChecks } from '../../../src/cli/doctor/machine.ts';
import { settingChecks } from '../../../src/cli/doctor/settings.ts';

let data: string;
beforeEach(() => {
  data = mkdtempSync(path.join(os.tmpdir(), 'sightmesh-doctor-'));
  vi.stubEnv('SIGHTMESH_DATA', path.join(data, 'not', 'there', 'yet'));
  vi.stubEnv('SIGHTMESH_HTTP_PORT', '0');
  vi.stubEnv('SIGHTMESH_WEBRTC_PORT', '0');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(data, { recursive: true });
});

describe('doctor', () => {
  it('says in one line what is well and in two what to do', () => {
    const text = asText([
      { name: 'a', ...ok('fine') },
      { name: 'bb', ...warning('less', 'do this') },
      { name: 'c', ...missing('none', 'get it') },
    ]);
    expect(text.split('\n')).toEqual([
      'ok      a   fine',
      'warning bb  less',
      '            → do this',
      'MISSING c   none',
      '            → get it',
      '',
      '1 ok, 1 with less, 1 missing',
      '',
    ]);
  });

  it('counts a check that breaks as missing', async () => {
    const [result] = await runChecks([{ name: 'x', run: () => Promise.reject(new Error('broke')) }]);
    expect(result).toEqual({ name: 'x', status: 'missing', message: 'broke' });
  });

  it('finds the runtime that the tests run on good enough', async () => {
    const results = await runChecks(machineChecks());
    expect(results.find(({ name }) => name === 'runtime')).toMatchObject({ status: 'ok' });
    expect(results.every(({ status, fix }) => status === 'ok' || fix !== undefined)).toBe(true);
  });

  it('looks where folders will be made, and takes any free port', async () => {
    const results = await runChecks(settingChecks());
    expect(results.map(({ name }) => name)).toContain('data folder');
    expect(results.filter(({ status }) => status === 'missing')).toEqual([]);
    expect(results.find(({ name }) => name === 'data folder')?.message).toContain(data);
  });

  it('names a port that is taken and the variable that names another', async () => {
    const server = net.createServer();
    server.listen(0);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    vi.stubEnv('SIGHTMESH_HTTP_PORT', String(port));
    try {
      const results = await runChecks(settingChecks());
      const result = results.find(({ name }) => name === 'http port');
      expect(result).toMatchObject({ status: 'missing' });
      expect(result?.message).toContain(`${port} is taken`);
      expect(result?.fix).toContain('SIGHTMESH_HTTP_PORT');
    } finally {
      server.close();
    }
  });

  it('shows what is wrong with the configuration instead of the checks that need it', async () => {
    vi.stubEnv('SIGHTMESH_HTTP_PORT', 'eighty');
    const results = await runChecks(settingChecks());
    expect(results).toHaveLength(1);
    expect(results[0]?.message).toContain('SIGHTMESH_HTTP_PORT');
  });
});
