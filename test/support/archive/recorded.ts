import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { segmentPath } from '../../../src/archive/naming.ts';
import { segmentId } from '../../../src/archive/segment-record.ts';
import { makeSegment } from '../segments.ts';
import type { ArchiveNode } from './archive-node.ts';

/** Recordings of 10 s each, one behind the other, in files and in the index. */
export async function recordSegments(
  node: ArchiveNode,
  camera: string,
  at: number,
  count: number,
): Promise<void> {
  const { store, volumes } = node.parts;
  const { id: volume = '', path: root = '' } = volumes.list()[0] ?? {};
  const data = makeSegment({ seconds: 10, name: camera });
  for (let index = 0; index < count; index += 1) {
    const start = at + index * 10_000;
    const name = { camera, stream: 'main', start, epoch: 1, replica: 0 } as const;
    const file = path.join(root, segmentPath(name));
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, data);
    await store.segments.save({
      ...{ id: segmentId(name), camera, stream: 'main', replica: 0, epoch: 1, node: 'n', volume },
      path: segmentPath(name),
      ...{ from: start, to: start + 10_000, bytes: data.length, closed: true, codecs: 'avc1.42c01e' },
    });
  }
}
