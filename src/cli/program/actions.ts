import type { BotRequest } from '../../api/bot-requests.ts';

/** Flags as they were given; what was not given is not there. */
export type Flags = Readonly<Record<string, unknown>>;

/** What runs behind each command. `words` are the arguments, `flags` by their camel-case names. */
export interface Actions {
  standalone(flags: Flags): Promise<void>;
  operator(flags: Flags): Promise<void>;
  emulator(flags: Flags): Promise<void>;
  runtime(flags: Flags): Promise<void>;
  crds(flags: Flags): Promise<void>;
  migrate(flags: Flags): Promise<void>;
  forget(flags: Flags): Promise<void>;
  get(flags: Flags, words: readonly string[]): Promise<void>;
  describe(flags: Flags, words: readonly string[]): Promise<void>;
  status(flags: Flags, names: readonly string[]): Promise<void>;
  top(flags: Flags, names: readonly string[]): Promise<void>;
  open(flags: Flags): Promise<void>;
  retries(flags: Flags): Promise<void>;
  shards(flags: Flags): Promise<void>;
  history(flags: Flags, words: readonly string[]): Promise<void>;
  incidents(flags: Flags, words: readonly string[]): Promise<void>;
  usage(flags: Flags, words: readonly string[]): Promise<void>;
  errors(flags: Flags, words: readonly string[]): Promise<void>;
  audit(flags: Flags, words: readonly string[]): Promise<void>;
  ask(request: BotRequest, flags: Flags, names: readonly string[]): Promise<void>;
  suspend(suspended: boolean, flags: Flags, names: readonly string[]): Promise<void>;
  chat(flags: Flags, words: readonly string[]): Promise<void>;
  send(flags: Flags, words: readonly string[]): Promise<void>;
  logs(flags: Flags, words: readonly string[]): Promise<void>;
  doctor(flags: Flags): Promise<void>;
  completion(shell: string): Promise<void>;
  /** What a shell may offer where the last of `words` is being written. */
  complete(words: readonly string[]): Promise<void>;
}
