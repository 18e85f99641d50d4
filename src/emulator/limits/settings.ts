import { z } from 'zod';

const count = (usual: number, what: string) =>
  z.int().min(1).max(1_000_000).default(usual).describe(what);
const seconds = (usual: number, what: string) =>
  z.number().min(0).max(1_000_000).default(usual).describe(what);

const coldStart = z.strictObject({
  perMinute: count(20, 'first calls of bots that are not loaded, in any minute, from one address'),
  perHour: count(600, 'the same in any hour'),
  loadedSeconds: seconds(1_800, 'how long a bot stays loaded after its last call'),
  deadTokenSeconds: seconds(1, 'how long a token that opens nothing stays loaded'),
});

const overload = z.strictObject({
  activeCalls: count(1_000, 'more calls of one bot than this under way at once are refused'),
  delaySeconds: seconds(3, 'how long such a call waits for its answer'),
  retryAfterSeconds: seconds(60, 'what the answer says'),
});

const floodControl = z.strictObject({
  privatePerSecond: z.number().positive().default(1).describe('messages to one user, on average'),
  privateBurst: count(5, 'messages to one user that may come at once'),
  groupPerMinute: count(20, 'messages to one group or channel in any minute'),
  bulkPerSecond: count(30, 'messages of one bot in any second, answers to users left out'),
  replySeconds: seconds(10, 'a message counts as an answer for this long after the user wrote'),
  cooldownSeconds: seconds(3, 'the least pause after a first offence; each further one doubles it'),
  lengthenSeconds: seconds(1, 'what each message during a pause adds to it'),
  maxCooldownSeconds: seconds(600, 'no pause is longer'),
  forgiveSeconds: seconds(60, 'how long after a pause its offence is forgotten'),
});

const nameChanges = z.strictObject({
  perDay: count(5, 'setMyName calls of one bot in any 24 hours'),
});

/** `true` for Telegram's figures, an object for figures of one's own, `false` for no limit. */
const limit = <Figures extends z.ZodType>(figures: Figures) => z.union([z.boolean(), figures]);

/** Telegram's limits, each a switch with figures. What is left out stays as it is. */
export const limitSettings = z.strictObject({
  coldStart: limit(coldStart)
    .optional()
    .describe('first calls of bots that the server has not loaded; turning it on unloads all'),
  overload: limit(overload).optional().describe('too many calls of one bot at once'),
  floodControl: limit(floodControl)
    .optional()
    .describe('messages to a chat, to a group, and in bulk'),
  nameChanges: limit(nameChanges).optional().describe('setMyName'),
});

const inForce = <Figures extends z.ZodType>(figures: Figures) =>
  figures.nullable().describe('null where this limit is off');

/** The limits in force. */
export const limitsView = z.object({
  coldStart: inForce(coldStart),
  overload: inForce(overload),
  floodControl: inForce(floodControl),
  nameChanges: inForce(nameChanges),
});

/** Which limits to turn on and off. */
export type LimitSettings = z.input<typeof limitSettings>;
export type LimitsInForce = z.output<typeof limitsView>;
export type ColdStartFigures = z.output<typeof coldStart>;
export type FloodFigures = z.output<typeof floodControl>;

const NO_LIMITS: LimitsInForce = {
  coldStart: null,
  overload: null,
  floodControl: null,
  nameChanges: null,
};

/** `before` with `settings` laid over it. Throws a ZodError for figures that can't be. */
export function laidOver(settings: LimitSettings, before = NO_LIMITS): LimitsInForce {
  const given = limitSettings.parse(settings);
  return {
    coldStart: changed(given.coldStart, coldStart, before.coldStart),
    overload: changed(given.overload, overload, before.overload),
    floodControl: changed(given.floodControl, floodControl, before.floodControl),
    nameChanges: changed(given.nameChanges, nameChanges, before.nameChanges),
  };
}

function changed<Figures>(
  given: boolean | Figures | undefined,
  figures: z.ZodType<Figures>,
  before: Figures | null,
): Figures | null {
  if (given === undefined) return before;
  if (given === false) return null;
  return given === true ? figures.parse({}) : given;
}
