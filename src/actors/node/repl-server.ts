import { AsyncLocalStorage } from 'node:async_hooks';
import { chmod, rm } from 'node:fs/promises';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { format, stripVTControlCharacters } from 'node:util';
import type { ServiceBroker } from 'moleculer';
import { z } from 'zod';
import { withoutCredentials } from './log.ts';
import { createReplCommands, type ReplOutput } from './repl-commands.ts';

/** The first line of a client, as JSON. */
export const ReplHello = z.strictObject({
  /** Run this one line and answer with `ReplAnswer` lines, then close. Without it, a session of lines begins. */
  command: z.string().max(65_536).optional(),
  /** The other end is a terminal in raw mode: echo, edit, complete. */
  terminal: z.boolean().default(false),
  columns: z.number().int().min(1).max(10_000).default(80),
});
/** One line of the answer to a command, as JSON. `exit`: 0, or 1 when something was written to `err`. */
export type ReplAnswer = { out: string } | { err: string } | { exit: number };

const MAX_SESSIONS = 8;
const HELLO_MS = 5_000;
const MAX_HELLO = 70_000;
const PROMPT = 'mol $ ';

/**
 * Serves moleculer-repl's commands on a local socket that only the user of the node may open.
 * Resolves to what closes it with its sessions.
 * @throws Error when the socket cannot be made, such as a path of more than 107 bytes
 */
export async function serveRepl(broker: ServiceBroker, socketPath: string): Promise<() => Promise<void>> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // The other end went away: the close event follows.
    socket.on('error', () => undefined);
    if (sockets.size > MAX_SESSIONS) socket.destroy();
    else serve(broker, socket);
  });
  await rm(socketPath, { force: true });
  await listen(server, socketPath);
  return async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
    });
    await rm(socketPath, { force: true });
  };
}

async function listen(server: net.Server, socketPath: string): Promise<void> {
  const listening = new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', resolve);
  });
  // The socket is made within this call: nobody else finds it open before the chmod.
  const before = process.umask(0o177);
  server.listen(socketPath);
  process.umask(before);
  await listening;
  await chmod(socketPath, 0o600);
}

function serve(broker: ServiceBroker, socket: net.Socket): void {
  let text = '';
  const timer = setTimeout(() => socket.destroy(), HELLO_MS);
  socket.once('close', () => {
    clearTimeout(timer);
  });
  const onData = (chunk: Buffer): void => {
    text += chunk.toString('utf8');
    const end = text.indexOf('\n');
    if (end < 0) {
      if (text.length > MAX_HELLO) socket.destroy();
      return;
    }
    clearTimeout(timer);
    socket.off('data', onData);
    socket.pause();
    socket.unshift(Buffer.from(text.slice(end + 1)));
    begin(broker, socket, text.slice(0, end)).catch(() => socket.destroy());
  };
  socket.on('data', onData);
}

/** @throws Error when the hello is not one */
async function begin(broker: ServiceBroker, socket: net.Socket, line: string): Promise<void> {
  const hello = ReplHello.parse(JSON.parse(line));
  if (hello.command === undefined) await converse(broker, socket, hello);
  else await runOne(broker, socket, hello.command);
}

async function runOne(broker: ServiceBroker, socket: net.Socket, command: string): Promise<void> {
  const answer = (part: ReplAnswer): void => {
    socket.write(`${JSON.stringify(part)}\n`);
  };
  let exit = 0;
  const output: ReplOutput = {
    out: (text) => {
      answer({ out: text });
    },
    err: (text) => {
      exit = 1;
      answer({ err: text });
    },
  };
  const commands = createReplCommands(broker, output, () => undefined);
  await withConsole(output, () => commands.run(command));
  answer({ exit });
  socket.end();
}

async function converse(
  broker: ServiceBroker,
  socket: net.Socket,
  { terminal, columns }: z.output<typeof ReplHello>,
): Promise<void> {
  const write = (text: string): void => {
    const plain = terminal ? text.replaceAll('\n', '\r\n') : stripVTControlCharacters(text);
    socket.write(plain);
  };
  const output: ReplOutput = { out: write, err: write };
  const commands = createReplCommands(broker, output, () => {
    lines.close();
  });
  const lines = createInterface({
    input: socket,
    output: Object.assign(socket, { columns }),
    terminal,
    prompt: PROMPT,
    completer: (line: string) => commands.complete(line),
  });
  lines.on('SIGINT', () => {
    if (lines.line === '') lines.close();
    else lines.write(null, { ctrl: true, name: 'u' });
  });
  if (terminal) lines.prompt();
  for await (const line of lines) {
    await withConsole(output, () => commands.run(line));
    if (terminal) lines.prompt();
  }
  socket.end(terminal ? '\r\n' : '');
}

const sessions = new AsyncLocalStorage<ReplOutput>();
let users = 0;
let restore: (() => void) | undefined;

/** moleculer-repl's commands write to the console: while one runs, what it writes there goes to its session. */
async function withConsole(output: ReplOutput, run: () => Promise<void>): Promise<void> {
  users += 1;
  restore ??= divertConsole();
  try {
    await sessions.run(output, run);
  } finally {
    users -= 1;
    if (users === 0) {
      restore();
      restore = undefined;
    }
  }
}

function divertConsole(): () => void {
  const { log, info, warn, error } = console;
  const divert =
    (original: typeof log, to: keyof ReplOutput): typeof log =>
    (...args: unknown[]) => {
      const session = sessions.getStore();
      if (session === undefined) original(...args);
      else session[to](withoutCredentials(`${format(...args)}\n`));
    };
  Object.assign(console, {
    log: divert(log, 'out'),
    info: divert(info, 'out'),
    warn: divert(warn, 'err'),
    error: divert(error, 'err'),
  });
  return () => Object.assign(console, { log, info, warn, error });
}
