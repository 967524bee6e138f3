import { sizeText } from '../archive/volume-room.ts';
import { type Verification, verifyExport } from '../archive/export/verify.ts';
import { type Command, CommandError, refuseArguments } from './command.ts';

/** `sightmesh verify <zip> [--key <fingerprint>]`: 1 when something is not as it was signed. */
export const verify: Command = async (args) => {
  const [file, ...rest] = args;
  if (file === undefined) throw new CommandError('which file? Try: sightmesh verify export.zip');
  let key: string | undefined;
  if (rest[0] === '--key') {
    key = rest[1]?.toLowerCase();
    if (key === undefined || !/^[0-9a-f]{64}$/.test(key))
      throw new CommandError('--key takes the 64 hexadecimal digits that the export shows as `signer`');
    refuseArguments('verify', rest.slice(2));
  } else refuseArguments('verify', rest);
  const found = await verifyExport(file).catch((error: unknown) => {
    throw new CommandError(
      `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  });
  const other = key !== undefined && found.signer !== null && found.signer !== key;
  const problems = other ? [...found.problems, 'it was signed with another key'] : found.problems;
  process.stdout.write(asText({ ...found, problems }, key !== undefined));
  return problems.length === 0 ? 0 : 1;
};

/** @param compared whether the key was compared with one that the caller knows */
export function asText({ problems, manifest, signer }: Verification, compared: boolean): string {
  const lines = problems.map((problem) => `WRONG   ${problem}`);
  if (problems.length === 0 && manifest !== null) {
    for (const { name, bytes, from, to } of manifest.files)
      lines.push(`ok      ${name}  ${sizeText(bytes)}  ${from} to ${to}`);
    for (const camera of manifest.missing)
      lines.push(`        nothing was recorded by ${camera} in the range`);
    lines.push(`made by ${manifest.node} for ${manifest.user} at ${manifest.createdAt}`);
    lines.push(`signed with the key ${signer ?? ''}`);
    if (!compared)
      lines.push('compare it with `signer` of the export, or give it as --key: anybody can make a key.');
  }
  return `${lines.join('\n')}\n`;
}
