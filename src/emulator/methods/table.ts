import { ACCOUNT_METHODS } from './account.ts';
import { MEMBER_METHODS } from './members.ts';
import { MESSAGE_METHODS } from './messages.ts';
import type { Method } from './method.ts';
import { PROFILE_METHODS } from './profile.ts';
import { UPDATE_METHODS } from './updates.ts';
import { WEBHOOK_METHODS } from './webhooks.ts';

/** Every method by its name in lower case: the real server doesn't mind how it is written. */
export function methodTable(): ReadonlyMap<string, Method> {
  const all = [
    ...ACCOUNT_METHODS,
    ...PROFILE_METHODS,
    ...UPDATE_METHODS,
    ...WEBHOOK_METHODS,
    ...MESSAGE_METHODS,
    ...MEMBER_METHODS,
  ];
  return new Map(all.map((method) => [method.name.toLowerCase(), method]));
}
