// Builds mediasoup's C++ worker. Its meson wraps download sources from many places; here Debian's -dev packages are
// unpacked into a folder of our own instead, and each wrap becomes a few lines that point there.
import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const shims = path.join(path.dirname(fileURLToPath(import.meta.url)), 'mediasoup-shims');
const DEV_PACKAGES = [
  'libuv1-dev',
  'libsrtp2-dev',
  'libssl-dev',
  'libnss3-dev',
  'libnspr4-dev',
  'libflatbuffers-dev',
  'flatbuffers-compiler',
  'libabsl-dev',
  'meson',
];
/** The shared libraries behind them that linking, flatc and the worker need. */
const RUNTIME = /^(libssl3\S*|libnss3|libnspr4|libnspr4t64|libflatbuffers[0-9]\S*)$/;
/** Beside the worker, so that it runs where libnss3 is not installed. */
const SHIPPED = /^lib(nss3|nssutil3|smime3|softokn3|freebl3|freeblpriv3|nspr4|plc4|plds4)\.(so|chk)$/;

function sh(command, args, options = {}) {
  const done = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 << 20, ...options });
  if (done.error) throw new Error(`${command}: ${done.error.message}`);
  if (done.status !== 0) {
    const tail = `${done.stdout}\n${done.stderr}`.trim().split('\n').slice(-6).join(' | ');
    throw new Error(`${command} ${args[0] ?? ''} ended with ${done.status}: ${tail}`);
  }
  return done.stdout;
}

const missingTools = () =>
  ['g++', 'ninja', 'python3', 'apt-get', 'apt-cache', 'dpkg', 'strip'].filter(
    (tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0,
  );
const TOOL_PACKAGES = ['g++', 'binutils', 'ninja-build', 'python3', 'python3-setuptools'];

/** Gets the compiler where apt and root are at hand. */
function requireTools(say) {
  const missing = missingTools();
  if (missing.length === 0) return;
  if (process.getuid?.() === 0 && !missing.includes('apt-get')) {
    say(`installing ${TOOL_PACKAGES.join(', ')} …`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    sh('apt-get', ['update', '-qq'], { env });
    sh('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...TOOL_PACKAGES], { env });
  }
  const still = missingTools();
  if (still.length > 0)
    throw new Error(`${still.join(', ')} missing (apt-get install ${TOOL_PACKAGES.join(' ')})`);
}

/** The packages and, from their dependencies, the shared libraries under the names that this release gives them. */
function packageNames() {
  const depends = sh('apt-cache', ['depends', '--no-recommends', '--no-suggests', ...DEV_PACKAGES]);
  const names = [...depends.matchAll(/Depends: (\S+)/g)].map((match) => match[1]);
  return [...new Set([...DEV_PACKAGES, ...names.filter((name) => RUNTIME.test(name))])];
}

function unpackPackages(top, say) {
  const prefix = path.join(top, 'prefix');
  if (existsSync(path.join(prefix, '.done'))) return prefix;
  const debs = path.join(top, 'debs');
  rmSync(prefix, { recursive: true, force: true });
  rmSync(debs, { recursive: true, force: true });
  mkdirSync(prefix, { recursive: true });
  mkdirSync(debs, { recursive: true });
  const fetchAll = () => sh('apt-get', ['download', ...packageNames()], { cwd: debs });
  try {
    fetchAll();
  } catch (error) {
    if (process.getuid?.() !== 0) throw error;
    say('refreshing the list of Debian packages …');
    sh('apt-get', ['update', '-qq']);
    fetchAll();
  }
  for (const deb of readdirSync(debs)) sh('dpkg', ['-x', path.join(debs, deb), prefix]);
  writeFileSync(path.join(prefix, '.done'), '');
  rmSync(debs, { recursive: true, force: true });
  return prefix;
}

/** One small meson project in place of a wrap. */
function subproject(source, name, build, options = '') {
  const folder = path.join(source, 'subprojects', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'meson.build'), `${build.trim()}\n`);
  if (options) writeFileSync(path.join(folder, 'meson_options.txt'), `${options.trim()}\n`);
  return folder;
}

const INCLUDE = "include_directories: include_directories('include')";

function writeSubprojects(source, prefix, lib, libraries) {
  for (const file of readdirSync(path.join(source, 'subprojects'))) {
    if (file.endsWith('.wrap')) rmSync(path.join(source, 'subprojects', file));
  }
  const headers = (folder, ...names) => {
    for (const name of names) {
      cpSync(path.join(prefix, 'usr/include', name), path.join(folder, 'include', name), { recursive: true });
    }
  };
  const off = (...names) =>
    names.map((name) => `option('${name}', type: 'boolean', value: false)`).join('\n');
  const text = (...names) => names.map((name) => `option('${name}', type: 'string', value: '')`).join('\n');

  const uv = subproject(
    source,
    'libuv',
    `project('libuv', 'c')
libuv = []
libuv_dep = declare_dependency(${INCLUDE}, link_args: ['${lib}/libuv_a.a', '-lpthread', '-ldl', '-lrt'])`,
    off('build_tests', 'build_benchmarks'),
  );
  headers(uv, 'uv.h', 'uv');
  subproject(
    source,
    'openssl',
    `project('openssl', 'c')
libcrypto_lib = []
libssl_lib = []
openssl_dep = declare_dependency(compile_args: ['-I${prefix}/usr/include', '-I${prefix}/usr/include/${path.basename(lib)}'],
  link_args: ['${lib}/libssl.so', '${lib}/libcrypto.so'])`,
  );
  const srtp = subproject(
    source,
    'libsrtp3',
    `project('libsrtp3', 'cpp')
libsrtp3 = []
libsrtp3_dep = declare_dependency(${INCLUDE}, compile_args: ['-I${prefix}/usr/include'],
  link_args: ['${lib}/libsrtp2.a', '${lib}/libnss3.so', '${lib}/libnspr4.so', '-Wl,-rpath,$ORIGIN/${libraries}',
    '-Wl,-rpath-link,${lib}'])`,
    text('crypto-library', 'crypto-library-kdf', 'tests'),
  );
  cpSync(path.join(shims, 'srtp.h'), path.join(srtp, 'include', 'srtp.h'));
  const dense = subproject(
    source,
    'unordered-dense',
    `project('unordered-dense', 'cpp')
ankerl_unordered_dense_dep = declare_dependency(${INCLUDE})`,
  );
  cpSync(path.join(shims, 'unordered_dense.h'), path.join(dense, 'include', 'ankerl', 'unordered_dense.h'));
  const flat = subproject(
    source,
    'flatbuffers',
    `project('flatbuffers', 'cpp')
flatbuffers_lib = []
flatbuffers_dep = declare_dependency(${INCLUDE})
meson.override_find_program('flatc', find_program('${prefix}/usr/bin/flatc'))`,
  );
  headers(flat, 'flatbuffers');
  // All of them: which ones the sources need differs by the release of abseil, and the linker leaves out the rest.
  const archives = readdirSync(lib)
    .filter((name) => /^libabsl_\w+\.a$/.test(name))
    .map((name) => `'${path.join(lib, name)}'`)
    .join(', ');
  const absl = subproject(
    source,
    'abseil-cpp',
    `project('abseil-cpp', 'cpp')
absl_container_lib = []
absl_container_dep = declare_dependency(${INCLUDE})
absl_types_dep = absl_container_dep
absl_strings_dep = declare_dependency(${INCLUDE}, link_args: ['-Wl,--start-group', ${archives}, '-Wl,--end-group'])`,
  );
  headers(absl, 'absl');
}

function replaceIn(file, pattern, replacement) {
  const before = readFileSync(file, 'utf8');
  const after = before.replace(pattern, replacement);
  if (after === before)
    throw new Error(`${path.basename(file)} is not as expected; this mediasoup needs another patch`);
  writeFileSync(file, after);
}

function patchSources(source) {
  const meson = path.join(source, 'meson.build');
  replaceIn(meson, /meson_version: '>= [0-9.]*'/, "meson_version: '>= 1.0.0'");
  replaceIn(
    meson,
    /^ankerl_unordered_dense_dep = dependency\('unordered_dense'\)/m,
    "ankerl_unordered_dense_dep = subproject('unordered-dense').get_variable('ankerl_unordered_dense_dep')",
  );
  // Debian's OpenSSL has KTLS, mediasoup's own has not: its BIO callback answers 1 to every BIO_ctrl, so that libssl
  // believes in KTLS, allocates no DTLS write buffer and crashes at the first ClientHello.
  replaceIn(
    path.join(source, 'src/RTC/DtlsTransport.cpp'),
    /\(operationType == BIO_CB_RETURN\) \?/g,
    '((operationType & BIO_CB_RETURN) != 0) ?',
  );
}

/** Runs ninja, which counts its steps as `[n/m]`, and says so at each tenth. Rejects with the end of what it wrote. */
function ninja(target, { cwd, env, log, say }) {
  return new Promise((resolve, reject) => {
    const child = spawn('ninja', ['-C', 'out/build', target], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const file = createWriteStream(log, { flags: 'a' });
    const tail = [];
    let told = 0;
    const read = (line) => {
      file.write(`${line}\n`);
      tail.push(line);
      if (tail.length > 6) tail.shift();
      const [, done, all] = /^\[(\d+)\/(\d+)\]/.exec(line) ?? [];
      const tenth = all === undefined ? 0 : Math.floor((10 * Number(done)) / Number(all));
      if (tenth > told && tenth < 10) say(`building the WebRTC worker: ${tenth * 10} %`);
      told = Math.max(told, tenth);
    };
    createInterface({ input: child.stdout }).on('line', read);
    createInterface({ input: child.stderr }).on('line', read);
    child.once('error', reject);
    child.once('close', (code) => {
      file.end();
      if (code === 0) resolve();
      else reject(new Error(`ninja ended with ${code}: ${tail.join(' | ')}`));
    });
  });
}

/** Resolves to the path of the stripped worker, in a folder that the next build reuses. Rejects with one sentence. */
export async function buildWorker({ packageFolder, cacheFolder, libraries, say }) {
  requireTools(say);
  const top = path.join(cacheFolder, 'mediasoup-build');
  const source = path.join(top, 'worker');
  const prefix = unpackPackages(top, say);
  const lib = path.join(prefix, 'usr/lib', sh('g++', ['-print-multiarch']).trim());
  rmSync(source, { recursive: true, force: true });
  cpSync(path.join(packageFolder, 'worker'), source, { recursive: true });
  writeSubprojects(source, prefix, lib, libraries);
  patchSources(source);
  const log = path.join(top, 'build.log');
  const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
  const env = {
    ...process.env,
    PYTHONPATH: path.join(prefix, 'usr/lib/python3/dist-packages'),
    LD_LIBRARY_PATH: lib,
  };
  const meson = [path.join(prefix, 'usr/bin/meson'), 'setup', '--buildtype', 'release', '-Db_ndebug=true'];
  writeFileSync(log, sh(python, [...meson, 'out/build'], { cwd: source, env }));
  await ninja('mediasoup-worker', { cwd: source, env, log, say });
  const file = path.join(top, 'mediasoup-worker');
  sh('strip', ['-o', file, path.join(source, 'out/build/mediasoup-worker')]);
  shipLibraries(prefix, lib, path.join(cacheFolder, libraries));
  rmSync(source, { recursive: true, force: true });
  return file;
}

function shipLibraries(prefix, lib, target) {
  mkdirSync(target, { recursive: true });
  for (const folder of [lib, path.join(lib, 'nss')]) {
    if (!existsSync(folder)) continue;
    for (const name of readdirSync(folder)) {
      if (SHIPPED.test(name)) cpSync(path.join(folder, name), path.join(target, name), { dereference: true });
    }
  }
}
