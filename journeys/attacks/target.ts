/** The whole running system as the target of one file of attacks. */
import assert from 'node:assert/strict';
import { after, it, type TestContext } from 'node:test';
import { open_shop, publishable_key, rest, type Shop, type ShopOptions, secret_key, until } from '../shop.ts';
import { check_problem, fresh_key, type Sent, send, verdict } from './send.ts';
import { changed, type Look, tables } from './tables.ts';

export interface How {
  /** Absent: the secret key. Empty: nobody asks. */
  readonly key?: string;
  readonly idempotency_key?: string;
  /** Over those that `ask` sets by itself; an empty one is left out. */
  readonly headers?: Readonly<Record<string, string>>;
}
/** An object is sent as JSON, a text or bytes as they are. */
export type Body = object | string | undefined;
/** `POST /v1/orders` */
export type Address = `${string} /${string}`;
export type Case = readonly [row: number, what: string, to: Address, body: Body, expected: string, how?: How];

export interface Target {
  readonly shop: Shop;
  readonly port: number;
  ask(to: Address, body?: Body, how?: How): Promise<Sent>;
  /** Throws when the answer is a refusal. */
  must<T>(to: Address, body?: Body, how?: How): Promise<T>;
  /** The tables that changed since this was asked last, or since `calm`. */
  changes(): Promise<string[]>;
  /** Waits until nothing moves and everybody is let in: what is from here on the state that must not change. */
  calm(): Promise<void>;
}

export async function open_target(options: ShopOptions = {}): Promise<Target> {
  // The file's own end: the shop's hook asks for no context.
  const shop = await open_shop({ after } as Pick<TestContext, 'after'>, options);
  const look = await tables(shop.pool);
  const port = Number(new URL(shop.url).port);
  let known: Look = new Map();
  const ask = (to: Address, body?: Body, how: How = {}): Promise<Sent> => {
    const [method = '', path = ''] = to.split(' ', 2);
    const headers = Object.entries({ ...usual_headers(method, path, body, how), ...how.headers }).filter(([, value]) => value !== '');
    const bytes = body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
    return send({
      port,
      method,
      path: to.slice(method.length + 1),
      headers: Object.fromEntries(headers),
      ...(bytes === undefined ? {} : { body: bytes }),
    });
  };
  return {
    shop,
    port,
    ask,
    async must(to, body, how) {
      const sent = await ask(to, body, how);
      if (sent.status >= 400) throw new Error(`${to}: ${sent.status} ${sent.text}`);
      // Replies of our own API, in the form their schemas give.
      return sent.text === '' ? null : JSON.parse(sent.text);
    },
    async changes() {
      const before = known;
      known = await look();
      return changed(before, known);
    },
    async calm() {
      await rest(shop);
      // Lag is looked at every half a second; while it was too great nobody is let in.
      await until('the door lets in', async () => (await ask('POST /v1/quotes', '')).status === 400);
      known = await look();
    },
  };
}

function usual_headers(
  method: string,
  path: string,
  body: Body,
  { key = secret_key, idempotency_key = fresh_key() }: How,
): Record<string, string> {
  const type = path.endsWith('/import') ? 'application/x-ndjson' : 'application/json';
  return {
    authorization: key === '' ? '' : `Bearer ${key}`,
    'content-type': body === undefined ? '' : type,
    'idempotency-key': method === 'POST' && path.startsWith('/v1/') ? idempotency_key : '',
  };
}

/** One test a case: the status, the code, the shape of the refusal, and that nothing changed. */
export function refuses(target: Target, cases: readonly Case[]): void {
  for (const [row, what, to, body, expected, how] of cases) {
    it(`${row}: ${without_ids(to)}, ${what}: ${expected}`, async () => {
      const sent = await target.ask(to, body, how);
      assert.equal(verdict(sent), expected, sent.text);
      if (sent.status >= 400) check_problem(sent);
      assert.deepEqual(await target.changes(), []);
    });
  }
}

function without_ids(to: string): string {
  return to.replace(/_[0-9a-z]{26}/g, '_…');
}

/** The same for one request inside a test, all but what changed. Gives the problem. */
export async function refusal(target: Target, expected: string, to: Address, body?: Body, how?: How): Promise<Record<string, unknown>> {
  const sent = await target.ask(to, body, how);
  assert.equal(verdict(sent), expected, `${to} ${sent.text}`);
  check_problem(sent);
  // check_problem has seen that it is an object.
  return JSON.parse(sent.text);
}

/** The same for one request inside a test. */
export async function refused(target: Target, expected: string, to: Address, body?: Body, how?: How): Promise<Record<string, unknown>> {
  const problem = await refusal(target, expected, to, body, how);
  assert.deepEqual(await target.changes(), [], to);
  return problem;
}

const at_once = 16;

/** Works through a list, a few at once; then nothing may have changed. */
export async function all_refused<T>(target: Target, list: readonly T[], work: (one: T) => Promise<unknown>): Promise<void> {
  assert.ok(list.length > 0);
  for (let start = 0; start < list.length; start += at_once) await Promise.all(list.slice(start, start + at_once).map(work));
  assert.deepEqual(await target.changes(), []);
}

export const browser: How = { key: publishable_key };
