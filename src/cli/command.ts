/** A command cannot do what it was asked; the message is for a person and needs no stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** Resolves to the exit code; undefined is success. */
export type Command = (args: readonly string[]) => Promise<number | undefined>;

/** @throws CommandError when arguments are left that the command does not know. */
export function refuseArguments(command: string, args: readonly string[]): void {
  const [first] = args;
  if (first === undefined) return;
  throw new CommandError(`sightmesh ${command} does not know ${JSON.stringify(first)}. Try: sightmesh help`);
}
