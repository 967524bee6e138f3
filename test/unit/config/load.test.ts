import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigError, type ConfigProblem, loadConfig } from '../../../config/load.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'sightmesh-config-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const write = (name: string, text: string): string => {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
};

function problemsOf(env: NodeJS.ProcessEnv): readonly ConfigProblem[] {
  try {
    loadConfig(env, folder);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('values', () => {
  test('without file and variables all keys have their defaults', () => {
    const { config, file, warnings } = loadConfig({}, folder);
    expect(file).toBeNull();
    expect(warnings).toEqual([]);
    expect(config.data).toBe(path.join(folder, 'data'));
    expect(config.http).toEqual({ host: '0.0.0.0', port: 8080, trustProxy: false });
    expect(config.roles).toEqual(['ingest', 'record', 'analyze', 'restream', 'gateway']);
    expect(config.nodeId).not.toBe('');
  });

  test('<data>/sightmesh.yaml is read, variables win, paths are relative to where they stand', () => {
    write(
      'data/sightmesh.yaml',
      'http: {port: 1}\nwebrtc: {port: 2}\narchive: {volumes: [{path: rec}], keepFree: 1.5 GiB}\n',
    );
    const { config, file } = loadConfig({ SIGHTMESH_HTTP_PORT: '0' }, folder);
    expect(file).toBe(path.join(folder, 'data/sightmesh.yaml'));
    expect(config.http.port).toBe(0);
    expect(config.webrtc.port).toBe(2);
    expect(config.archive.keepFree).toBe(1.5 * 2 ** 30);
    expect(config.archive.volumes).toEqual([
      { path: path.join(folder, 'data/rec'), tier: 'hot', keepFree: null },
    ]);
  });

  test('an empty file and an empty section mean the defaults', () => {
    const file = write('empty.yaml', '# nothing\n');
    expect(loadConfig({ SIGHTMESH_CONFIG: file }, folder).config.http.port).toBe(8080);
    const sections = write('sections.yaml', 'http:\narchive:\n');
    expect(loadConfig({ SIGHTMESH_CONFIG: sections }, folder).config.http.port).toBe(8080);
  });

  test('lists, maps, switches and sizes are read from variables', () => {
    const { config } = loadConfig(
      {
        SIGHTMESH_ROLES: 'ingest, record',
        SIGHTMESH_LABELS: 'site=berlin,gpu=yes',
        SIGHTMESH_HTTP_TRUST_PROXY: 'true',
        SIGHTMESH_ARCHIVE_VOLUMES: '/a,b',
        SIGHTMESH_ARCHIVE_KEEP_FREE: '500 MiB',
        SIGHTMESH_NODE_ID: 'one',
      },
      folder,
    );
    expect(config.roles).toEqual(['ingest', 'record']);
    expect(config.labels).toEqual({ site: 'berlin', gpu: 'yes' });
    expect(config.http.trustProxy).toBe(true);
    expect(config.archive.volumes.map((volume) => volume.path)).toEqual(['/a', path.join(folder, 'b')]);
    expect(config.archive.keepFree).toBe(500 * 2 ** 20);
    expect(config.nodeId).toBe('one');
  });

  test('secrets come from files, without the newline at their end', () => {
    const file = write('secret', 'a-secret-of-some-length\n');
    expect(loadConfig({ SIGHTMESH_SECRET_FILE: file }, folder).config.secret).toBe('a-secret-of-some-length');
  });

  test('variables of parts that do not exist yet are accepted with a warning', () => {
    const { warnings } = loadConfig({ SIGHTMESH_RTSP_PORT: '0' }, folder);
    expect(warnings).toEqual(['SIGHTMESH_RTSP_PORT has no effect: this version has no RTSP out']);
  });
});

describe('errors name key, value and place', () => {
  test('a wrong value in the file', () => {
    const file = write('a.yaml', 'nodeId: x\nhttp:\n  port: 99999\n');
    expect(problemsOf({ SIGHTMESH_CONFIG: file })).toMatchObject([
      { key: 'http.port', value: '99999', place: `${file}:3:9` },
    ]);
  });

  test('an unknown key, with the keys that exist there', () => {
    const file = write('a.yaml', 'http:\n  prot: 1\n');
    const [problem] = problemsOf({ SIGHTMESH_CONFIG: file });
    expect(problem).toMatchObject({ key: 'http.prot', value: '1', place: `${file}:2:9` });
    expect(problem?.message).toContain('http.port');
  });

  test('a wrong variable', () => {
    expect(problemsOf({ SIGHTMESH_HTTP_PORT: 'eighty' })).toMatchObject([
      { key: 'http.port', value: '"eighty"', place: 'SIGHTMESH_HTTP_PORT' },
    ]);
  });

  test('a mistyped variable', () => {
    expect(problemsOf({ SIGHTMESH_HTTP_PROT: '1' })).toMatchObject([{ key: 'SIGHTMESH_HTTP_PROT' }]);
  });

  test('broken YAML', () => {
    const file = write('a.yaml', 'http: [1,\nx');
    expect(problemsOf({ SIGHTMESH_CONFIG: file })[0]?.place).toMatch(/a\.yaml:\d+:\d+$/);
  });

  test('a file that is not a map, and one that is not there', () => {
    expect(problemsOf({ SIGHTMESH_CONFIG: write('a.yaml', '- 1\n') })).toHaveLength(1);
    expect(problemsOf({ SIGHTMESH_CONFIG: 'nowhere.yaml' })[0]?.message).toContain('cannot be read');
  });

  test('a certificate without its key', () => {
    expect(problemsOf({ SIGHTMESH_TLS_CERT: 'c.pem' })[0]?.key).toBe('tls');
  });

  test('secrets and camera addresses are never shown', () => {
    const file = write(
      'a.yaml',
      'secret: short-hidden\ncameras:\n  - {name: A, url: "http://u:hidden-one@h/", password: [hidden-two]}\n',
    );
    const problems = problemsOf({ SIGHTMESH_CONFIG: file, SIGHTMESH_ADMIN_PASSWORD: 'hidden' });
    expect(problems.map(({ key }) => key).sort()).toEqual([
      'adminPassword',
      'cameras.0.password',
      'cameras.0.url',
      'secret',
    ]);
    expect(JSON.stringify(problems)).not.toMatch(/short-hidden|hidden-one|hidden-two|"hidden"/);
  });
});
