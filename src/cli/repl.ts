import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';
import { ConfigError, loadConfig } from '../../config/load.ts';
import type { ReplAnswer } from '../actors/node/repl-server.ts';
import { type Command, CommandError, refuseArguments } from './command.ts';

/** `sightmesh repl [-c <command>]`: a session with the node that runs with this configuration. */
export const repl: Command = async (args) => {
  const command = oneCommand(args);
  const data = dataFolder();
  const socket = await connect(path.join(data, 'run', 'repl.sock'), data);
  const { stdin, stdout } = process;
  if (command !== undefined) {
    socket.write(`${JSON.stringify({ command })}\n`);
    return showAnswer(socket);
  }
  const terminal = stdin.isTTY && stdout.isTTY;
  socket.write(`${JSON.stringify({ terminal, columns: columnsOf(stdout) })}\n`);
  if (terminal) stdin.setRawMode(true);
  socket.pipe(stdout, { end: false });
  stdin.pipe(socket);
  await new Promise((resolve) => socket.once('close', resolve));
  if (terminal) stdin.setRawMode(false);
  stdin.destroy();
  return 0;
};

/** A terminal that does not know its width says 0. */
const columnsOf = (stream: NodeJS.WriteStream): number =>
  stream.isTTY && stream.columns > 0 ? stream.columns : 80;

function oneCommand(args: readonly string[]): string | undefined {
  const [flag, command, ...more] = args;
  if (flag !== '-c') {
    refuseArguments('repl', args);
    return undefined;
  }
  refuseArguments('repl', more);
  if (command === undefined || command.trim() === '') throw new CommandError('-c needs a command');
  return command;
}

function dataFolder(): string {
  try {
    return loadConfig().config.data;
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandError(error.message);
    throw error;
  }
}

async function connect(file: string, data: string): Promise<net.Socket> {
  const socket = net.connect(file);
  try {
    await once(socket, 'connect');
    // A node that dies in the middle: the close event follows.
    socket.on('error', () => undefined);
    return socket;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code === 'EACCES')
      throw new CommandError(`the node with the data folder ${data} runs as another user`);
    throw new CommandError(
      `no node runs with the data folder ${data} (${code}). Start it with npm start, or name its folder in SIGHTMESH_DATA`,
    );
  }
}

async function showAnswer(socket: net.Socket): Promise<number> {
  let exit: number | undefined;
  const show = (stream: NodeJS.WriteStream, text: string): void => {
    stream.write(stream.isTTY ? text : stripVTControlCharacters(text));
  };
  for await (const line of createInterface({ input: socket })) {
    const part = JSON.parse(line) as ReplAnswer;
    if ('out' in part) show(process.stdout, part.out);
    else if ('err' in part) show(process.stderr, part.err);
    else exit = part.exit;
  }
  if (exit === undefined) throw new CommandError('the node went away before it answered');
  return exit;
}
