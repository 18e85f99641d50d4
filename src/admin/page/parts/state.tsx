/** How much somebody should care for a state. */
export type Tone = 'good' | 'warn' | 'bad' | 'idle' | 'info';

const TONES: Readonly<Record<string, Tone>> = {
  Healthy: 'good',
  Closed: 'good',
  Running: 'good',
  Valid: 'good',
  True: 'good',
  Ready: 'good',
  Degraded: 'warn',
  HalfOpen: 'warn',
  Starting: 'info',
  Pending: 'info',
  Stopping: 'info',
  Restarting: 'warn',
  NotChecked: 'idle',
  Unknown: 'idle',
  Suspended: 'idle',
  Stopped: 'idle',
  Unhealthy: 'bad',
  Open: 'bad',
  Crashed: 'bad',
  False: 'bad',
};

/** How much one should care for what a state of a bot is called. Words that nobody knows are bad. */
export function toneOf(state: string): Tone {
  return TONES[state] ?? 'bad';
}

/** A state: its word, and a sign that differs in shape as well as in colour. */
export function State({ of, tone = toneOf(of) }: { readonly of: string; readonly tone?: Tone }) {
  return <span class={`state ${tone}`}>{of}</span>;
}
