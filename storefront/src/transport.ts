/** One request and its reply: the key, the Idempotency-Key, sending again what may be sent again, and errors as they are told (RFC 9457). */

export interface Request {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly key: string | undefined;
  readonly body?: unknown;
  /** The API answers when something has come of it, or after so long. */
  readonly wait_s?: number;
}
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly retryable: boolean;
  readonly errors?: readonly { readonly pointer: string; readonly code: string }[];
  /** Some codes bring more: `price_changed` the new total. */
  readonly [more: string]: unknown;
}
export class ApiError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}
/** No answer at all: the line is down, or the server. Whether it happened is not known. */
export const no_answer: Problem = { status: 0, code: 'no_answer', detail: 'The shop did not answer.', retryable: true };

const attempts_max = 4;
const pause_first_ms = 400;
const pause_max_ms = 5_000;

/**
 * The keys of POSTs that have not been answered. The same deed sent again carries the same key, so that a lost reply never orders or pays twice, also when the
 * shopper presses the button again; an answer ends it, and the next press is a new deed.
 */
const unanswered = new Map<string, string>();

export function requester(base: string) {
  return async <T>(request: Request): Promise<T> => {
    const deed = `${request.method} ${request.path} ${JSON.stringify(request.body)}`;
    const idempotency_key = unanswered.get(deed) ?? random_key();
    if (request.method === 'POST') unanswered.set(deed, idempotency_key);
    for (let attempt = 1; ; attempt++) {
      const answer = await ask(base, request, idempotency_key);
      if (!('problem' in answer)) {
        unanswered.delete(deed);
        // The API's replies are what its OpenAPI document says they are.
        return answer.body as T;
      }
      const { problem, retry_after_s } = answer;
      if (!problem.retryable || attempt === attempts_max) {
        if (!problem.retryable) unanswered.delete(deed);
        throw new ApiError(problem);
      }
      await pause(retry_after_s === undefined ? pause_first_ms * attempt : Math.min(retry_after_s * 1_000, pause_max_ms));
    }
  };
}

type Answer = { readonly body: unknown } | { readonly problem: Problem; readonly retry_after_s: number | undefined };

async function ask(base: string, { method, path, key, body, wait_s }: Request, idempotency_key: string): Promise<Answer> {
  try {
    const response = await fetch(base + path, {
      method,
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(method === 'POST' ? { 'idempotency-key': idempotency_key } : {}),
        ...(wait_s === undefined ? {} : { prefer: `wait=${wait_s}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const found: unknown = await response.json();
    if (response.ok) return { body: found };
    const retry_after = response.headers.get('retry-after');
    return { problem: found as Problem, retry_after_s: retry_after === null ? undefined : Number(retry_after) };
  } catch {
    return { problem: no_answer, retry_after_s: undefined };
  }
}

/** Not randomUUID: browsers have it on https and on this machine only, and a demo is also opened from the next room. */
function random_key(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('');
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds));
}
