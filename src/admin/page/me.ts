import { signal } from '@preact/signals';
import type { Me } from '../views/me.ts';
import { request, session } from './http.ts';

/** Who is signed in; undefined until that is known. */
export const me = signal<Me | undefined>(undefined);

/** Asks who is signed in. Rejects with a `Problem`; where nobody is, `session` says so as well. */
export async function askWhoIAm(): Promise<void> {
  me.value = await request<Me>('/v1/me');
  session.value = 'in';
}

/** Has the browser forget the token. */
export async function signOut(): Promise<void> {
  await request('/v1/session', { method: 'DELETE' }).catch(() => undefined);
  session.value = 'out';
}
