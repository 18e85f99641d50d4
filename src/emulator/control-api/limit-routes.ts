import { limitSettings, limitsView } from '../limits/settings.ts';
import type { Controlled, Routes } from './controlled.ts';

/** Telegram's limits: turning them on and off, and their figures. */
export function addLimitRoutes(routes: Routes, { limits }: Controlled): void {
  routes.get(
    '/limits',
    { schema: { summary: 'The limits in force', response: { 200: limitsView } } },
    () => limits.inForce,
  );
  routes.post(
    '/limits',
    {
      schema: {
        summary: 'Turn limits on or off, or give them other figures; counting starts anew',
        body: limitSettings,
        response: { 200: limitsView },
      },
    },
    ({ body }) => {
      limits.change(body);
      return limits.inForce;
    },
  );
}
