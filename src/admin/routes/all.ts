import type { AdminApi, AdminDeps } from '../api.ts';
import { addMeRoute } from './me.ts';

/** All routes of the admin API. */
export function addRoutes(api: AdminApi, deps: AdminDeps): void {
  addMeRoute(api, deps);
}
