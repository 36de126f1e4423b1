/** Reading and changing through the API, for pages: what is cached, when it is asked again, and that an intent happens once. */
import { keepPreviousData, QueryClient, type UseQueryResult, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { ApiError, type ChangingMethod, change, get, type Query } from './api.ts';
import { toast } from './components/Toast.tsx';
import { fresh_key } from './ports.ts';

const fresh_ms = 5_000;
const repeats_max = 2;

export const query_client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: fresh_ms,
      retry: (count, error) => count < repeats_max && error instanceof ApiError && error.problem.retryable,
      networkMode: 'always',
    },
    mutations: { retry: false, networkMode: 'always' },
  },
});

export interface PageOf<T> {
  readonly data: readonly T[];
  readonly next_cursor: string | null;
}

interface ReadingOptions {
  readonly enabled?: boolean;
  /** Asked again so often while the page is looked at. */
  readonly every_ms?: number;
}

/** GET `path`. The cache's key is the path's parts and the query, so `invalidates: ['/v1/orders']` reaches every list and order. */
export function useGet<T>(path: string, query: Query = {}, { enabled = true, every_ms }: ReadingOptions = {}): UseQueryResult<T, Error> {
  return useQuery<T, Error>({
    queryKey: key_of(path, query),
    queryFn: ({ signal }) => get<T>(path, query, signal),
    enabled,
    placeholderData: keepPreviousData,
    ...(every_ms === undefined ? {} : { refetchInterval: every_ms }),
  });
}

export function usePage<T>(path: string, query: Query = {}, options: ReadingOptions = {}): UseQueryResult<PageOf<T>, Error> {
  return useGet<PageOf<T>>(path, query, options);
}

export function key_of(path: string, query: Query = {}): readonly unknown[] {
  const asked = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== ''));
  return [...path.split('/').filter(part => part !== ''), asked];
}

interface ActionGiven<Body, T> {
  readonly method?: ChangingMethod;
  path(body: Body): string;
  /** What is sent; by default the body itself. */
  sends?(body: Body): unknown;
  /** Paths whose cached replies are now old. */
  readonly invalidates: readonly string[];
  /** What the person is told when it is done. */
  done(reply: T, body: Body): string;
}

export interface Action<Body, T> {
  run(body: Body): Promise<T>;
  readonly pending: boolean;
}

/**
 * One change. The same body sent again after a lost reply carries the same Idempotency-Key; another body is another intent. So is the same body after a
 * refusal: that was decided and is kept under its key, and would be told again when its reason is long gone.
 */
export function useAction<Body, T = unknown>({ method = 'POST', path, sends, invalidates, done }: ActionGiven<Body, T>): Action<Body, T> {
  const client = useQueryClient();
  const intents = useRef(new Map<string, string>());
  const mutation = useMutation<T, Error, Body>({
    mutationFn: async body => {
      const sent = sends === undefined ? body : sends(body);
      const intent = `${path(body)} ${JSON.stringify(sent)}`;
      const key = intents.current.get(intent) ?? fresh_key();
      intents.current.set(intent, key);
      try {
        const reply = await change<T>(method, path(body), method === 'DELETE' ? undefined : (sent ?? {}), key);
        intents.current.delete(intent);
        return reply;
      } catch (error) {
        if (error instanceof ApiError && !error.problem.retryable) intents.current.delete(intent);
        throw error;
      }
    },
    onSuccess: (reply, body) => toast(done(reply, body)),
    // A refusal may mean that what is shown is old: it is read again either way.
    onSettled: () =>
      Promise.all(invalidates.map(stale => client.invalidateQueries({ queryKey: stale.split('/').filter(part => part !== '') }))),
  });
  return { run: body => mutation.mutateAsync(body), pending: mutation.isPending };
}
