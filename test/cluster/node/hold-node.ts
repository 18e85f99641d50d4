/** Starts a node in the folder that its argument names, says where its state is, and holds it. */
import { startNode } from './start-node.ts';

const [runs = ''] = process.argv.slice(2);
const node = await startNode({ runs, log: console.error });
console.log(`holding ${node.state}`);
await node.failed;
