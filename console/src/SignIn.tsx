/** The door of the console. What is wrong is said in one sentence, and no more is told than the API tells. */
import { type FormEvent, type ReactNode, useEffect, useState } from 'react';
import { ApiError } from './api.ts';
import { Button } from './components/Button.tsx';
import { TextField } from './components/Field.tsx';
import { Brand } from './Frame.tsx';
import { useSession } from './session.tsx';

export function SignIn({ because }: { readonly because: 'never' | 'ended' }): ReactNode {
  const { sign_in } = useSession();
  const [username, set_username] = useState('');
  const [password, set_password] = useState('');
  const [wrong, set_wrong] = useState<string | null>(null);
  const [pending, set_pending] = useState(false);
  useEffect(() => {
    document.title = 'Sign in · Cartwright';
  }, []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    set_pending(true);
    set_wrong(null);
    sign_in(username, password).catch((error: Error) => {
      set_wrong(said_of(error));
      set_pending(false);
    });
  };
  return (
    <main className="door">
      <div className="door-card">
        <Brand />
        <h1>Sign in</h1>
        <p className="quiet">{because === 'ended' ? 'Your session has ended. Sign in to go on where you were.' : 'Operations console'}</p>
        <form onSubmit={submit}>
          <TextField
            label="Name"
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            autoFocus
            value={username}
            onChange={event => set_username(event.target.value)}
          />
          <TextField
            label="Password"
            name="password"
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={event => set_password(event.target.value)}
          />
          {wrong !== null && (
            <div className="notice bad" role="alert">
              {wrong}
            </div>
          )}
          <Button type="submit" look="primary" disabled={pending}>
            {pending ? 'Signing in…' : 'Sign in'}
          </Button>
        </form>
      </div>
    </main>
  );
}

function said_of(error: Error): string {
  if (!(error instanceof ApiError)) return error.message;
  if (error.problem.code === 'too_many_attempts') return 'Too many wrong attempts. Wait a few minutes, then try again.';
  return error.problem.code === 'unreachable' ? 'The server does not answer. Try again in a moment.' : error.message;
}
