import { badRequest, tooManyRequests } from '../api-error.ts';
import { isObject, jsonArg, languageArg } from './arguments.ts';
import { type Answer, answer, type Call, type Method } from './method.ts';

const CLOSE_AFTER_MS = 10 * 60_000;
const LOGGED_OUT_MS = 10 * 60_000;

/** What a bot asks about itself, its commands, and its end. */
export const ACCOUNT_METHODS: readonly Method[] = [
  { name: 'getMe', run: getMe },
  { name: 'logOut', run: logOut },
  { name: 'close', run: close },
  { name: 'setMyCommands', run: setMyCommands },
  { name: 'getMyCommands', run: getMyCommands },
  { name: 'deleteMyCommands', run: deleteMyCommands },
];

function getMe({ bot }: Call): Answer {
  return answer({
    ...bot.user,
    can_join_groups: true,
    can_read_all_group_messages: bot.readsAllGroupMessages,
    supports_inline_queries: false,
    can_connect_to_business: false,
    has_main_web_app: false,
  });
}

function logOut({ bot, world }: Call): Answer {
  bot.loggedOutUntilMs = world.clock.monotonicMs() + LOGGED_OUT_MS;
  bot.unload();
  bot.queue.keepLast(0);
  return answer(true);
}

function close({ bot, world }: Call): Answer {
  const loadedMs = world.clock.monotonicMs() - (bot.loadedAtMs ?? 0);
  if (loadedMs < CLOSE_AFTER_MS) {
    throw tooManyRequests(Math.ceil((CLOSE_AFTER_MS - loadedMs) / 1_000));
  }
  bot.unload();
  return answer(true);
}

function setMyCommands({ bot, args }: Call): Answer {
  const list = jsonArg(args, 'commands', "can't parse commands JSON object") ?? [];
  if (!Array.isArray(list)) throw badRequest('expected an Array of BotCommand');
  if (list.length > 100) throw badRequest('BOT_COMMANDS_TOO_MUCH');
  bot.profile.commands.set(commandsKey({ args }), list.map(checkCommand));
  return answer(true);
}

function getMyCommands({ bot, args }: Call): Answer {
  return answer(bot.profile.commands.get(commandsKey({ args })) ?? []);
}

function deleteMyCommands({ bot, args }: Call): Answer {
  bot.profile.commands.delete(commandsKey({ args }));
  return answer(true);
}

const SCOPES = new Set([
  'default',
  'all_private_chats',
  'all_group_chats',
  'all_chat_administrators',
  'chat',
  'chat_administrators',
  'chat_member',
]);

function commandsKey({ args }: Pick<Call, 'args'>): string {
  const scope = jsonArg(args, 'scope', "can't parse BotCommandScope JSON object") ?? {
    type: 'default',
  };
  if (!isObject(scope)) {
    throw badRequest("can't parse BotCommandScope: BotCommandScope must be an Object");
  }
  if (typeof scope['type'] !== 'string') {
    throw badRequest('can\'t parse BotCommandScope: Can\'t find field "type"');
  }
  if (!SCOPES.has(scope['type'])) {
    throw badRequest("can't parse BotCommandScope: Unsupported type specified");
  }
  const { type, chat_id, user_id } = scope;
  return JSON.stringify([type, chat_id, user_id, languageArg(args)]);
}

function checkCommand(value: unknown): object {
  if (!isObject(value)) throw badRequest("can't parse BotCommand: expected an Object");
  const [command, description] = (['command', 'description'] as const).map((field) => {
    const text = value[field];
    if (typeof text !== 'string') {
      throw badRequest(`can't parse BotCommand: Can't find field "${field}"`);
    }
    return text.trim();
  }) as [string, string];
  const name = command.replace(/^\//, '');
  if (name === '') throw badRequest('command must be non-empty');
  if (name.length > 32) throw badRequest('command length must not exceed 32');
  if (!/^[a-z0-9_]+$/.test(name)) throw badRequest('BOT_COMMAND_INVALID');
  if (description === '') throw badRequest('command description must be non-empty');
  if (description.length > 256) throw badRequest('command description length must not exceed 256');
  return { command: name, description };
}
