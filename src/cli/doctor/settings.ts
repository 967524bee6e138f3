import dgram from 'node:dgram';
import { once } from 'node:events';
import { access, constants, stat, statfs } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { ConfigError, type LoadedConfig, loadConfig } from '../../../config/load.ts';
import { isShort, roomOf, sizeText } from '../../archive/volume-room.ts';
import { configuredVolumes } from '../../archive/volume-set.ts';
import { type Check, type CheckResult, missing, ok, warning } from './check.ts';

/** What the configuration asks of this machine: folders, room, ports. */
export function settingChecks(): Check[] {
  let loaded: LoadedConfig;
  try {
    loaded = loadConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const result = missing(error.message, 'docs/configuration.md has every key');
    return [{ name: 'configuration', run: () => result }];
  }
  const { config, file, warnings } = loaded;
  const running = (): Promise<boolean> => nodeRuns(config.data);
  return [
    {
      name: 'configuration',
      run: () =>
        warnings.length === 0
          ? ok(file ?? 'no file; variables and defaults')
          : warning(warnings.join('; '), 'docs/configuration.md has every key'),
    },
    { name: 'data folder', run: () => folder(config.data, 0) },
    ...configuredVolumes(config).map(({ path: place, keepFree }) => ({
      name: `volume ${place}`,
      run: () => folder(place, keepFree),
    })),
    { name: 'http port', run: () => freePort('tcp', config.http.port, 'SIGHTMESH_HTTP_PORT', running) },
    {
      name: 'webrtc port (udp)',
      run: () => freePort('udp', config.webrtc.port, 'SIGHTMESH_WEBRTC_PORT', running),
    },
    {
      name: 'webrtc port (tcp)',
      run: () => freePort('tcp', config.webrtc.port, 'SIGHTMESH_WEBRTC_PORT', running),
    },
  ];
}

/** Of the folder, or of where it will be made. */
async function folder(wanted: string, keepFree: number | null): Promise<CheckResult> {
  let there = wanted;
  while (!(await exists(there)) && path.dirname(there) !== there) there = path.dirname(there);
  try {
    await access(there, constants.W_OK | constants.X_OK);
  } catch {
    return missing(`${there} cannot be written by this user`, `chown it, or name another folder`);
  }
  const { bavail, bsize, blocks } = await statfs(there);
  const room = roomOf({ freeBytes: bavail * bsize, totalBytes: blocks * bsize }, keepFree);
  const text = `${there} has ${sizeText(bavail * bsize)} free`;
  if (!isShort(room)) return ok(text);
  return warning(
    `${text}, less than is to be kept free: the oldest recordings go, and none may remain`,
    'Make room, or lower archive.keepFree',
  );
}

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

/** Whether a node answers on the folder: then the ports are in use by it, as they should be. */
async function nodeRuns(data: string): Promise<boolean> {
  const socket = net.connect(path.join(data, 'run', 'repl.sock'));
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function freePort(
  protocol: 'tcp' | 'udp',
  port: number,
  variable: string,
  running: () => Promise<boolean>,
): Promise<CheckResult> {
  const name = `${protocol.toUpperCase()} port ${port}`;
  if (port === 0) return ok('any free port');
  const code = protocol === 'tcp' ? await tryTcp(port) : await tryUdp(port);
  if (code === null) return ok(`${name} is free`);
  if (code === 'EADDRINUSE' && (await running())) return ok(`${name} is the running node's`);
  return code === 'EACCES'
    ? missing(`${name} is not open to this user`, `Name one above 1023 in ${variable}`)
    : missing(
        `${name} is taken (${code})`,
        `Stop what uses it (ss -lpn), or name another one in ${variable}`,
      );
}

/** The error's code; null when the port can be had. */
async function tryTcp(port: number): Promise<string | null> {
  const server = net.createServer();
  try {
    server.listen(port);
    await once(server, 'listening');
    return null;
  } catch (error) {
    return codeOf(error);
  } finally {
    server.close();
  }
}

async function tryUdp(port: number): Promise<string | null> {
  const socket = dgram.createSocket('udp4');
  try {
    socket.bind(port);
    await once(socket, 'listening');
    return null;
  } catch (error) {
    return codeOf(error);
  } finally {
    socket.close();
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);
