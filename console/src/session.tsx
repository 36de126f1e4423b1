/** Who is signed in. The cookie is the server's and no script can read it; here is what GET /v1/session tells about it. */
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react';
import { ApiError, change, get, on_signed_out, on_stale_token, remember_csrf_token } from './api.ts';
import { query_client } from './queries.ts';

export interface Staff {
  readonly id: string;
  readonly username: string;
  readonly role: string;
  readonly scopes: readonly string[];
}
interface SessionReply {
  readonly staff: Staff;
  readonly csrf_token: string;
  readonly expires_at: string;
}

export type SessionState =
  | { readonly is: 'asking' }
  | { readonly is: 'signed_out'; readonly because: 'never' | 'ended' }
  | { readonly is: 'signed_in'; readonly staff: Staff }
  | { readonly is: 'unreachable'; readonly error: Error };

interface SessionContext {
  readonly state: SessionState;
  sign_in(username: string, password: string): Promise<void>;
  sign_out(): Promise<void>;
  ask_again(): void;
}

const context = createContext<SessionContext | null>(null);

export function SessionProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const [state, set_state] = useState<SessionState>({ is: 'asking' });
  const welcome = useCallback((reply: SessionReply) => {
    remember_csrf_token(reply.csrf_token);
    set_state({ is: 'signed_in', staff: reply.staff });
  }, []);
  const ask_again = useCallback(() => {
    get<SessionReply>('/v1/session').then(welcome, (error: Error) => {
      const nobody = error instanceof ApiError && error.problem.status === 401;
      set_state(nobody ? { is: 'signed_out', because: 'never' } : { is: 'unreachable', error });
    });
  }, [welcome]);
  useEffect(() => {
    // What one person saw is not the next one's to find.
    on_signed_out(() => {
      query_client.clear();
      set_state(before => ({ is: 'signed_out', because: before.is === 'signed_in' ? 'ended' : 'never' }));
    });
    on_stale_token(async () => {
      const reply = await get<SessionReply>('/v1/session').catch(() => undefined);
      if (reply !== undefined) welcome(reply);
      return reply !== undefined;
    });
    ask_again();
  }, [ask_again, welcome]);
  const value = useMemo(
    () => ({
      state,
      ask_again,
      sign_in: async (username: string, password: string) =>
        welcome(await change<SessionReply>('POST', '/v1/session', { username, password })),
      sign_out: async () => {
        await change('DELETE', '/v1/session');
        query_client.clear();
        remember_csrf_token('');
        set_state({ is: 'signed_out', because: 'never' });
      },
    }),
    [state, ask_again, welcome],
  );
  return <context.Provider value={value}>{children}</context.Provider>;
}

export function useSession(): SessionContext {
  const found = useContext(context);
  if (found === null) throw new Error('useSession outside of its provider');
  return found;
}

/** What the person may do, as the API told. It shows and hides; the API is what refuses. */
export function useMay(): (scope: string) => boolean {
  const { state } = useSession();
  return scope => state.is === 'signed_in' && state.staff.scopes.includes(scope);
}
