import { badRequest } from '../api-error.ts';
import type { BotProfile } from '../bot.ts';
import { languageArg } from './arguments.ts';
import { type Answer, answer, type Call, type Method } from './method.ts';

/** What a bot says of itself, by language. */
export const PROFILE_METHODS: readonly Method[] = [
  { name: 'setMyName', run: setMyName },
  { name: 'getMyName', run: (call) => getText(call, 'name') },
  { name: 'setMyDescription', run: (call) => setText(call, 'description') },
  { name: 'getMyDescription', run: (call) => getText(call, 'description') },
  { name: 'setMyShortDescription', run: (call) => setText(call, 'short_description') },
  { name: 'getMyShortDescription', run: (call) => getText(call, 'short_description') },
];

type Field = 'name' | 'description' | 'short_description';

const FIELDS = {
  name: { texts: 'names', maxChars: 64 },
  description: { texts: 'descriptions', maxChars: 512 },
  short_description: { texts: 'shortDescriptions', maxChars: 120 },
} as const satisfies Record<Field, { readonly texts: keyof BotProfile; readonly maxChars: number }>;

/** A call that changes nothing counts as well: bots that set their name at each start get 429. */
function setMyName(call: Call): Answer {
  call.limits.countNameChange(call.bot);
  return setText(call, 'name');
}

function setText({ bot, args }: Call, field: Field): Answer {
  const { texts, maxChars } = FIELDS[field];
  const language = languageArg(args);
  const value = args.text(field).trim();
  if (Array.from(value).length > maxChars) {
    throw badRequest(`${field.replace('_', ' ')} is too long`);
  }
  if (value === '') bot.profile[texts].delete(language);
  else bot.profile[texts].set(language, value);
  return answer(true);
}

/** A language without a text of its own has the default one. */
function getText({ bot, args }: Call, field: Field): Answer {
  const texts = bot.profile[FIELDS[field].texts];
  const text = texts.get(languageArg(args)) ?? texts.get('');
  return answer({ [field]: text ?? (field === 'name' ? bot.firstName : '') });
}
