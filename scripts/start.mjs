// npm start: gets everything that a node needs, then becomes the node. Arguments go to `sightmesh start`.
import { prepare } from './prepare.mjs';
import { becomeNode24 } from './setup.mjs';

await prepare();
becomeNode24(['src/cli/main.ts', 'start', ...process.argv.slice(2)]);
