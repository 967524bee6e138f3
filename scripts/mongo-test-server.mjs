// Gets the server that stands in for MongoDB in tests (mongo-java-server on H2), built once with Maven and a JDK from
// 17 on, and kept outside the checkout.
//   node scripts/mongo-test-server.mjs  [--check]      prints its folder; exit code 1 and the reason when there is none
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from './mediasoup-worker.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const sources = path.join(root, 'test', 'support', 'services', 'mongo-test-server');
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies';

/** One folder per state of the sources. */
export function mongoTestServerFolder() {
  const hash = createHash('sha256');
  for (const name of ['MongoTestServer.java', 'pom.xml']) hash.update(readFileSync(path.join(sources, name)));
  return path.join(cacheFolder(), `mongo-test-server-${hash.digest('hex').slice(0, 12)}`);
}

/** The folder with its classes and libraries, or undefined where it was not built yet. */
export function findMongoTestServer() {
  const folder = mongoTestServerFolder();
  return existsSync(path.join(folder, 'MongoTestServer.class')) ? folder : undefined;
}

function step(command, args) {
  const done = spawnSync(command, args, { encoding: 'utf8', timeout: 300_000 });
  if (done.error) throw new Error(`${command}: ${done.error.message}`);
  if (done.status !== 0)
    throw new Error(`${command} failed: ${`${done.stdout}${done.stderr}`.trim().slice(-400)}`);
}

/**
 * Builds it when it is not there. Returns the folder.
 * @throws Error when Maven or the compiler is missing or fails.
 */
export function ensureMongoTestServer() {
  const found = findMongoTestServer();
  if (found) return found;
  mkdirSync(cacheFolder(), { recursive: true });
  const building = mkdtempSync(path.join(cacheFolder(), 'building-'));
  try {
    step('mvn', ['-q', '-f', path.join(sources, 'pom.xml'), COPY, `-DoutputDirectory=${building}`]);
    step('javac', ['-cp', `${building}/*`, '-d', building, path.join(sources, 'MongoTestServer.java')]);
    try {
      renameSync(building, mongoTestServerFolder());
    } catch (error) {
      if (!findMongoTestServer()) throw error; // another process was first
    }
    return mongoTestServerFolder();
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const folder = process.argv.includes('--check') ? findMongoTestServer() : ensureMongoTestServer();
    if (!folder) throw new Error('it was not built yet');
    process.stdout.write(`${folder}\n`);
  } catch (error) {
    process.stderr.write(`sightmesh: no MongoDB test server: ${error.message}\n`);
    process.exitCode = 1;
  }
}
