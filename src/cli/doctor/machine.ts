import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Check, type CheckResult, missing, ok, warning } from './check.ts';

const NODE_MAJOR = 24;
const FILES = 8_192;
const UDP_BUFFER = 2 * 1024 * 1024;
const MEMORY = 2 * 2 ** 30;
const MARGIN_S = 86_400;

/** What the machine and its system must offer. */
export function machineChecks(): Check[] {
  return [
    { name: 'runtime', run: runtime },
    { name: 'memory', run: memory },
    { name: 'open files', run: openFiles },
    { name: 'udp buffers', run: udpBuffers },
    { name: 'clock', run: clock },
  ];
}

function runtime(): CheckResult {
  const { node } = process.versions;
  return Number.parseInt(node, 10) >= NODE_MAJOR
    ? ok(`Node ${node}`)
    : missing(
        `Node ${node} runs this, ${NODE_MAJOR} is needed`,
        'Use npx sightmesh: it brings its own Node. If it does not, run npm ci && npm rebuild node --ignore-scripts=false',
      );
}

function memory(): CheckResult {
  const bytes = os.totalmem();
  const text = `${(bytes / 2 ** 30).toFixed(1)} GiB of memory, ${os.availableParallelism()} cores`;
  return bytes >= MEMORY
    ? ok(text)
    : warning(text, 'Analysis wants 1 GiB beside the node: turn it off per camera, or add memory');
}

function openFiles(): CheckResult {
  const limits = readOptional('/proc/self/limits');
  const [, hard] = /^Max open files\s+\S+\s+(\S+)/m.exec(limits) ?? [];
  if (hard === undefined || hard === 'unlimited') return ok('no limit of open files is known');
  return Number(hard) >= FILES
    ? ok(`${hard} files may be open`)
    : warning(
        `only ${hard} files may be open`,
        `Raise it: ulimit -n ${FILES}, or LimitNOFILE=${FILES} in the unit`,
      );
}

function udpBuffers(): CheckResult {
  const names = ['rmem_max', 'wmem_max'] as const;
  const small = names.filter((name) => {
    const text = readOptional(`/proc/sys/net/core/${name}`);
    return text !== '' && Number(text) < UDP_BUFFER;
  });
  if (small.length === 0) return ok('the system allows large UDP buffers');
  return warning(
    `UDP buffers are small (${small.map((name) => `net.core.${name}`).join(', ')} below ${UDP_BUFFER}): bursts to WebRTC viewers may lose packets`,
    `sysctl -w ${small.map((name) => `net.core.${name}=${UDP_BUFFER}`).join(' ')}`,
  );
}

/** Whether the clock can be right: not before this program was made, and kept by someone where that can be asked. */
function clock(): CheckResult {
  const made = statSync(path.resolve(import.meta.dirname, '../../../package.json')).mtimeMs;
  if (Date.now() < made - MARGIN_S * 1000) {
    return missing(
      `the clock says ${new Date().toISOString()}, which is before this program was installed`,
      'Set the clock; recordings are filed by it',
    );
  }
  const asked = spawnSync('timedatectl', ['show', '--property=NTPSynchronized', '--value'], {
    encoding: 'utf8',
    timeout: 5_000,
  });
  return asked.status === 0 && asked.stdout.trim() === 'no'
    ? warning('the clock is not kept by a time server', 'timedatectl set-ntp true')
    : ok(`the clock says ${new Date().toISOString()}`);
}

function readOptional(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
