/** For tests: a door with outgoing webhooks on a database of its own, two logs to write into, and a clock that can be moved. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { event_contracts, is_event_type } from '../../../contracts/index.ts';
import { open_pool, role_of } from '../../../platform/database.ts';
import { ids } from '../../../platform/ids.ts';
import { table_log } from '../../../platform/log.ts';
import { type Logger, silent_logger } from '../../../platform/logger.ts';
import { migrate } from '../../../platform/migrate.ts';
import { fresh_database } from '../../../platform/postgres/test_database.ts';
import { real_random } from '../../../platform/random.ts';
import { open_door } from '../../door.ts';
import { ensure_first_keys } from '../../first_keys.ts';
import { type MovableClock, movable_clock, publishable_key, secret_key, server_secret } from '../../testing/door.ts';
import { type Guard, system_resolve } from '../guard.ts';
import { type Webhooks, webhooks } from '../webhooks.ts';

export const master_key = new Uint8Array(32).fill(7);
export const publishers = ['orders', 'payments'] as const;
const wait_max_ms = 40_000;
const look_again_ms = 10;

export interface Said {
  readonly source?: 'orders' | 'payments';
  readonly type?: string;
  readonly subject: string;
  readonly data?: object;
}
export interface Answer {
  readonly status: number;
  readonly text: string;
  // A reply's fields; what a test expects of them it says.
  // biome-ignore lint/suspicious/noExplicitAny: parsed boundary of tests
  readonly body: any;
  readonly headers: Headers;
}
export interface PostOffice {
  readonly database_url: string;
  readonly url: string;
  readonly pool: pg.Pool;
  readonly clock: MovableClock;
  readonly hooks: Webhooks;
  /** Appends to logs as services do, in one transaction; gives the events' ids. */
  say(...said: readonly Said[]): Promise<string[]>;
  ask(method: string, path: string, body?: object, headers?: Record<string, string>): Promise<Answer>;
  /** An endpoint; throws when it was refused. */
  subscribe(url: string, events?: readonly string[]): Promise<{ id: string; secret: string }>;
  /** Deliveries of all endpoints, as rows, in the order of their logs. */
  // biome-ignore lint/suspicious/noExplicitAny: rows of the table under test
  rows(): Promise<any[]>;
  /** Workers of another process on the same tables. */
  another(logger?: Partial<Logger>): Webhooks;
}

export interface PostOfficeOptions {
  readonly guard?: Partial<Guard>;
  readonly timeout_ms?: number;
  /** The workers do not run: for the routes alone. */
  readonly is_idle?: boolean;
}

export async function open_post_office(
  t: { after(stop: () => Promise<void>): void },
  options: PostOfficeOptions = {},
): Promise<PostOffice> {
  const database = await fresh_database();
  const folder = join(import.meta.dirname, '..', '..', 'migrations');
  await migrate(database.url, [{ name: 'gateway', folder, has_log: false }, ...publishers.map(name => ({ name, has_log: true }))]);
  const pool = open_pool(database.url, role_of('gateway'), 6);
  const owner = new pg.Pool({ connectionString: database.url, max: 2 });
  const clock = movable_clock();
  const { fresh: fresh_id } = ids(clock, real_random);
  await ensure_first_keys(pool, { clock, fresh_id, secret_key, publishable_key });
  const logs = new Map(publishers.map(name => [name as string, pool]));
  const open = (logger: Partial<Logger> = {}) =>
    webhooks({
      pool,
      logs,
      readers: publishers.map(name => table_log(name, pool)),
      guard: { allow_private: true, resolve: system_resolve, ...options.guard },
      master_key,
      server_secret,
      clock,
      waiting: movable_clock(),
      random: real_random,
      logger: { ...silent_logger, ...logger },
      fresh_id,
      base_url: () => 'https://shop.example',
      ...(options.timeout_ms === undefined ? {} : { timeout_ms: options.timeout_ms }),
    });
  const hooks = open();
  const door = await open_door({
    routes: hooks.routes,
    pool,
    clock,
    logger: silent_logger,
    fresh_id,
    admit: () => ({ admitted: true, retry_after_s: 1 }),
    settings: { host: '127.0.0.1', port: 0, server_secret, reference: false },
  });
  if (options.is_idle !== true) hooks.start();
  const started: Webhooks[] = [hooks];
  t.after(async () => {
    await Promise.all([door.close(), ...started.map(one => one.stop())]);
    await Promise.all([pool.end(), owner.end()]);
    await database.drop();
  });
  let keys_used = 0;
  const ask: PostOffice['ask'] = async (method, path, body, headers = {}) => {
    const response = await fetch(`${door.url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: {
        authorization: `Bearer ${secret_key}`,
        'idempotency-key': `key ${++keys_used}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
    });
    const text = await response.text();
    return { status: response.status, text, body: text.startsWith('{') ? JSON.parse(text) : {}, headers: response.headers };
  };
  return {
    database_url: database.url,
    url: door.url,
    pool,
    clock,
    hooks,
    ask,
    async say(...said) {
      const made = said.map(one => ({ id: fresh_id('evt'), ...one }));
      const client = await owner.connect();
      await client.query('begin');
      for (const { id, source = 'orders', type = 'order.confirmed', subject, data } of made)
        await append(client, { id, source, type, subject, data }, clock);
      await client.query('commit');
      client.release();
      for (const one of started) one.poke();
      return made.map(({ id }) => id);
    },
    async subscribe(url, events = ['*']) {
      const { status, body, text } = await ask('POST', '/v1/webhook-endpoints', { url, events });
      if (status !== 201) throw new Error(text);
      return body;
    },
    rows: async () => (await owner.query('select * from gateway.webhook_deliveries order by endpoint_id, source, position')).rows,
    another(logger) {
      const other = open(logger);
      started.push(other);
      return other;
    },
  };
}

async function append(
  client: pg.ClientBase,
  { id, source, type, subject, data }: { id: string; source: string; type: string; subject: string; data: object | undefined },
  clock: MovableClock,
): Promise<void> {
  if (!is_event_type(type)) throw new Error(`no contract names ${type}`);
  await client.query(`select pg_advisory_xact_lock(hashtextextended('${source}.events', 0))`);
  await client.query(
    `insert into ${source}.events (position, partition, key, type, id, subject, sequence, time, cause, data)
     select coalesce(max(position), 0) + 1, 0, $1, $2, $3, $1, (select count(*) from ${source}.events where key = $1), $4, 'cause', $5 from ${source}.events`,
    [subject, type, id, clock.now(), JSON.stringify(data ?? event_contracts[type].example)],
  );
}

/** Looks until there is something to see, and gives it. */
export async function until<T>(what: string, look: () => Promise<T | false | undefined> | T | false | undefined): Promise<T> {
  const end = performance.now() + wait_max_ms;
  for (;;) {
    const seen = await look();
    if (seen !== false && seen !== undefined) return seen;
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await pause(look_again_ms);
  }
}
