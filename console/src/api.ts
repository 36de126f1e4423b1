/** The one way to the API: same origin, the session's cookie, problems of RFC 9457 as errors, a deadline on every call. */
import { fresh_key } from './ports.ts';

const call_deadline_ms = 20_000;
const file_deadline_ms = 600_000;

export interface Problem {
  readonly status: number;
  /** One of docs/rejections.md; `unreachable` when no answer came. */
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly request_id: string | null;
  readonly retryable: boolean;
  readonly errors: readonly { readonly pointer: string; readonly code: string; readonly detail?: string }[];
  /** Fields beyond the RFC's: `not_cancellable` names what was dispatched. */
  readonly more: Readonly<Record<string, unknown>>;
}

export class ApiError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem, cause?: unknown) {
    super(problem.detail === '' ? problem.title : problem.detail, { cause });
    this.problem = problem;
  }
}

/** In memory only: a page that is loaded anew asks GET /v1/session for it. */
let csrf_token = '';
let told_signed_out: () => void = () => undefined;

export function remember_csrf_token(token: string): void {
  csrf_token = token;
}

/** Asks who is signed in now. Set by the session; true when somebody is. */
let renew_session: () => Promise<boolean> = async () => false;

export function on_stale_token(deed: () => Promise<boolean>): void {
  renew_session = deed;
}

/** Called when the API no longer knows the session. */
export function on_signed_out(deed: () => void): void {
  told_signed_out = deed;
}

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** `path` with what is asked for; parameters without a value are left out. */
export function address(path: string, query: Query = {}): string {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== null && value !== undefined && value !== '') asked.set(name, String(value));
  const text = asked.toString();
  return text === '' ? path : `${path}?${text}`;
}

export function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return call<T>('GET', address(path, query), signal === undefined ? {} : { signal });
}

export type ChangingMethod = 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** `key`: of the intent, so that trying again does it once. */
export function change<T>(method: ChangingMethod, path: string, body?: unknown, key: string = fresh_key()): Promise<T> {
  return call<T>(method, path, { key, ...(body === undefined ? {} : { body }) });
}

/** A POST whose reply is a file. */
export async function change_raw(path: string, body: unknown): Promise<Response> {
  const reply = await send('POST', path, { body, key: fresh_key(), deadline_ms: file_deadline_ms });
  if (!reply.ok) throw refused(reply, await reply.text());
  return reply;
}

interface Given {
  readonly body?: unknown;
  readonly key?: string;
  readonly signal?: AbortSignal;
  readonly deadline_ms?: number;
  readonly is_second?: true;
}

async function call<T>(method: string, path: string, given: Given): Promise<T> {
  const reply = await send(method, path, given);
  if (reply.status === 204) return undefined as T; // callers of a DELETE ask for nothing
  const text = await reply.text();
  if (!reply.ok) {
    const error = refused(reply, text);
    // Signed in anew in another tab: this one's token is of the session before. Nothing was done, so it is asked again, once.
    const is_stale = error.problem.code === 'csrf_failed' && given.is_second !== true;
    if (is_stale && (await renew_session())) return call<T>(method, path, { ...given, is_second: true });
    throw error;
  }
  return JSON.parse(text) as T; // the shape is the API's contract (openapi.json)
}

async function send(method: string, path: string, { body, key, signal, deadline_ms = call_deadline_ms }: Given): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (method !== 'GET') headers['x-csrf-token'] = csrf_token;
  if (method === 'POST' && key !== undefined) headers['idempotency-key'] = key;
  const deadline = AbortSignal.timeout(deadline_ms);
  try {
    return await fetch(path, {
      method,
      headers,
      credentials: 'same-origin',
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw unreachable(error);
  }
}

function refused(reply: Response, text: string): ApiError {
  const problem = read_problem(reply.status, text);
  if (reply.status === 401 && problem.code === 'unauthenticated') told_signed_out();
  return new ApiError(problem);
}

function read_problem(status: number, text: string): Problem {
  const found = read_fields(text);
  const { type: _type, title, detail, code, request_id, retryable, errors, status: _status, ...more } = found;
  return {
    status,
    code: typeof code === 'string' ? code : 'internal',
    title: typeof title === 'string' ? title : 'The server gave no reason',
    detail: typeof detail === 'string' ? detail : '',
    request_id: typeof request_id === 'string' ? request_id : null,
    retryable: retryable === true || status >= 500,
    errors: Array.isArray(errors) ? (errors as Problem['errors']) : [], // RFC 9457, as docs/rejections.md has it
    more,
  };
}

function read_fields(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function unreachable(cause: unknown): ApiError {
  const problem = {
    status: 0,
    code: 'unreachable',
    title: 'No answer',
    detail: 'The server did not answer. If you changed something, try again: it is done once, however often it is sent.',
    request_id: null,
    retryable: true,
    errors: [],
    more: {},
  };
  return new ApiError(problem, cause);
}
