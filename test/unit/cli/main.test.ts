import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CommandError } from '../../../src/cli/command.ts';
import { runCommand } from '../../../src/cli/main.ts';

let written = '';
beforeEach(() => {
  written = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written += text.toString();
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe('sightmesh', () => {
  it('shows its commands when none is named', async () => {
    expect(await runCommand([])).toBe(0);
    for (const name of ['start', 'doctor', 'repl', 'help', 'version']) expect(written).toContain(`  ${name}`);
  });

  it('says its version', async () => {
    expect(await runCommand(['--version'])).toBe(0);
    expect(written).toMatch(/^sightmesh \d+\.\d+\.\d+, Node 24\./);
  });

  it('names the commands when one is unknown', async () => {
    await expect(runCommand(['frobnicate'])).rejects.toThrow(
      new CommandError(
        'there is no command "frobnicate". Commands: start, doctor, repl, verify, help, version',
      ),
    );
    await expect(runCommand(['constructor'])).rejects.toThrow(CommandError);
  });

  it('refuses arguments that a command does not know', async () => {
    await expect(runCommand(['doctor', '--fix'])).rejects.toThrow(/doctor does not know "--fix"/);
    await expect(runCommand(['repl', '-c'])).rejects.toThrow(/-c needs a command/);
    await expect(runCommand(['start', 'now'])).rejects.toThrow(/start does not know "now"/);
  });
});
