import { createRequire } from 'node:module';
import type { ServiceBroker } from 'moleculer';
import { withoutCredentials } from './log.ts';

/** As much of commander's program as is used here. */
interface Program {
  exitOverride(): void;
  allowUnknownOption(allow: boolean): void;
  showHelpAfterError(show: boolean): void;
  showSuggestionAfterError(show: boolean): void;
  configureOutput(output: { writeOut(text: string): void; writeErr(text: string): void }): void;
  command(name: string): Program;
  alias(name: string): Program;
  description(text: string): Program;
  action(run: () => void): Program;
  parseAsync(argv: readonly string[]): Promise<unknown>;
}

interface Commander {
  readonly Command: new () => Program;
}
interface StringArgv {
  readonly parseArgsStringToArgv: (line: string, ...before: string[]) => string[];
}
interface Autocomplete {
  readonly autocompleteHandler: (line: string, broker: ServiceBroker, program: Program) => [string[], string];
}
interface CommandModule {
  readonly register: (program: Program, broker: ServiceBroker) => void;
}

/**
 * The commands of moleculer-repl that look and call. Not among them: those that end the process or an actor behind the
 * director's back, show the environment with its secrets, or leave something behind in the node.
 */
const COMMANDS = [
  'actions',
  'broadcast',
  'cache',
  'call',
  'emit',
  'events',
  'info',
  'metrics',
  'nodes',
  'services',
];

const require = createRequire(import.meta.url);
const requireFromRepl = createRequire(require.resolve('moleculer-repl'));

export interface ReplOutput {
  out(text: string): void;
  err(text: string): void;
}

export interface ReplCommands {
  /** Runs one line; what goes wrong is written. */
  run(line: string): Promise<void>;
  /** For the tab key, as readline wants it. */
  complete(line: string): [string[], string];
}

/** A set of moleculer-repl's commands of one session, over a broker whose answers show no secret. */
export function createReplCommands(node: ServiceBroker, output: ReplOutput, quit: () => void): ReplCommands {
  const { Command } = requireFromRepl('commander') as Commander;
  const { parseArgsStringToArgv } = requireFromRepl('string-argv') as StringArgv;
  const { autocompleteHandler } = requireFromRepl('./src/autocomplete.js') as Autocomplete;
  const broker = withoutSecrets(node);
  const program = new Command();
  program.exitOverride();
  program.allowUnknownOption(true);
  program.showHelpAfterError(true);
  program.showSuggestionAfterError(true);
  program.configureOutput({ writeOut: (text) => output.out(text), writeErr: (text) => output.err(text) });
  for (const name of COMMANDS) {
    const { register } = requireFromRepl(`./src/commands/${name}.js`) as CommandModule;
    register(program, broker);
  }
  program.command('exit').alias('quit').alias('q').description('Ends this session').action(quit);
  return {
    async run(line) {
      const argv = parseArgsStringToArgv(line, 'node', 'sightmesh');
      if (argv.length === 2) return;
      try {
        await program.parseAsync(argv);
      } catch (error) {
        // Commander has written its own errors already.
        if (!codeOf(error).startsWith('commander.')) output.err(`${String(error)}\n`);
      }
    },
    complete: (line) => autocompleteHandler(line, broker, program),
  };
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

function withoutSecrets(broker: ServiceBroker): ServiceBroker {
  const call = async (...args: Parameters<ServiceBroker['call']>): Promise<unknown> =>
    hideSecrets(await broker.call(...args));
  return Object.create(broker, { call: { value: call } }) as ServiceBroker;
}

const SECRET = /^(password|passwordhash|secret|token|credentials|authorization|cookie)$/i;

/** A copy of plain data whose secrets are hidden: fields by name, and users and passwords in addresses. */
export function hideSecrets(value: unknown): unknown {
  if (typeof value === 'string') return withoutCredentials(value);
  if (Array.isArray(value)) return value.map(hideSecrets);
  if (typeof value !== 'object' || value === null) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      SECRET.test(key) && inner !== null ? '(hidden)' : hideSecrets(inner),
    ]),
  );
}
