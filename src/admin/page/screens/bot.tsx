import { useState } from 'preact/hooks';
import type { BotDetail } from '../../views/bot.ts';
import { me } from '../me.ts';
import { Heading } from '../parts/heading.tsx';
import { LogLines } from '../parts/log-lines.tsx';
import { Answered, Empty } from '../parts/notice.tsx';
import { Panel } from '../parts/panel.tsx';
import { State } from '../parts/state.tsx';
import { botPath } from '../query-string.ts';
import { useBot } from '../use-bot.ts';
import { BotActions } from './bot-actions.tsx';
import { BotChanges } from './bot-changes.tsx';
import { BotChat } from './bot-chat.tsx';
import { BotFacts, BotState } from './bot-state.tsx';
import { BotTimeline } from './bot-timeline.tsx';
import { NoHistory } from './no-history.tsx';
import { DaysChoice, UsageOf } from './usage-of.tsx';

/** One bot: its state, what it did, and what can be done with it. */
export function BotScreen({
  namespace,
  name,
  tab = '',
}: {
  readonly namespace: string;
  readonly name: string;
  readonly tab?: string | undefined;
}) {
  const bot = useBot({ namespace, name });
  const [said, setSaid] = useState('');
  return (
    <>
      <Heading title={`${namespace}/${name}`}>
        {bot.data && <Signs bot={bot.data} />}
        <span class="spread" />
        {bot.data && (
          <BotActions
            bot={bot.data}
            onDone={(words) => {
              setSaid(words);
              bot.reload();
            }}
          />
        )}
      </Heading>
      <p class={said === '' ? 'said' : 'said notice'} role="status">
        {said}
      </p>
      {bot.problem?.status === 404 ? (
        <Empty title={`There is no bot ${namespace}/${name}`}>
          It was deleted, or you may not see bots in its namespace.{' '}
          <a href="/bots">See those that you may</a>.
        </Empty>
      ) : (
        <Answered query={bot}>{(bot) => <Tabs bot={bot} tab={tab} />}</Answered>
      )}
    </>
  );
}

function Signs({ bot }: { readonly bot: BotDetail }) {
  return (
    <>
      {bot.username !== null && <span class="muted">@{bot.username}</span>}
      <State of={bot.phase} />
      {bot.health !== null && bot.health !== bot.phase && <State of={bot.health} />}
      {bot.breaker !== null && bot.breaker !== 'Closed' && <State of={bot.breaker} />}
    </>
  );
}

function Tabs({ bot, tab }: { readonly bot: BotDetail; readonly tab: string }) {
  const base = botPath('/bots', bot);
  const tabs = TABS.filter(({ isThere }) => isThere());
  const chosen = tabs.find(({ path }) => path === tab) ?? TABS[0];
  return (
    <>
      <nav class="tabs" aria-label="Of this bot">
        {tabs.map(({ path, title }) => (
          <a
            key={path}
            href={path === '' ? base : `${base}/${path}`}
            aria-current={path === chosen.path ? 'page' : undefined}
          >
            {title}
          </a>
        ))}
      </nav>
      <chosen.Content bot={bot} />
    </>
  );
}

const always = () => true;

const TABS = [
  { path: '', title: 'State and timeline', isThere: always, Content: StateAndTimeline },
  { path: 'changes', title: 'Changes', isThere: always, Content: BotChanges },
  { path: 'usage', title: 'Usage', isThere: always, Content: Usage },
  { path: 'logs', title: 'Log', isThere: () => me.value?.logs ?? false, Content: Log },
  { path: 'chat', title: 'Chat', isThere: () => me.value?.chat ?? false, Content: BotChat },
  { path: 'spec', title: 'Spec', isThere: always, Content: Spec },
] as const;

function StateAndTimeline({ bot }: { readonly bot: BotDetail }) {
  return (
    <>
      <BotState bot={bot} />
      <BotTimeline bot={bot} hasHistory={me.value?.history ?? false} />
      <BotFacts bot={bot} />
    </>
  );
}

function Usage({ bot }: { readonly bot: BotDetail }) {
  if (!me.value?.history) return <NoHistory />;
  return (
    <>
      <div class="heading">
        <DaysChoice namespace={bot.namespace} name={bot.name} />
      </div>
      <UsageOf namespace={bot.namespace} name={bot.name} />
    </>
  );
}

function Log({ bot }: { readonly bot: BotDetail }) {
  return (
    <Panel title="Log">
      <LogLines bot={bot} />
    </Panel>
  );
}

function Spec({ bot }: { readonly bot: BotDetail }) {
  return (
    <pre class="code" tabIndex={0} role="region" aria-label="Spec">
      {JSON.stringify(bot.spec, null, 2)}
    </pre>
  );
}
