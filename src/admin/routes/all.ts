import type { AdminApi, AdminDeps } from '../api.ts';
import { addBotRoutes } from './bots.ts';
import { addBreakerRoutes } from './breakers.ts';
import { addFleetRoutes } from './fleets.ts';
import { addHealthRoutes } from './health.ts';
import { addMeRoute } from './me.ts';
import { addSystemRoutes } from './system.ts';
import { addTokenRoutes } from './tokens.ts';

/** All that the API answers under `/v1`. */
export function addRoutes(api: AdminApi, deps: AdminDeps): void {
  addMeRoute(api, deps);
  addBotRoutes(api, deps);
  addHealthRoutes(api, deps);
  addBreakerRoutes(api, deps);
  addTokenRoutes(api, deps);
  addFleetRoutes(api, deps);
  addSystemRoutes(api, deps);
}
