import { z } from 'zod';
import { pressButton, requestToJoin, sendText, setBlocked, setMembership } from '../actions.ts';
import type { Bot } from '../bot.ts';
import type { Chat } from '../chat.ts';
import { notFound } from '../problem.ts';
import type { TgUser } from '../telegram-types.ts';
import { publishRaw } from '../updates.ts';
import { upgradeToSupergroup } from '../upgrade.ts';
import type { World } from '../world.ts';
import type { Controlled, Routes } from './controlled.ts';
import * as schema from './schemas.ts';

/** Making users and chats, and acting as users. */
export function addUserRoutes(routes: Routes, controlled: Controlled): void {
  addPeople(routes, controlled);
  addActions(routes, controlled);
}

function addPeople(routes: Routes, { world }: Controlled): void {
  routes.post(
    '/users',
    { schema: { summary: 'Make a user', body: schema.newUser, response: { 200: schema.user } } },
    ({ body }) => userView(world.createUser(body)),
  );
  routes.post(
    '/chats',
    { schema: { summary: 'Make a chat', body: schema.newChat, response: { 200: schema.chat } } },
    ({ body }) => chatView(world.createChat(body)),
  );
  routes.get(
    '/chats',
    {
      schema: {
        summary: 'All chats but private ones',
        response: { 200: z.object({ chats: z.array(schema.chat) }) },
      },
    },
    () => ({ chats: Array.from(world.chats(), chatView) }),
  );
  routes.post(
    '/chats/:id/members',
    {
      schema: {
        summary: "Change somebody's standing in a chat",
        params: schema.idParam,
        body: schema.newMember,
        response: { 200: schema.done },
      },
    },
    ({ params, body }) => {
      const by = body.by === undefined ? undefined : world.user(body.by);
      const change = { userId: body.user, to: { status: body.status, rights: body.rights }, by };
      setMembership(world, world.chat(params.id), change);
      return { done: true } as const;
    },
  );
  routes.post(
    '/chats/:id/upgrade',
    {
      schema: {
        summary: 'Make a group a supergroup, which has another id',
        params: schema.idParam,
        body: schema.nothing,
        response: { 200: schema.chat },
      },
    },
    ({ params }) => chatView(upgradeToSupergroup(world, world.chat(params.id))),
  );
  routes.get(
    '/messages',
    {
      schema: {
        summary:
          'The latest messages of a chat; a private one is that of `bot` with the user `chat`',
        querystring: schema.messagesQuery,
        response: { 200: schema.messages },
      },
    },
    ({ query }) => {
      const bot = query.bot === undefined ? undefined : world.bot(query.bot);
      const chat = chatOf(world, bot, query.chat);
      return { messages: chat.messages() };
    },
  );
}

function addActions(routes: Routes, { world }: Controlled): void {
  routes.post(
    '/messages',
    {
      schema: {
        summary: 'Send a text as a user',
        body: schema.text,
        response: { 200: schema.sentText },
      },
    },
    ({ body }) =>
      sendText(world, {
        ...body,
        bot: body.bot === undefined ? undefined : world.bot(body.bot),
        from: world.user(body.from),
        chat: groupOf(world, body.chat),
      }),
  );
  routes.post(
    '/button-presses',
    {
      schema: {
        summary: 'Press an inline button as a user',
        body: schema.press,
        response: { 200: schema.pressed },
      },
    },
    ({ body }) =>
      pressButton(world, {
        ...body,
        bot: world.bot(body.bot),
        from: world.user(body.from),
        chat: groupOf(world, body.chat),
      }),
  );
  routes.post(
    '/join-requests',
    {
      schema: {
        summary: 'Ask to be let into a chat',
        body: schema.joinRequest,
        response: { 200: schema.done },
      },
    },
    ({ body }) => {
      requestToJoin(world, world.chat(body.chat), world.user(body.from));
      return { done: true } as const;
    },
  );
  routes.post(
    '/blocks',
    {
      schema: {
        summary: 'Block or unblock a bot as a user',
        body: schema.block,
        response: { 200: schema.done },
      },
    },
    ({ body }) => {
      setBlocked(world, world.bot(body.bot), world.user(body.from), body.blocked);
      return { done: true } as const;
    },
  );
  routes.post(
    '/raw-updates',
    {
      schema: {
        summary: 'Queue an update of any shape',
        body: schema.rawUpdate,
        response: { 200: schema.rawSent },
      },
    },
    ({ body }) => ({ updateId: publishRaw(world, world.bot(body.bot), body.body) }),
  );
}

/** Undefined for a private chat, which the action finds by its user and bot. */
function groupOf(world: World, id: number | undefined): Chat | undefined {
  return id === undefined || id > 0 ? undefined : world.chat(id);
}

function chatOf(world: World, bot: Bot | undefined, id: number): Chat {
  if (id <= 0) return world.chat(id);
  const chat = bot?.privateChats.get(id);
  if (!chat) throw notFound('CHAT_NOT_FOUND', `user ${id} has not talked to that bot`);
  return chat;
}

function userView(user: TgUser): z.output<typeof schema.user> {
  return {
    id: user.id,
    firstName: user.first_name,
    lastName: user.last_name,
    username: user.username,
  };
}

function chatView(chat: Chat): z.output<typeof schema.chat> {
  const { id, type, title, username } = chat.info;
  return { id, type, title, username, members: chat.memberIds().length };
}
