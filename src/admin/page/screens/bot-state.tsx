import type { ComponentChildren } from 'preact';
import type { TenantBotStatus } from '../../../api/tenant-bot-status.ts';
import type { BotDetail } from '../../views/bot.ts';
import { now } from '../browser-clock.ts';
import { ago, count, localTime, milliseconds, NOTHING, percent } from '../format.ts';
import { Figure } from '../parts/figure.tsx';
import { Panel } from '../parts/panel.tsx';
import { State, type Tone } from '../parts/state.tsx';

/** How a bot does now, and why it is not ready. */
export function BotState({ bot }: { readonly bot: BotDetail }) {
  // The server hands it on as it is stored.
  const status = bot.status as TenantBotStatus;
  return (
    <>
      {bot.ready === 'False' && bot.message !== '' && (
        <p class={bot.suspended ? 'notice' : 'notice bad'}>
          <span>{bot.message}</span> <code>{bot.reason}</code>
        </p>
      )}
      <dl class="figures">
        <Figure title="Failed calls" value={percent(bot.errorPercent)} />
        <Figure title="Latency" value={milliseconds(bot.avgResponseMs)} />
        <Figure title="Updates" value={count(bot.updates)} />
        <Figure title="Replies" value={count(status.counters?.replies)} />
        <Figure title="Errors" value={count(bot.errors)} />
        <Figure title="Restarts" value={count(bot.restarts)} />
        <Figure title="Last update" value={ago(bot.lastUpdateAt, now.value)} />
      </dl>
    </>
  );
}

/** Who a bot is and where it runs, and what holds of it. */
export function BotFacts({ bot }: { readonly bot: BotDetail }) {
  const status = bot.status as TenantBotStatus;
  return (
    <div class="panels">
      <About bot={bot} status={status} />
      <Conditions status={status} />
    </div>
  );
}

interface Known {
  readonly bot: BotDetail;
  readonly status: TenantBotStatus;
}

function About({ bot, status }: Known) {
  const { startedAt, cooldown, bot: who } = status;
  return (
    <Panel title="What is known">
      <dl class="facts inside">
        <Fact title="At Telegram">
          {who ? `${who.name} · @${who.username} · ${who.id}` : NOTHING}
        </Fact>
        <Fact title="Token">
          <Token status={status} />
        </Fact>
        <Fact title="Place">
          <Place bot={bot} status={status} />
        </Fact>
        <Fact title="Updates by">{bot.updateMode ?? NOTHING}</Fact>
        <Fact title="Started">{localTime(startedAt)}</Fact>
        <Fact title="Breaker">
          <Breaker status={status} />
        </Fact>
        <LastErrors status={status} />
        <Fact title="Pause by Telegram">
          {cooldown ? `until ${localTime(cooldown.until)}` : 'none'}
        </Fact>
        <Fact title="Kept by">
          {bot.manager ? `${bot.manager.kind} (${bot.manager.name})` : 'its manifest alone'}
        </Fact>
        <Fact title="Created">{localTime(bot.createdAt)}</Fact>
      </dl>
    </Panel>
  );
}

function Fact({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ComponentChildren;
}) {
  return (
    <>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Token({ status: { token } }: Pick<Known, 'status'>) {
  if (!token) return NOTHING;
  return (
    <>
      <State of={token.state} /> {token.message} <Since time={token.lastChecked} before="checked" />
    </>
  );
}

function Place({ bot, status: { placement } }: Known) {
  if (!placement) return `fleet ${bot.fleet}, no shard`;
  const { fleet, shard, epoch, since } = placement;
  return (
    <>
      {fleet}, shard {shard}, epoch {epoch} <Since time={since} before="since" />
    </>
  );
}

function Breaker({ status: { breaker } }: Pick<Known, 'status'>) {
  if (!breaker) return NOTHING;
  const { state, nextProbeAt } = breaker;
  return (
    <>
      <State of={state} /> <Since time={nextProbeAt} before="next try" />
    </>
  );
}

function LastErrors({ status: { health, lastError } }: Pick<Known, 'status'>) {
  return (
    <>
      <Fact title="Last failed call">
        {health?.lastError ?? 'none'} <Since time={health?.lastFailure} before="" />
      </Fact>
      <Fact title="Last error">
        {lastError?.message ?? 'none'} <Since time={lastError?.time} before="" />
      </Fact>
    </>
  );
}

function Since({ time, before }: { readonly time: string | undefined; readonly before: string }) {
  if (time === undefined) return null;
  return (
    <span class="muted" title={localTime(time)}>
      {before} {ago(time, now.value)}
    </span>
  );
}

function Conditions({ status: { conditions = [] } }: { readonly status: TenantBotStatus }) {
  return (
    <Panel title="Conditions">
      {conditions.length === 0 ? (
        <p class="inside muted">None yet: nobody has looked at the bot so far.</p>
      ) : (
        <table class="plain">
          <tbody>
            {conditions.map(({ type, status, reason, message, lastTransitionTime }) => (
              <tr key={type}>
                <th scope="row">
                  <State of={type} tone={conditionTone(type, status)} />
                </th>
                <td>
                  {reason}
                  {message !== '' && <div class="muted">{message}</div>}
                </td>
                <td class="number muted" title={localTime(lastTransitionTime)}>
                  {ago(lastTransitionTime, now.value)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

/** Of these it is bad that they hold. */
const BAD_IF_TRUE = new Set(['Stalled', 'Conflict']);

function conditionTone(type: string, status: 'True' | 'False' | 'Unknown'): Tone {
  if (status === 'Unknown') return 'idle';
  if (type === 'Reconciling') return status === 'True' ? 'info' : 'idle';
  const isGood = BAD_IF_TRUE.has(type) ? status === 'False' : status === 'True';
  return isGood ? 'good' : 'bad';
}
