import {
  type CallError,
  classifyRefusal,
  classifyThrown,
  type Refusal,
} from '../telegram/call-error.ts';

/** The failure of a call that `prev` made for a transformer; undefined when it went well. */
export async function failureOf(
  call: Promise<{ readonly ok: boolean } & Refusal>,
): Promise<CallError | undefined> {
  try {
    const response = await call;
    return response.ok ? undefined : classifyRefusal(response);
  } catch (error) {
    return classifyThrown(error);
  }
}
