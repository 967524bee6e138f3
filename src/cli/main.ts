import { type Command, CommandError, refuseArguments } from './command.ts';

interface CommandEntry {
  /** For `sightmesh help`. */
  readonly usage: string;
  readonly summary: string;
  load(): Promise<Command>;
}

const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  start: {
    usage: 'start',
    summary: 'Runs one node until it is told to stop.',
    load: async () => {
      const { start } = await import('./start.ts');
      return async (args) => {
        refuseArguments('start', args);
        await start();
        return undefined;
      };
    },
  },
  doctor: {
    usage: 'doctor [--json]',
    summary: 'Says what is missing on this machine and how to get it.',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  repl: {
    usage: 'repl [-c <command>]',
    summary: 'Talks to the running node: call camera.front-door.status',
    load: async () => (await import('./repl.ts')).repl,
  },
  verify: {
    usage: 'verify <zip> [--key <fingerprint>]',
    summary: 'Says whether an export is as it was when it was signed.',
    load: async () => (await import('./verify.ts')).verify,
  },
  help: { usage: 'help', summary: 'Shows this.', load: () => Promise.resolve(help) },
  version: {
    usage: 'version',
    summary: 'Shows the version.',
    load: async () => (await import('./version.ts')).showVersion,
  },
};

const ALIASES: Readonly<Record<string, string>> = {
  '--help': 'help',
  '-h': 'help',
  '--version': 'version',
  '-v': 'version',
};

const help: Command = () => {
  const width = Math.max(...Object.values(COMMANDS).map(({ usage }) => usage.length)) + 2;
  const lines = Object.values(COMMANDS).map(({ usage, summary }) => `  ${usage.padEnd(width)}${summary}`);
  process.stdout.write(
    `sightmesh <command>\n\n${lines.join('\n')}\n\nSettings: docs/configuration.md. Operation: docs/operations.md.\n`,
  );
  return Promise.resolve(undefined);
};

/** @throws CommandError when there is no such command. */
export async function runCommand(argv: readonly string[]): Promise<number> {
  const [given = 'help', ...args] = argv;
  const name = ALIASES[given] ?? given;
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined) {
    throw new CommandError(
      `there is no command ${JSON.stringify(given)}. Commands: ${Object.keys(COMMANDS).join(', ')}`,
    );
  }
  const command = await entry.load();
  return (await command(args)) ?? 0;
}

if (import.meta.main) {
  try {
    process.exitCode = await runCommand(process.argv.slice(2));
  } catch (error) {
    if (error instanceof CommandError) process.stderr.write(`sightmesh: ${error.message}\n`);
    else console.error(error);
    process.exit(1);
  }
}
