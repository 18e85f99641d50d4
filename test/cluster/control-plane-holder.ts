import { startControlPlane } from './control-plane.ts';

/** Holds a control plane until it is killed, and tells its parent, when asked, where it is. */
const log = (line: string): void => console.error(line);
const { kubeconfigPath } = await startControlPlane({ log });
process.on('message', () => process.send?.(kubeconfigPath));
