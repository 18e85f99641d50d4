import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Namespaces } from '../../history/queries/namespaces.ts';
import type { Timer } from '../../lib/clock.ts';
import type { AdminApi, AdminDeps } from '../api.ts';
import { EventFeed, type FedEvent } from '../events/event-feed.ts';
import type { OpenStreams } from '../events/open-streams.ts';
import { EVENT_STREAM, SentEvents } from '../events/sent-events.ts';
import { namespacesFor } from '../visible.ts';
import { inNamespace, streamed } from './schemas.ts';

/** How often is looked again what a reader may see. */
const LOOK_EVERY_MS = 60_000;

const querystring = z.object({ ...inNamespace });
const headers = z.object({ 'last-event-id': z.string().max(64).optional() });

/** Changes of bots as they happen. */
export function addEventRoutes(api: AdminApi, deps: AdminDeps, streams: OpenStreams): void {
  const feed = new EventFeed(deps.backend.bots, deps.clock);
  api.addHook('onClose', (_api, done) => {
    feed.close();
    done();
  });
  api.get(
    '/v1/events',
    {
      compress: false,
      schema: {
        tags: ['events'],
        summary: 'Changes of bots as server-sent events',
        description:
          'Each message is an event; its id goes into `Last-Event-ID` to go on from there. An event `begin` comes first. An event `reset` comes first where what was missed can’t be told any more: ask for the whole again.',
        querystring,
        headers,
        response: streamed(EVENT_STREAM, 'JSON of one event in each `data`.'),
      },
    },
    async (request, reply) => {
      const { namespace } = request.query;
      const look = (): Promise<Namespaces> => namespacesFor(deps, request, { namespace });
      const visible = await look();
      const release = streams.open(request.caller);
      const stream = follow(deps, { feed, visible, look, gone: request.gone }, release);
      begin(stream.events, feed.since(request.headers['last-event-id']), stream.show);
      return reply.type(EVENT_STREAM).header('cache-control', 'no-store').send(stream.events);
    },
  );
}

interface Following extends Pick<FastifyRequest, 'gone'> {
  readonly feed: EventFeed;
  readonly visible: Namespaces;
  readonly look: () => Promise<Namespaces>;
}

/** A stream of the events that its reader may see, which ends when it has gone. */
function follow(
  { clock }: AdminDeps,
  { feed, visible, look, gone }: Following,
  release: () => void,
) {
  let allowed = visible;
  let timer: Timer;
  const events = new SentEvents(clock, () => {
    stop();
    timer.cancel();
    release();
  });
  const show = (event: FedEvent): void => {
    if (allowed === '*' || allowed.includes(event.namespace)) events.sendEvent(event);
  };
  const stop = feed.listen(show);
  const lookAgain = (): void => {
    timer = clock.setTimer(LOOK_EVERY_MS, () => {
      void look()
        .then((found) => void (allowed = found))
        .catch(() => events.finish())
        .finally(lookAgain);
    });
    if (events.destroyed) timer.cancel();
  };
  lookAgain();
  gone.addEventListener('abort', () => events.finish(), { once: true });
  return { events, show };
}

function begin(
  events: SentEvents,
  { isWhole, missed, last }: ReturnType<EventFeed['since']>,
  show: (event: FedEvent) => void,
): void {
  events.sendEvent({
    event: isWhole ? 'begin' : 'reset',
    data: '{}',
    ...(missed.length === 0 && { id: last }),
  });
  for (const event of missed) show(event);
}
