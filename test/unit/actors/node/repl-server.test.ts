import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { ServiceBroker } from 'moleculer';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { brokerOptions } from '../../../../moleculer.config.ts';
import { hideSecrets } from '../../../../src/actors/node/repl-commands.ts';
import { type ReplAnswer, serveRepl } from '../../../../src/actors/node/repl-server.ts';

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

let folder: string;
let file: string;
let broker: ServiceBroker;
let close: () => Promise<void>;

beforeEach(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'sightmesh-repl-'));
  file = path.join(folder, 'repl.sock');
  broker = new ServiceBroker(brokerOptions({ nodeId: 'one', log: silent }));
  broker.createService({
    name: 'camera.front-door',
    actions: {
      status: {
        handler: () => ({ state: 'live', url: 'rtsp://user:hunter2@camera/1', password: 'hunter2' }),
      },
      broken: {
        handler: () => {
          throw new Error('cannot reach rtsp://user:hunter2@camera/1');
        },
      },
    },
  });
  await broker.start();
  close = await serveRepl(broker, file);
});

afterEach(async () => {
  await close();
  await broker.stop();
  rmSync(folder, { recursive: true });
});

/** All that comes back until the other end closes. */
async function talk(text: string): Promise<string> {
  const socket = net.connect(file);
  let answer = '';
  socket.setEncoding('utf8').on('data', (part: string) => (answer += part));
  // A refused client is cut off while it writes.
  socket.on('error', () => undefined);
  socket.end(text);
  await once(socket, 'close');
  return answer;
}

async function runOne(command: string): Promise<{ out: string; err: string; exit: number | undefined }> {
  const answer = await talk(`${JSON.stringify({ command })}\n`);
  const parts = answer
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ReplAnswer);
  return {
    out: parts.map((part) => ('out' in part ? part.out : '')).join(''),
    err: parts.map((part) => ('err' in part ? part.err : '')).join(''),
    exit: parts.map((part) => ('exit' in part ? part.exit : undefined)).at(-1),
  };
}

describe('the session with a running node', () => {
  it('is open to the user of the node only', () => {
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('runs one command and tells how it went', async () => {
    const { out, err, exit } = await runOne('call camera.front-door.status');
    expect(out).toContain('live');
    expect(err).toBe('');
    expect(exit).toBe(0);
  });

  it('exits with 1 when a call fails or the command does not exist', async () => {
    expect(await runOne('call camera.front-door.missing')).toMatchObject({ exit: 1 });
    const { err, exit } = await runOne('nonsense');
    expect(err).toContain("unknown command 'nonsense'");
    expect(exit).toBe(1);
  });

  it('shows no secret, in answers and in errors', async () => {
    const { out } = await runOne('call camera.front-door.status');
    expect(out).toContain('rtsp://camera/1');
    expect(out).not.toContain('hunter2');
    const { err } = await runOne('call camera.front-door.broken');
    expect(err).toContain('cannot reach');
    expect(err).not.toContain('hunter2');
    const { err: refused } = await runOne('env');
    expect(refused).toContain('unknown command');
  });

  it('takes lines one after the other and ends with the client', async () => {
    const answer = await talk('{}\nservices\ncall camera.front-door.status\n');
    expect(answer.indexOf('camera.front-door')).toBeGreaterThanOrEqual(0);
    expect(answer).toContain("state: 'live'");
    expect(answer.indexOf('Actions')).toBeLessThan(answer.indexOf("state: 'live'"));
  });

  it('completes the names of actions in a terminal', async () => {
    const answer = await talk(`${JSON.stringify({ terminal: true })}\ncall camera.front-door.st\t`);
    expect(answer).toContain('mol $');
    expect(answer).toContain('camera.front-door.status');
  });

  it('writes nothing of a session to the output of the node', async () => {
    const written = vi.spyOn(process.stdout, 'write');
    try {
      await Promise.all([runOne('services'), runOne('call camera.front-door.status')]);
      expect(written).not.toHaveBeenCalled();
    } finally {
      written.mockRestore();
    }
  });

  it('refuses who begins with something else', async () => {
    expect(await talk('GET / HTTP/1.1\n\n')).toBe('');
    expect(await talk(`${JSON.stringify({ command: 'nodes', more: 1 })}\n`)).toBe('');
  });

  it('ends the sessions when it closes', async () => {
    const socket = net.connect(file);
    await once(socket, 'connect');
    socket.write('{}\n');
    socket.resume();
    // Cut off, not ended.
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await close();
    await closed;
    expect(socket.destroyed).toBe(true);
  });
});

describe('hideSecrets', () => {
  it('hides fields by name at any depth, and leaves null and other data', () => {
    const given = { list: [{ token: 'abc', secret: null, name: 'x' }], at: new Date(0), port: 1 };
    expect(hideSecrets(given)).toEqual({
      list: [{ token: '(hidden)', secret: null, name: 'x' }],
      at: new Date(0),
      port: 1,
    });
  });
});
