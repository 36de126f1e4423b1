/** For tests: a door on a database of its own, with a clock that can be moved, and toy routes behind it. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import type pg from 'pg';
import Type from 'typebox';
import { type Clock, real_clock } from '../../platform/clock.ts';
import { open_pool, role_of } from '../../platform/database.ts';
import { raw_body } from '../../platform/http.ts';
import { ids } from '../../platform/ids.ts';
import { silent_logger } from '../../platform/logger.ts';
import { migrate } from '../../platform/migrate.ts';
import { fresh_database } from '../../platform/postgres/test_database.ts';
import { real_random } from '../../platform/random.ts';
import { problem_reply } from '../../platform/rejections.ts';
import { Problem, type Route, type RouteRequest } from '../../platform/route.ts';
import { type Door, type DoorGiven, type DoorSettings, open_door } from '../door.ts';
import { ensure_first_keys } from '../first_keys.ts';

export const server_secret = 'a secret that only tests know, and that stays the same';
export const secret_key = 'sk_test_of_the_door';
export const publishable_key = 'pk_test_of_the_door';
export const admin_password = 'correct horse battery staple';

/** Real time plus what the test added; sleeps are cut to their `speed`th part. */
export interface MovableClock extends Clock {
  speed: number;
  move(milliseconds: number): void;
}
export function movable_clock(): MovableClock {
  let ahead_ms = 0;
  const now_ms = () => real_clock.now_ms() + ahead_ms;
  const clock: MovableClock = {
    speed: 1,
    now_ms,
    now: () => new Date(now_ms()).toISOString(),
    sleep: (milliseconds, signal) => real_clock.sleep(milliseconds / clock.speed, signal),
    move(milliseconds) {
      ahead_ms += milliseconds;
    },
  };
  return clock;
}

export interface TestDoor {
  readonly door: Door;
  readonly url: string;
  readonly pool: pg.Pool;
  readonly database_url: string;
  readonly clock: MovableClock;
  readonly fresh_id: (prefix: string) => string;
  /** What the toy handlers were asked. */
  readonly asked: RouteRequest[];
  /** Set to answer nobody, or to end a stream. */
  readonly house: { full: boolean; stream: AsyncIterable<string> };
  /** Another door on the same database, as another process would open it. */
  open(settings?: Partial<DoorSettings>, more?: Partial<DoorGiven>): Promise<Door>;
  close(): Promise<void>;
}

export async function test_door(settings: Partial<DoorSettings> = {}): Promise<TestDoor> {
  const database = await fresh_database();
  await migrate(database.url, [{ name: 'gateway', folder: join(import.meta.dirname, '..', 'migrations'), has_log: false }]);
  const pool = open_pool(database.url, role_of('gateway'), 4);
  const clock = movable_clock();
  const { fresh: fresh_id } = ids(clock, real_random);
  await ensure_first_keys(pool, { clock, fresh_id, secret_key, publishable_key, admin_password });
  const asked: RouteRequest[] = [];
  const house: TestDoor['house'] = { full: false, stream: empty() };
  const given: Omit<DoorGiven, 'settings'> = {
    routes: toy_routes(asked, house),
    pool,
    clock,
    logger: silent_logger,
    fresh_id,
    admit: () => ({ admitted: !house.full, retry_after_s: 7 }),
  };
  const open = (other: Partial<DoorSettings> = {}, more: Partial<DoorGiven> = {}) =>
    open_door({ ...given, ...more, settings: { host: '127.0.0.1', port: 0, server_secret, reference: false, ...settings, ...other } });
  const door = await open();
  const close = async () => {
    await door.close();
    await pool.end();
    await database.drop();
  };
  return { door, url: door.url, pool, database_url: database.url, clock, fresh_id, asked, house, open, close };
}

async function* empty(): AsyncGenerator<string> {}

const order_body = Type.Object({
  currency: Type.String({ pattern: '^[A-Z]{3}$' }),
  lines: Type.Array(Type.Object({ sku: Type.String({ maxLength: 64 }), quantity: Type.Integer({ minimum: 1, maximum: 1_000_000 }) }), {
    minItems: 1,
    maxItems: 2_000,
  }),
  note: Type.Optional(Type.String({ maxLength: 2_000 })),
  metadata: Type.Optional(Type.Record(Type.String(), Type.String())),
});
const any_object = Type.Object({}, { additionalProperties: true });

export function toy_routes(asked: RouteRequest[], house: TestDoor['house']): readonly Route[] {
  const answer = async (request: RouteRequest) => {
    asked.push(request);
    return { status: 200, body: { heard: true, params: request.params } };
  };
  const common = { summary: 'A toy', replies: { 200: any_object }, rejections: [], handle: answer } as const;
  return [
    {
      ...common,
      method: 'POST',
      path: '/v1/orders',
      scope: 'orders:write',
      also: ['pk'],
      body: order_body,
      rejections: ['reference_taken', 'unknown_sku'],
    },
    {
      ...common,
      method: 'GET',
      path: '/v1/orders',
      scope: 'orders:read',
      query: Type.Object({ limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })), open: Type.Optional(Type.Boolean()) }),
    },
    { ...common, method: 'GET', path: '/v1/orders/:id', scope: 'orders:read', also: ['order'] },
    {
      ...common,
      method: 'POST',
      path: '/v1/orders/:id/cancel',
      scope: 'orders:write',
      also: ['order'],
      body: Type.Object({ reason: Type.Optional(Type.String()) }),
    },
    {
      ...common,
      method: 'POST',
      path: '/v1/orders/:id/holds',
      scope: 'orders:write',
      handle: async request => problem_reply({ rejection: 'order_held', extra: { hold_id: 'hld_1' } }, request.headers['x-decided-by']),
    },
    { ...common, method: 'PUT', path: '/v1/products/:sku', scope: 'catalog:write', body: any_object },
    {
      ...common,
      method: 'GET',
      path: '/v1/track',
      scope: 'public',
      query: Type.Object({ token: Type.String() }),
      handle: async () => Promise.reject(new Problem(404, 'not_found', 'Nothing here.')),
    },
    { ...common, method: 'POST', path: '/v1/orders/import', scope: 'orders:import', ndjson: true, handle: import_lines },
    { ...common, method: 'POST', path: '/inbound/toy', scope: 'public', body: raw_body },
    {
      ...common,
      method: 'GET',
      path: '/v1/live',
      scope: 'orders:read',
      handle: async request => {
        asked.push(request);
        return { status: 200, content_type: 'text/event-stream', stream: house.stream };
      },
    },
    {
      ...common,
      method: 'GET',
      path: '/v1/export',
      scope: 'orders:read',
      handle: async () => ({ status: 200, content_type: 'text/csv', stream: house.stream }),
    },
  ];
}

async function import_lines(request: RouteRequest) {
  const lines = request.lines?.() ?? [];
  async function* results() {
    for await (const { line, text } of lines) yield `${JSON.stringify({ line, length: text.length })}\n`;
  }
  return { status: 200, content_type: 'application/x-ndjson', stream: results() } as const;
}

/** Writes bytes to a socket and gives the status and body of the one reply, which must carry its length. */
export async function raw(port: number, text: string): Promise<{ status: number; code: unknown }> {
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('utf8');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(text);
  let reply = '';
  for await (const chunk of socket) {
    reply += chunk;
    const end = reply.indexOf('\r\n\r\n');
    const length = Number(/content-length: (\d+)/i.exec(reply)?.[1] ?? Number.POSITIVE_INFINITY);
    if (end >= 0 && Buffer.byteLength(reply.slice(end + 4)) >= length) break;
  }
  socket.destroy();
  const body = reply.slice(reply.indexOf('\r\n\r\n') + 4);
  return { status: Number(reply.split(' ')[1]), code: body.startsWith('{') ? JSON.parse(body).code : undefined };
}
