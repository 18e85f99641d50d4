import { useState } from 'preact/hooks';
import { asProblem, type Problem, request, session } from '../http.ts';
import { Heading } from '../parts/heading.tsx';
import { Failure } from '../parts/notice.tsx';

/** Asks for a token, which becomes a cookie that no script can read. */
export function SignIn({ onDone }: { readonly onDone: () => void }) {
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState<Problem>();
  const [isBusy, setBusy] = useState(false);

  const signIn = async (): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      await request('/v1/session', { method: 'POST', body: { token: token.trim() } });
      session.value = 'unknown';
      onDone();
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };

  return (
    <form
      class="sign-in"
      onSubmit={(event) => {
        event.preventDefault();
        void signIn();
      }}
    >
      <Heading title="Sign in" />
      <label>
        Token
        <input
          type="password"
          autocomplete="off"
          required
          value={token}
          onInput={({ currentTarget }) => setToken(currentTarget.value)}
        />
      </label>
      {problem && <Failure problem={problem} />}
      <button type="submit" class="filled" disabled={isBusy || token.trim() === ''}>
        {isBusy ? 'Signing in …' : 'Sign in'}
      </button>
      <div class="muted">
        <p>
          In a cluster: <code>kubectl create token NAME -n NAMESPACE</code>, of a service account
          that may read TenantBots.
        </p>
        <p>
          Standalone: <code>tenantbot open</code> opens this page signed in.
        </p>
      </div>
    </form>
  );
}
