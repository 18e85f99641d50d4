import { remembered } from '../../lib/remembered.ts';
import type { AdminApi, AdminDeps, RouteDeps } from '../api.ts';
import { historyAsker } from '../ask-history.ts';
import { OpenStreams } from '../events/open-streams.ts';
import { botRow } from '../views/bot.ts';
import { addAuditRoutes } from './audit.ts';
import { addBotRoutes } from './bots.ts';
import { addBreakerRoutes } from './breakers.ts';
import { addChangeRoutes } from './changes.ts';
import { addEventRoutes } from './events.ts';
import { addExportRoutes } from './exports.ts';
import { addFleetRoutes } from './fleets.ts';
import { addHealthRoutes } from './health.ts';
import { addHistoryRoutes } from './history.ts';
import { addJobRoutes } from './jobs.ts';
import { addMeRoute } from './me.ts';
import { addRequestRoutes } from './requests.ts';
import { addRetryRoutes } from './retries.ts';
import { addStreamRoutes } from './streams.ts';
import { addSystemRoutes } from './system.ts';
import { addTokenRoutes } from './tokens.ts';
import { addUsageRoutes } from './usage.ts';

/** All that the API answers under `/v1`. */
export function addRoutes(api: AdminApi, given: AdminDeps): void {
  const deps: RouteDeps = {
    ...given,
    rowOf: remembered(botRow),
    askHistory: historyAsker(given.backend, given.clock),
  };
  const streams = new OpenStreams();
  addMeRoute(api, deps);
  addBotRoutes(api, deps);
  addHealthRoutes(api, deps);
  addBreakerRoutes(api, deps);
  addTokenRoutes(api, deps);
  addEventRoutes(api, deps, streams);
  addExportRoutes(api, deps);
  addFleetRoutes(api, deps);
  addStreamRoutes(api, deps, streams);
  addSystemRoutes(api, deps);
  addAuditRoutes(api, deps);
  addChangeRoutes(api, deps);
  addHistoryRoutes(api, deps);
  addJobRoutes(api, deps);
  addRequestRoutes(api, deps);
  addRetryRoutes(api, deps);
  addUsageRoutes(api, deps);
}
