import { session } from '../http.ts';
import { isLive } from '../live.ts';
import { me, signOut } from '../me.ts';
import { segments } from '../router.ts';
import { THEMES, type Theme, theme } from '../theme.ts';

const VIEWS = [
  ['', 'Overview'],
  ['bots', 'Bots'],
  ['shards', 'Shards'],
  ['rates', 'Rates'],
  ['incidents', 'Incidents'],
  ['usage', 'Usage'],
  ['audit', 'Audit'],
] as const;

/** What stands above every view: where one can go, who one is, and whether what is seen is live. */
export function Top() {
  const here = segments.value[0] ?? '';
  return (
    <header class="top">
      <a class="brand" href="/">
        tenantbot
      </a>
      <nav aria-label="Views">
        {session.value === 'in' &&
          VIEWS.map(([path, title]) => (
            <a key={path} href={`/${path}`} aria-current={here === path ? 'page' : undefined}>
              {title}
            </a>
          ))}
      </nav>
      {session.value === 'in' && (
        <>
          <span class={isLive.value ? 'live' : 'live off'} role="status">
            {isLive.value ? 'Live' : 'Reconnecting …'}
          </span>
          <span class="who">{me.value?.name}</span>
          <button type="button" onClick={() => void signOut()}>
            Sign out
          </button>
        </>
      )}
      <ThemeChoice />
    </header>
  );
}

function ThemeChoice() {
  return (
    <select
      aria-label="Colours"
      value={theme.value}
      onChange={({ currentTarget }) => {
        theme.value = THEMES.find((name) => name === currentTarget.value) ?? 'auto';
      }}
    >
      {THEMES.map((name) => (
        <option key={name} value={name}>
          {NAMES[name]}
        </option>
      ))}
    </select>
  );
}

const NAMES: Readonly<Record<Theme, string>> = {
  auto: 'As the system',
  light: 'Light',
  dark: 'Dark',
};
