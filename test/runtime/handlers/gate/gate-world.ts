import type { RuntimeFacts } from '../../../../src/api/runtime-facts.ts';
import type { BotAssignment } from '../../../../src/control/port.ts';
import type {
  CallView,
  ChatView,
  EmulatorClient,
} from '../../../../src/emulator/control-client.ts';
import { waitFor } from '../../../support/wait.ts';
import { Hosting } from '../../hosting.ts';

type Status = NonNullable<Parameters<EmulatorClient['addMember']>[1]['status']>;

/** What a gate asks for in these tests, apart from what a test says. */
const GATE = { requires: [{ chat: '@news' }] };

/**
 * A supergroup that a bot guards, and the channel @news that one must be in. After the gate the bot
 * answers any message with "passed". Everything is asked of the emulator: who may write, and what
 * was called.
 */
export class GateWorld implements AsyncDisposable {
  readonly hosting: Hosting;
  readonly news: ChatView;
  readonly club: ChatView;
  readonly botId: number;
  readonly bot: BotAssignment;

  private constructor(hosting: Hosting, parts: Pick<GateWorld, 'news' | 'club' | 'botId' | 'bot'>) {
    this.hosting = hosting;
    this.news = parts.news;
    this.club = parts.club;
    this.botId = parts.botId;
    this.bot = parts.bot;
  }

  /** `before` runs when all is there and the bot is not hosted yet. */
  static async start(
    gates: readonly object[] = [{}],
    options: { readonly botInNews?: Status; readonly botInClub?: Status } = {},
  ): Promise<GateWorld> {
    const { botInNews = 'administrator', botInClub = 'administrator' } = options;
    const hosting = await Hosting.start();
    const { control } = hosting;
    const { token, id } = await control.createBot({
      username: 'keeper_bot',
      readsAllGroupMessages: true,
    });
    const news = await control.createChat({ type: 'channel', title: 'News', username: 'news' });
    const club = await control.createChat({ type: 'supergroup', title: 'Club' });
    await control.addMember(news.id, { user: id, status: botInNews });
    await control.addMember(club.id, { user: id, status: botInClub });
    const bot = await hosting.host('keeper', {
      token,
      handlers: [
        ...gates.map((gate) => ({ membershipGate: { ...GATE, ...gate } })),
        { text: { pattern: '.', reply: { text: 'passed: {firstName}' } } },
      ],
    });
    await hosting.running('keeper');
    await hosting.polling('keeper');
    return new GateWorld(hosting, { news, club, botId: id, bot });
  }

  get control(): EmulatorClient {
    return this.hosting.control;
  }

  /** A user, who is in the club and, if so said, in the channel. */
  async user(name: string, inNews = false): Promise<number> {
    const { id } = await this.control.createUser({ firstName: name });
    if (inNews) await this.control.addMember(this.news.id, { user: id });
    await this.control.addMember(this.club.id, { user: id });
    await this.settled();
    return id;
  }

  async set(chat: ChatView, user: number, status: Status): Promise<void> {
    await this.control.addMember(chat.id, { user, status });
  }

  /** Writes as a user in the club. Rejects where the user may not. */
  async write(user: number, text = 'hello'): Promise<void> {
    await this.control.sendText({ from: user, chat: this.club.id, text });
  }

  /** Whether a user may write in the club. Tried out, once the bot has done what it had to. */
  async mayWrite(user: number): Promise<boolean> {
    await this.settled();
    return this.write(user, 'trying').then(
      () => true,
      () => false,
    );
  }

  /** Waits until the bot has no update in hand. */
  async settled(): Promise<void> {
    await this.hosting.confirmed('keeper');
  }

  /** The calls of a method that did their work, or all of them. */
  calls(method: string): Promise<CallView[]> {
    return this.control.calls({ bot: 'keeper_bot', method, limit: 10_000 });
  }

  async count(method: string): Promise<number> {
    return (await this.calls(method)).length;
  }

  /** The prompts that stand in a chat. */
  async prompts(chat = this.club.id) {
    const messages = await this.control.messages(chat, 'keeper_bot');
    return messages.filter((message) => message.reply_markup !== undefined);
  }

  /** Presses the button of a prompt in a chat, the newest unless said otherwise. */
  async press(user: number, chat = this.club.id, which = -1): Promise<void> {
    const prompt = await waitFor('a prompt', async () => (await this.prompts(chat)).at(which));
    await this.control.pressButton({
      bot: 'keeper_bot',
      from: user,
      chat,
      messageId: prompt.message_id,
    });
    await this.settled();
  }

  /** What presses were answered with, oldest first. */
  async answers(): Promise<(string | undefined)[]> {
    return (await this.calls('answerCallbackQuery')).map(({ parameters }) => parameters['text']);
  }

  /** The condition of the gate, as soon as it gives a reason. */
  async gate(reason: string): Promise<RuntimeFacts['aspects']> {
    const { aspects } = await this.hosting.facts(
      'keeper',
      ({ aspects }) => aspects?.gate?.reason === reason,
    );
    return aspects;
  }

  /** As if the process had been replaced: nothing is remembered but what is at Telegram. */
  async restart(): Promise<void> {
    const assignment = this.hosting.bots.get('keeper') ?? this.bot;
    this.hosting.assign({ ...assignment, epoch: assignment.epoch + 1 });
    await waitFor('the bot to start anew', () => {
      const facts = this.hosting.port.facts.get('keeper');
      return facts?.lifecycle === 'Running' && facts.startedAt !== undefined;
    });
    await this.hosting.polling('keeper');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hosting[Symbol.asyncDispose]();
  }
}
