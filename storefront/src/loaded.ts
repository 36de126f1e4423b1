/** Something asked of the API: coming, there, or failed, and how to ask again. */
import { type Inputs, useEffect, useState } from 'preact/hooks';
import { ApiError, no_answer, type Problem } from './transport.ts';

export type Loaded<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly problem: Problem; again(): void }
  | { readonly state: 'ready'; readonly value: T };

/** Asks anew when `inputs` change; an answer to an older question is dropped. */
export function useLoaded<T>(load: () => Promise<T>, inputs: Inputs): Loaded<T> {
  const [loaded, set_loaded] = useState<Loaded<T>>({ state: 'loading' });
  const [asked, set_asked] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the caller names what the question depends on.
  useEffect(() => {
    let current = true;
    set_loaded({ state: 'loading' });
    load().then(
      value => current && set_loaded({ state: 'ready', value }),
      (error: unknown) =>
        current && set_loaded({ state: 'failed', problem: problem_in(error), again: () => set_asked(times => times + 1) }),
    );
    return () => {
      current = false;
    };
  }, [...inputs, asked]);
  return loaded;
}

/** What went wrong, as the API told it. What is no error of the API's is a bug of ours, and is told as one. */
export function problem_in(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  console.error(error);
  return { ...no_answer, code: 'internal', retryable: false };
}
