import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configKeys, ConfigSchema } from '../../../config/schema.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const dockerfile = read('Dockerfile').replaceAll('\\\n', ' ');
const lines = (instruction: string): string[] =>
  [...dockerfile.matchAll(new RegExp(`^${instruction} (.+)$`, 'gm'))].map(([, rest = '']) => rest);
const compose = parse(read('compose.yaml')) as {
  services: { sightmesh: { ports: string[]; environment: Record<string, string>; volumes: string[] } };
};
const defaults = ConfigSchema.parse({});

describe('Dockerfile', () => {
  it('copies files that exist and that are not ignored', () => {
    const sources = lines('COPY')
      .filter((rest) => !rest.startsWith('--from'))
      .flatMap((rest) => rest.split(/\s+/).slice(0, -1));
    expect(sources.length).toBeGreaterThan(5);
    const ignored = read('.dockerignore').split('\n');
    for (const source of sources) {
      expect(existsSync(path.join(ROOT, source)), source).toBe(true);
      expect(ignored).not.toContain(source);
    }
  });

  it('copies all that the node imports from outside its folders', () => {
    const sources = lines('COPY').join(' ').split(/\s+/);
    for (const needed of ['src', 'config', 'moleculer.config.ts', 'package.json']) {
      expect(sources).toContain(needed);
    }
  });

  it('runs scripts that exist', () => {
    const scripts = [...dockerfile.matchAll(/\b(?:scripts|src)\/[\w/-]+\.(?:mjs|ts)\b/g)].map(
      ([file]) => file,
    );
    expect(scripts).toEqual(expect.arrayContaining(['scripts/prepare.mjs', 'src/cli/main.ts']));
    expect(scripts.filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([]);
  });

  it('does not run as root, keeps its data in a volume, and opens the ports of the defaults', () => {
    expect(lines('USER')).toEqual(['10001:10001']);
    expect(lines('VOLUME')).toEqual(['/data']);
    const { http, webrtc } = defaults;
    expect(lines('EXPOSE')).toEqual([`${http.port} ${webrtc.port}/tcp ${webrtc.port}/udp`]);
  });

  it('sets variables that exist', () => {
    const known = configKeys().map(({ variable }) => variable);
    const set = [...dockerfile.matchAll(/\b(SIGHTMESH_\w+)=/g)].map(([, name]) => name);
    expect(set).toContain('SIGHTMESH_DATA');
    for (const name of [...set, ...Object.keys(compose.services.sightmesh.environment)]) {
      expect(known).toContain(name);
    }
  });
});

describe('compose.yaml', () => {
  it('opens the ports of the image and keeps /data', () => {
    const { http, webrtc } = defaults;
    expect(compose.services.sightmesh.ports).toEqual([
      `${http.port}:${http.port}`,
      `${webrtc.port}:${webrtc.port}/tcp`,
      `${webrtc.port}:${webrtc.port}/udp`,
    ]);
    expect(compose.services.sightmesh.volumes).toEqual(['data:/data']);
  });
});
