import { useEffect, useRef, useState } from 'preact/hooks';
import type { BotDetail } from '../../views/bot.ts';
import { asProblem, type Problem, request } from '../http.ts';
import { me } from '../me.ts';
import { LogLines } from '../parts/log-lines.tsx';
import { Failure } from '../parts/notice.tsx';
import { Panel } from '../parts/panel.tsx';
import { botPath, withParams } from '../query-string.ts';
import { openStream } from '../stream.ts';
import { RecentEvents } from './recent-events.tsx';

/** As whom one writes, unless one says otherwise. */
const SOMEBODY = 'you';

interface Said {
  readonly isMine: boolean;
  readonly text: string;
}

/** A chat with a bot as one of its users, beside what the bot does meanwhile. */
export function BotChat({ bot }: { readonly bot: BotDetail }) {
  return (
    <div class="panels">
      <Panel title={`Chat with ${bot.username === null ? bot.name : `@${bot.username}`}`}>
        <Conversation bot={bot} />
      </Panel>
      <Panel title="What the bot does">
        {me.value?.logs ? <LogLines bot={bot} /> : <RecentEvents of={bot} />}
      </Panel>
    </div>
  );
}

function Conversation({ bot }: { readonly bot: BotDetail }) {
  const [as, setAs] = useState(SOMEBODY);
  const [said, setSaid] = useState<readonly Said[]>([]);
  const [isOpen, setOpen] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const path = `${botPath('/v1/bots', bot)}/chat`;
  const add = (one: Said): void => setSaid((last) => [...last, one]);

  useEffect(
    () =>
      openStream(withParams(path, { as }), {
        onMessage: (data) =>
          add({ isMine: false, text: (JSON.parse(data) as { text: string }).text }),
        onOpen: setOpen,
      }),
    [path, as],
  );

  const send = async (text: string): Promise<void> => {
    add({ isMine: true, text });
    setProblem(undefined);
    try {
      await request(path, { method: 'POST', body: { as, text } });
    } catch (error) {
      setProblem(asProblem(error));
    }
  };

  return (
    <div class="inside chat">
      <Bubbles said={said} />
      {problem && <Failure problem={problem} />}
      <Composer isOpen={isOpen} onSend={(text) => void send(text)} />
      <label class="muted">
        You write as{' '}
        <input
          value={as}
          maxLength={64}
          size={12}
          onChange={({ currentTarget }) => setAs(currentTarget.value.trim() || SOMEBODY)}
        />
      </label>
    </div>
  );
}

function Bubbles({ said }: { readonly said: readonly Said[] }) {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    end.current?.scrollTo(0, end.current.scrollHeight);
  }, [said]);
  return (
    <div class="bubbles" ref={end} role="log" aria-label="Conversation" tabIndex={0}>
      {said.length === 0 && (
        <p class="muted">
          Nothing was said yet. Most bots answer /start. Nothing reaches the real Telegram.
        </p>
      )}
      {said.map(({ isMine, text }, index) => (
        // What was said has no name of its own.
        <p key={index} class={isMine ? 'mine' : 'theirs'}>
          {text}
        </p>
      ))}
    </div>
  );
}

function Composer({
  isOpen,
  onSend,
}: {
  /** Whether answers would be heard. */
  readonly isOpen: boolean;
  readonly onSend: (text: string) => void;
}) {
  const [text, setText] = useState('');
  return (
    <form
      class="actions"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() === '' || !isOpen) return;
        onSend(text);
        setText('');
      }}
    >
      <input
        class="message"
        aria-label="Message"
        placeholder="/start"
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      <button type="submit" class="filled" disabled={!isOpen}>
        Send
      </button>
    </form>
  );
}
