// The control plane alone: 10,000 cameras of 3 actors on 100 nodes, 10 of which die at once; and how the time of one
// pass grows with the mesh.
//   npm run bench -- placement [cameras=10000] [nodes=100] [dying=10]
import { planMesh, stepsOf } from '../src/mesh/reconcile.ts';
import { bigMesh, massDeath } from '../test/support/mass-death.ts';
import { round } from './support/statistics.ts';

const [cameras = 10_000, nodes = 100, dying = 10] = process.argv.slice(2).map(Number);

/** Milliseconds of one pass of one node after a tenth of the nodes died. */
function passMs(share: number): number {
  const mesh = bigMesh(Math.max(3, Math.round(nodes * share)), Math.round(cameras * share));
  mesh.takeOver();
  const survivors = mesh.nodes.slice(Math.max(1, Math.round(mesh.nodes.length / 10)));
  const view = { ...mesh.view, nodes: survivors };
  const self = mesh.ownerOn(survivors[0]?.node ?? '');
  const times = Array.from({ length: 40 }, () => {
    const begun = performance.now();
    stepsOf(view, planMesh(view), self);
    return performance.now() - begun;
  });
  // The least: what else the machine does only adds.
  return Math.min(...times);
}

const death = massDeath(bigMesh(nodes, cameras), dying);
const shares = [0.125, 0.25, 0.5, 1, 2];
const passes = shares.map((share) => ({
  cameras: Math.round(cameras * share),
  nodes: Math.round(nodes * share),
  ms: round(passMs(share), 1),
}));
const [small, , , whole, large] = passes;
const nLogN = (n: number): number => n * Math.log2(n);
/** Against growth by n log n: 1 is just that, less is better. */
const growth = (from: typeof small, to: typeof small): number =>
  from && to ? round(to.ms / from.ms / (nLogN(to.cameras) / nLogN(from.cameras))) : Number.NaN;

console.log(
  JSON.stringify({
    bench: 'placement',
    cameras,
    nodes,
    dying,
    ...death,
    movesPerLeast: round(death.moves / death.orphans, 3),
    passTimes: passes,
    growthPerNLogN: { toWhole: growth(small, whole), beyond: growth(whole, large) },
  }),
);
const isGood =
  death.placedAfterSeconds >= 0 &&
  death.placedAfterSeconds <= 10 &&
  death.moves <= 1.1 * death.orphans &&
  death.unplaced === 0;
process.exit(isGood ? 0 : 1);
