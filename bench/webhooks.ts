/**
 * `node bench/webhooks.ts`: how many outgoing webhooks a second leave one process, to a receiver on this machine that answers at once in a process of its own?
 * PostgreSQL is durable, lines are not kept open, http without TLS: what TLS costs comes on top.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { event_contracts } from '../contracts/index.ts';
import { system_resolve } from '../gateway/webhooks/guard.ts';
import { start_receiver } from '../gateway/webhooks/testing/receiver.ts';
import { type Webhooks, webhooks } from '../gateway/webhooks/webhooks.ts';
import { real_clock } from '../platform/clock.ts';
import { open_pool, role_of } from '../platform/database.ts';
import { ids } from '../platform/ids.ts';
import { table_log } from '../platform/log.ts';
import { silent_logger } from '../platform/logger.ts';
import { migrate } from '../platform/migrate.ts';
import { start_postgres } from '../platform/postgres/launcher.ts';
import { real_random } from '../platform/random.ts';
import { problem_document } from '../platform/rejections.ts';
import { Problem, type RouteRequest } from '../platform/route.ts';

const deliveries_wanted = 4_000;
const subjects_per_event = 4;
const fresh = ids(real_clock, real_random).fresh;

if (process.argv[2] === 'receiver') {
  const receiver = await start_receiver();
  process.send?.(receiver.url);
} else await measure();

async function measure(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'cartwright-bench-webhooks-'));
  const postgres = await start_postgres({ data_dir: join(folder, 'postgres') });
  const receiver = fork(import.meta.filename, ['receiver']);
  const [url] = (await once(receiver, 'message')) as [string];
  console.log(`\n  webhooks: ${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}, load ${loadavg()[0]?.toFixed(1)}\n`);
  const migrations = join(import.meta.dirname, '..', 'gateway', 'migrations');
  await migrate(postgres.url, [
    { name: 'gateway', folder: migrations, has_log: false },
    { name: 'orders', has_log: true },
  ]);
  const pool = open_pool(postgres.url, role_of('gateway'), 6);
  const owner = open_pool(postgres.url, undefined, 1);
  const hooks = webhooks({
    pool,
    logs: new Map([['orders', pool]]),
    readers: [table_log('orders', pool)],
    guard: { allow_private: true, resolve: system_resolve },
    master_key: new Uint8Array(32).fill(1),
    server_secret: 'bench',
    clock: real_clock,
    waiting: real_clock,
    random: real_random,
    logger: silent_logger,
    fresh_id: fresh,
    base_url: () => 'https://shop.example',
  });
  hooks.start();
  for (const endpoints of [1, 10, 50]) await throughput(hooks, owner, url, endpoints);
  await hooks.stop();
  await Promise.all([pool.end(), owner.end()]);
  receiver.kill();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}

async function throughput(hooks: Webhooks, owner: pg.Pool, url: string, endpoints: number): Promise<void> {
  await owner.query('truncate gateway.webhook_endpoints, gateway.webhook_deliveries, gateway.webhook_messages');
  for (let n = 0; n < endpoints; n++) await subscribe(hooks, `${url}/${n}`);
  const events = deliveries_wanted / endpoints;
  const before = process.cpuUsage();
  const began = performance.now();
  await append(owner, events);
  hooks.poke();
  for (;;) {
    const { rows } = await owner.query<{ done: string }>(
      "select count(*) as done from gateway.webhook_deliveries where state = 'delivered'",
    );
    if (Number(rows[0]?.done) === deliveries_wanted) break;
    await pause(50);
  }
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(before);
  const each_us = (user + system) / deliveries_wanted;
  const { rows } = await owner.query<{ p99: number }>(
    'select percentile_cont(0.99) within group (order by extract(epoch from ended_at - created_at)) as p99 from gateway.webhook_deliveries',
  );
  console.log(
    `  ${String(endpoints).padStart(2)} endpoints: ${Math.round(deliveries_wanted / seconds)} deliveries/s, ${each_us.toFixed(0)} µs of this process each; the slowest hundredth waited ${Number(rows[0]?.p99).toFixed(1)} s behind the others`,
  );
}

/** As the route does it, without a door in front. */
async function subscribe(hooks: Webhooks, url: string): Promise<void> {
  const route = hooks.routes.find(one => one.method === 'POST' && one.path === '/v1/webhook-endpoints');
  const key = fresh('key');
  const request: Partial<RouteRequest> = {
    principal: { type: 'sk', id: 'bench', scopes: new Set(['admin']) },
    request_id: key,
    params: {},
    body: { url, events: ['*'] },
    idempotency: { principal: 'bench', route: 'POST /v1/webhook-endpoints', key, body_hash: key },
  };
  try {
    await route?.handle(request as RouteRequest);
  } catch (error) {
    throw error instanceof Problem ? new Error(JSON.stringify(problem_document(error, key))) : error;
  }
}

async function append(owner: pg.Pool, events: number): Promise<void> {
  const rows = Array.from({ length: events }, (_, n) => ({
    id: fresh('evt'),
    subject: `ord_${Math.floor(n / subjects_per_event)}_${events}`,
  }));
  await owner.query(
    `insert into orders.events (position, partition, key, type, id, subject, sequence, time, cause, data)
     select (select coalesce(max(position), 0) from orders.events) + ordinal, 0, subject, 'order.confirmed', id, subject, ordinal, now(), 'bench', $2
       from rows from (json_to_recordset($1) as (id text, subject text)) with ordinality as e(id, subject, ordinal)`,
    [JSON.stringify(rows), JSON.stringify(event_contracts['order.confirmed'].example)],
  );
}
