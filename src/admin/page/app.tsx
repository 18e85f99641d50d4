import type { FunctionComponent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { asProblem, type Problem, session } from './http.ts';
import { goLive } from './live.ts';
import { askWhoIAm } from './me.ts';
import { Empty, Failure } from './parts/notice.tsx';
import { Top } from './parts/top.tsx';
import { followLinks, segments } from './router.ts';
import { AuditScreen } from './screens/audit.tsx';
import { BotScreen } from './screens/bot.tsx';
import { BotsScreen } from './screens/bots.tsx';
import { IncidentsScreen } from './screens/incidents.tsx';
import { OverviewScreen } from './screens/overview.tsx';
import { RatesScreen } from './screens/rates.tsx';
import { ShardsScreen } from './screens/shards.tsx';
import { SignIn } from './screens/sign-in.tsx';
import { UsageScreen } from './screens/usage.tsx';

/** The first part of the path, and what it shows. */
const SCREENS: Readonly<Record<string, FunctionComponent>> = {
  '': OverviewScreen,
  bots: BotsOrOne,
  shards: ShardsScreen,
  rates: RatesScreen,
  incidents: IncidentsScreen,
  usage: UsageScreen,
  audit: AuditScreen,
};

/** The whole page. */
export function App() {
  return (
    // Only links are followed here, and those work by the keyboard, too.
    <div class="frame" onClick={followLinks}>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Top />
      <main id="main" tabIndex={-1}>
        <Content />
      </main>
    </div>
  );
}

function Content() {
  const [problem, setProblem] = useState<Problem>();
  const ask = (): void => {
    setProblem(undefined);
    askWhoIAm().catch((error: unknown) => setProblem(asProblem(error)));
  };
  useEffect(ask, []);
  const isIn = session.value === 'in';
  useEffect(() => (isIn ? goLive() : undefined), [isIn]);

  if (session.value === 'out') return <SignIn onDone={ask} />;
  if (problem) return <Failure problem={problem} retry={ask} />;
  if (!isIn) return null;
  const Screen = SCREENS[segments.value[0] ?? ''] ?? Nowhere;
  return <Screen />;
}

function BotsOrOne() {
  const [, namespace, name, tab] = segments.value;
  if (namespace === undefined || name === undefined) return <BotsScreen />;
  return <BotScreen key={`${namespace}/${name}`} namespace={namespace} name={name} tab={tab} />;
}

function Nowhere() {
  return (
    <Empty title="There is no such view">
      The address may be from another version. <a href="/">Go to the overview</a>.
    </Empty>
  );
}
