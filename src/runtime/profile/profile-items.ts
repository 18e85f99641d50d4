import { isDeepStrictEqual } from 'node:util';
import type { Api } from 'grammy';
import type { LanguageCode } from 'grammy/types';
import type { Profile, ProfileTexts } from '../../api/profile.ts';

/** One text, or the list of commands, of a profile in one language. */
export interface ProfileItem {
  /** What it is, for people: `name`, or `name (de)`. */
  readonly label: string;
  /** Whether Telegram has it as it is wanted. Rejects as any call does. */
  isInPlace(api: Api, signal: AbortSignal): Promise<boolean>;
  put(api: Api, signal: AbortSignal): Promise<unknown>;
}

/** What is wanted of `profile`, item by item; what it leaves out is nobody's business. */
export function profileItems({ languages = {}, ...texts }: Profile): ProfileItem[] {
  return [
    ...itemsOf(texts, undefined),
    ...Object.entries(languages).flatMap(([code, own]) => itemsOf(own, code as LanguageCode)),
  ];
}

function itemsOf(texts: ProfileTexts, code: LanguageCode | undefined): ProfileItem[] {
  const { name, description, shortDescription, commands } = texts;
  return [
    ...item(NAME, name, code),
    ...item(DESCRIPTION, description, code),
    ...item(SHORT_DESCRIPTION, shortDescription, code),
    ...item(COMMANDS, commands, code),
  ];
}

/** Which language a call is about, and when it ends, as grammY takes them. */
type Rest = Parameters<Api['getMyName']>;

/** How Telegram is asked for one part of a profile, and told. */
interface Part<Value> {
  readonly label: string;
  get(api: Api, ...rest: Rest): Promise<Value>;
  set(api: Api, value: Value, ...rest: Rest): Promise<unknown>;
}

const NAME: Part<string> = {
  label: 'name',
  get: async (api, ...rest) => (await api.getMyName(...rest)).name,
  set: (api, name, ...rest) => api.setMyName(name, ...rest),
};
const DESCRIPTION: Part<string> = {
  label: 'description',
  get: async (api, ...rest) => (await api.getMyDescription(...rest)).description,
  set: (api, description, ...rest) => api.setMyDescription(description, ...rest),
};
const SHORT_DESCRIPTION: Part<string> = {
  label: 'short description',
  get: async (api, ...rest) => (await api.getMyShortDescription(...rest)).short_description,
  set: (api, description, ...rest) => api.setMyShortDescription(description, ...rest),
};
const COMMANDS: Part<NonNullable<ProfileTexts['commands']>> = {
  label: 'commands',
  get: async (api, ...rest) =>
    // Without what a newer Telegram may say of them.
    (await api.getMyCommands(...rest)).map(({ command, description }) => ({
      command,
      description,
    })),
  set: (api, commands, ...rest) => api.setMyCommands(commands, ...rest),
};

function item<Value>(
  part: Part<Value>,
  wanted: Value | undefined,
  code: LanguageCode | undefined,
): ProfileItem[] {
  if (wanted === undefined) return [];
  const rest = (signal: AbortSignal): Rest => [
    code === undefined ? {} : { language_code: code },
    signal as unknown as Rest[1],
  ];
  return [
    {
      label: code === undefined ? part.label : `${part.label} (${code})`,
      isInPlace: async (api, signal) =>
        isDeepStrictEqual(await part.get(api, ...rest(signal)), wanted),
      put: (api, signal) => part.set(api, wanted, ...rest(signal)),
    },
  ];
}
