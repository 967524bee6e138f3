import { type Command, refuseArguments } from './command.ts';
import { type NamedResult, runChecks } from './doctor/check.ts';
import { machineChecks } from './doctor/machine.ts';
import { partChecks } from './doctor/parts.ts';
import { settingChecks } from './doctor/settings.ts';

const MARKS: Readonly<Record<NamedResult['status'], string>> = {
  ok: 'ok      ',
  warning: 'warning ',
  missing: 'MISSING ',
};

/** `sightmesh doctor [--json]`: 1 when something is missing without which a node cannot do its job. */
export const doctor: Command = async (args) => {
  const json = args[0] === '--json';
  refuseArguments('doctor', json ? args.slice(1) : args);
  const results = await runChecks([...machineChecks(), ...partChecks(), ...settingChecks()]);
  const fine = results.every(({ status }) => status !== 'missing');
  process.stdout.write(
    json ? `${JSON.stringify({ ok: fine, checks: results }, null, 2)}\n` : asText(results),
  );
  return fine ? 0 : 1;
};

/** Two lines for what needs something done, one for the rest. */
export function asText(results: readonly NamedResult[]): string {
  const width = Math.max(0, ...results.map(({ name }) => name.length)) + 2;
  const lines = results.flatMap(({ name, status, message, fix }) => [
    `${MARKS[status]}${name.padEnd(width)}${message}`,
    ...(status === 'ok' || fix === undefined ? [] : [`${' '.repeat(8 + width)}→ ${fix}`]),
  ]);
  const count = (wanted: NamedResult['status']): number =>
    results.filter(({ status }) => status === wanted).length;
  return `${lines.join('\n')}\n\n${count('ok')} ok, ${count('warning')} with less, ${count('missing')} missing\n`;
}
