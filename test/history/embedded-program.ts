/** Starts the Postgres in the folder of its argument, and keeps it until it is told to end. */
import { startEmbedded } from '../../src/history/embedded/server.ts';
import { systemClock } from '../../src/lib/clock.ts';

const stopping = new AbortController();
process.once('SIGTERM', () => stopping.abort());
const server = await startEmbedded(process.argv[2] ?? '', systemClock, stopping.signal);
console.log(`ready: ${server.address.place}`);
stopping.signal.addEventListener('abort', () => void server.stop().then(() => process.exit()));
setInterval(() => undefined, 60_000);
