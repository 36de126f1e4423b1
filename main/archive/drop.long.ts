/** Stories that ended leave the logs, and whoever read them there finds the archive, or a note that it has them. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { audit } from '../../auditor/auditor.ts';
import { left_out } from '../../auditor/dropped.ts';
import { invariants } from '../../auditor/invariants.ts';
import { audit_with } from '../../auditor/testing/corruption.ts';
import { type AuditedShop, audited_shop } from '../../auditor/testing/shop.ts';
import { audit_pools, watch_audit } from '../../auditor/watch.ts';
import { contracts_of } from '../../contracts/index.ts';
import { desk_routes } from '../../gateway/desk.ts';
import { timeline_routes } from '../../gateway/timeline.ts';
import { real_clock } from '../../platform/clock.ts';
import { open_pool, role_of } from '../../platform/database.ts';
import { silent_logger } from '../../platform/logger.ts';
import type { RouteRequest } from '../../platform/route.ts';
import { begin, caught_up, contents, fresh_folder, standing_clock } from '../../services/analytics/testing/analytics.ts';
import { log_names } from '../../services/analytics/testing/lives.ts';
import { whole_log } from '../olap.ts';
import { archive_logs } from './archive.ts';
import { type DropGiven, drop_archived } from './drop.ts';
import { spoil_a_file } from './testing/spoil.ts';

const day_ms = 86_400_000;
const poll_ms = 20;
const dropping_logs = ['orders', 'payments', 'shipping', 'suppliers'];
let shop: AuditedShop;
let pools: ReturnType<typeof audit_pools>;
let reader: pg.Pool;
let data_folder: string;
let remove: () => Promise<void>;
/** The shop's last event is long ago then. */
let now: string;
let day: string;
let heads: ReadonlyMap<string, number>;

before(async () => {
  shop = await audited_shop();
  pools = audit_pools(() => shop.url);
  reader = open_pool(shop.url, role_of('analytics'), 3);
  ({ folder: data_folder, remove } = await fresh_folder());
  now = new Date(Date.now() + 3 * day_ms).toISOString();
  day = `${new Date(Date.now() + 2 * day_ms).toISOString().slice(0, 10)}T00:00:00.000Z`;
});
after(async () => {
  await Promise.all([pools.end(), reader.end()]);
  await shop.drop();
  await remove();
});

const owner = () => pools.pool_of('orders');
const query = async <T extends pg.QueryResultRow>(text: string, values: unknown[] = []) => (await owner().query<T>(text, values)).rows;
async function archive(): Promise<void> {
  await archive_logs({ data_folder, before: day, events_per_file: 40, url_of: () => shop.url, say: () => undefined });
}
async function drop(more: Partial<DropGiven> = {}): Promise<string> {
  const said: string[] = [];
  await drop_archived({
    data_folder,
    before: day,
    clock: { now: () => now },
    keys_per_batch: 2,
    pool_of: pools.pool_of,
    analytics_positions: async () => heads,
    say: line => said.push(line),
    ...more,
  });
  return said.join('\n');
}
const events_of = async (key: string) =>
  (
    await Promise.all(
      log_names.map(log =>
        query<{ at: string }>(`select '${log} ' || position as at from ${log}.events where key = $1 order by position`, [key]),
      ),
    )
  )
    .flat()
    .map(row => row.at);
const all_events = async () => {
  const counts = await Promise.all(log_names.map(log => query<{ n: number }>(`select count(*)::int as n from ${log}.events`)));
  return Object.fromEntries(log_names.map((log, place) => [log, counts[place]?.[0]?.n ?? 0]));
};
async function findings(incremental: boolean): Promise<string[]> {
  const given = { pool_of: pools.pool_of, ledgers: shop.ledgers, now: new Date().toISOString(), at_rest: true, incremental };
  const lines = await audit(given, invariants);
  return lines.flatMap(line => line.findings.map(({ invariant, detail, ids }) => `${invariant}: ${detail} (${ids.join(' ')})`));
}
/** What analytics makes of the logs from their first events on. */
async function facts() {
  const { folder, remove: remove_store } = await fresh_folder();
  const readers = log_names.map(source => whole_log(source, reader, data_folder));
  const analytics = await begin(readers, folder, { clock: standing_clock });
  try {
    await caught_up(analytics);
    heads = new Map((await analytics.lags()).map(({ source, position }) => [source, position]));
    return await contents(analytics);
  } finally {
    await analytics.stop();
    await remove_store();
  }
}
/** A reader of the log of orders that is in the middle of it while something is taken out. */
function whole_log_later() {
  const types = Object.keys(contracts_of.orders);
  const log = () => whole_log('orders', reader, data_folder);
  let [open, read, after]: [ReturnType<typeof log> | undefined, number, number] = [undefined, 0, 0];
  return {
    async begin() {
      open = log();
      await open.marks();
    },
    async events(): Promise<number> {
      for (;;) {
        const slice = await open?.read(after, types);
        if (slice === undefined || slice.upto === after) return read;
        [read, after] = [read + slice.events.length, slice.upto];
      }
    },
  };
}
const timeline = async (id: string) => {
  const [route] = timeline_routes({ logs: new Map(log_names.map(log => [log, reader])) });
  // As much of a request as the route looks at.
  const reply = await route?.handle({ params: { id }, principal: { type: 'secret' } } as unknown as RouteRequest);
  assert.ok(reply !== undefined && 'body' in reply);
  return reply.body as unknown as { data: { service: string }[]; archived?: { events: number; services: string[]; since: string } };
};

/** As the desk of suppliers answers. */
const exception = async (id: string) => {
  const pool = open_pool(shop.url, role_of('suppliers'), 1);
  const service = { name: 'suppliers', pool, lags: async () => [], providers: () => new Map() };
  const findings = () => ({ at: null, checked: 0, findings: [], left_out: [] });
  const route = desk_routes({ services: [service], now: () => now, findings }).find(one => one.path === '/v1/exceptions/:id');
  try {
    // As much of a request as the route looks at.
    const reply = await route?.handle({ params: { id } } as unknown as RouteRequest);
    assert.ok(reply !== undefined && 'body' in reply);
    return reply;
  } finally {
    await pool.end();
  }
};

describe('stories that ended', () => {
  let expected: Awaited<ReturnType<typeof facts>>;
  let whole: Record<string, number>;
  const told = new Map<string, string[]>();
  /** Began to read before anything was taken, and knows nothing of it. */
  const unaware = whole_log_later();

  test('stay in the logs as long as the archive does not hold them, or analytics has not read them', async () => {
    whole = await all_events();
    for (const id of Object.values(shop.ids)) told.set(id, await events_of(id));
    heads = new Map();
    assert.match(await drop(), /orders: 0 events of 0 keys taken/);
    expected = await facts();
    await unaware.begin();
    await archive();
    const said = await drop({ analytics_positions: async () => new Map() });
    assert.match(said, /orders: archived up to position \d+, analytics have read up to 0: nothing above that is taken/);
    assert.match(said, /orders: 0 taken out of the logs; at their end and kept: \d+ because not in the archive yet/);
    assert.deepEqual(await all_events(), whole);
  });

  test('stay when the day is still to come, when a file of the archive was changed, and when one is missing', async () => {
    await assert.rejects(drop({ clock: real_clock }), { code: 'day_in_future' });
    const { name, restore } = await spoil_a_file(data_folder, 'payments');
    await assert.rejects(drop(), { code: 'archive_changed', message: new RegExp(name) });
    await restore();
    assert.deepEqual(await all_events(), whole);
  });

  test('stay when the archive holds something else than the log', async () => {
    await query(`update orders.events set cause = cause || '!' where position = 3`);
    await assert.rejects(drop(), { code: 'archive_differs', message: /position 3 of orders/ });
    await query(`update orders.events set cause = rtrim(cause, '!') where position = 3`);
    assert.deepEqual(await all_events(), whole);
  });

  test('stay when an enabled endpoint of webhooks has not read them', async () => {
    await query(
      `insert into gateway.webhook_endpoints (id, url, description, events, state, secret, since, created_at, created_by)
       values ('whe_1', 'https://example.com', '', '{*}', 'enabled', 'sealed', '{}', now(), 'test')`,
    );
    assert.match(await drop(), /payments: archived up to position \d+, webhooks have read up to 0: nothing above that is taken/);
    await query('delete from gateway.webhook_endpoints');
    assert.deepEqual(await all_events(), whole);
  });

  test('are in the log or noted as taken when the run is killed between two logs', async () => {
    // The batch of this order waits for its row when the other logs have lost it.
    const [client, { rejected }] = [await owner().connect(), shop.ids];
    const child = spawn(process.execPath, [join(import.meta.dirname, 'testing/drop_once.ts'), shop.url, data_folder, day, now]);
    try {
      await client.query('begin');
      await client.query('select 1 from orders.events where key = $1 for update', [rejected]);
      const waits = () =>
        query(`select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%delete from orders.events%'`);
      while (child.exitCode === null && (await waits()).length === 0) await sleep(poll_ms);
      assert.equal(child.exitCode, null, 'it ended before it could be killed');
      await assert.rejects(drop(), { code: 'already_dropping' });
      child.kill('SIGKILL');
      await once(child, 'close');
      await query(`select pg_terminate_backend(pid, 5000) from pg_stat_activity where wait_event_type = 'Lock'`);
    } finally {
      child.kill('SIGKILL');
      await client.query('rollback');
      client.release();
    }
    assert.deepEqual(await events_of(rejected), told.get(rejected));
    assert.deepEqual(await findings(false), []);
    assert.deepEqual(await facts(), expected);
  });

  test('leave batch by batch: a run that dies leaves everything right, and the next one goes on', async () => {
    let deletes = 0;
    const dying = {
      connect: () => owner().connect(),
      query: (text: string, values?: unknown[]) => {
        if (text.startsWith('with gone') && ++deletes > 6) throw new Error('killed');
        return owner().query(text, values);
      },
    } as unknown as pg.Pool;
    await assert.rejects(drop({ pool_of: () => dying }), /killed/);
    const left = await all_events();
    assert.ok(
      (left['payments'] ?? 0) < (whole['payments'] ?? 0) && (left['orders'] ?? 0) < (whole['orders'] ?? 0),
      JSON.stringify([whole, left]),
    );
    assert.deepEqual(await findings(false), []);
    assert.deepEqual(await facts(), expected);
    const said = await drop();
    assert.match(said, /orders: [1-9]\d* taken out of the logs/);
    assert.match(said, /quotes: 1 taken out of the logs/);
    assert.match(said, /inventory: nothing taken, [1-9]\d* events older than the day stay/);
    assert.equal((await query(`select 1 from payments.log_drop where ended_at is null`)).length, 1, 'the run that died is still known');
  });

  test('are gone whole, and what has not ended is there whole', async () => {
    const { completed, discounted, cancelled, rejected, unpaid, held, backordered } = shop.ids;
    const without_stock = (events: readonly string[] = []) => events.filter(at => !at.startsWith('inventory'));
    for (const id of [discounted, cancelled, rejected]) assert.deepEqual(without_stock(await events_of(id)), [], id);
    // Of the completed one came the log's newest event, from which positions go on: it is not in the archive yet.
    for (const id of [completed, unpaid, held, backordered]) assert.deepEqual(await events_of(id), told.get(id), id);
    for (const [id, events] of told) {
      const left = without_stock(await events_of(id));
      if (left.length > 0) assert.deepEqual(left, without_stock(events), `a part of ${id}`);
    }
    assert.equal((await all_events())['inventory'], whole['inventory']);
    for (const log of dropping_logs) {
      const [row] = await query<{ noted: number; counted: number }>(
        `select (select coalesce(sum(cardinality(positions)), 0) from ${log}.dropped_key)::int as noted, (select coalesce(sum(events), 0) from ${log}.log_drop)::int as counted`,
      );
      const gone = (whole[log] ?? 0) - ((await all_events())[log] ?? 0);
      assert.deepEqual(row, { noted: gone, counted: gone }, log);
    }
  });

  test('are the same to analytics, made anew from archive and log', async () => {
    assert.deepEqual(await facts(), expected);
    assert.equal(await unaware.events(), whole['orders']);
  });

  test('leave nothing for the auditor to find, who says what he left out', async () => {
    for (const incremental of [false, true]) assert.deepEqual(await findings(incremental), []);
    const lines = await left_out(pools);
    assert.deepEqual(
      lines.map(line => line.split(':')[0]),
      dropping_logs.filter(log => lines.some(line => line.startsWith(log))),
    );
    assert.match(
      lines.join('\n'),
      /orders: \d+ keys, whose \d+ events up to position \d+ are in the archive since \d{4}-\d\d-\d\d, are left out/,
    );
    const watch = watch_audit();
    watch.start({ sandbox: undefined, logger: silent_logger, url_of: () => shop.url });
    try {
      while (watch.last().at === null) await sleep(poll_ms);
      assert.deepEqual(watch.last().left_out, lines, 'who watches beside a running shop says it, too');
    } finally {
      await watch.stop();
    }
  });

  const version = (order: string) => `(select version from orders.orders where id = '${order}')`;
  const late = (
    order: string,
    more: number,
  ) => `insert into orders.events (position, partition, key, type, id, subject, sequence, time, cause, data)
    select max(position) + 1, (select partition from orders.events where key = '${shop.ids.held}' limit 1), '${order}', 'order.updated', 'evt_late_' || max(position), '${order}', ${version(order)} + ${more}, now(), 'test', '{}' from orders.events;`;
  for (const [lie, found_by, sql] of [
    ['an event deleted of a story that goes on', 'E4', () => `delete from orders.events where key = '${shop.ids.held}' and sequence = 2`],
    ['its sequence broken', 'E6', () => `delete from orders.events where key = '${shop.ids.held}' and sequence = 2`],
    ['a row that is not its fold', 'E13', () => `update orders.orders set grand_total = grand_total + 1 where id = '${shop.ids.held}'`],
    [
      'an event deleted where nothing says that it was taken out',
      'E4',
      () => `delete from payments.dropped_key where key = '${shop.ids.discounted}'`,
    ],
    [
      'an event that was taken out and stands there again',
      'E4',
      () => `update shipping.dropped_key set positions = positions || (select max(position) from shipping.events)`,
    ],
    [
      'a row without events of a story that was not taken out',
      'E1',
      () => `delete from orders.dropped_key where key = '${shop.ids.discounted}'`,
    ],
    ['a gap in what was told after a story was taken out', 'E6', () => late(shop.ids.discounted, 1) + late(shop.ids.discounted, 3)],
    ['a service that may say what was taken out', 'E5', () => 'grant insert on orders.dropped_key to cartwright_orders'],
  ] as const)
    test(`${found_by} finds ${lie}`, async () => {
      const client = await owner().connect();
      try {
        const given = { ledgers: new Map(), now, at_rest: false, incremental: false };
        const checks = invariants.filter(invariant => invariant.name === found_by);
        const lines = await audit_with(client as unknown as pg.Client, sql(), given, checks);
        assert.ok(
          lines.some(line => line.findings.length > 0 && line.error === undefined),
          `nobody found it: ${lines.map(line => line.error)}`,
        );
      } finally {
        client.release();
      }
    });

  test('may go on: what is told of them later is numbered from where they were', async () => {
    const client = await owner().connect();
    try {
      const sql = `${late(shop.ids.discounted, 1)} update orders.orders set version = version + 1 where id = '${shop.ids.discounted}'`;
      const given = { ledgers: new Map(), now, at_rest: false, incremental: false };
      const checks = invariants.filter(({ name }) => ['E1', 'E4', 'E6', 'E13', 'P8', 'O6'].includes(name));
      const lines = await audit_with(client as unknown as pg.Client, sql, given, checks);
      assert.deepEqual(
        lines.flatMap(line => line.findings.map(({ invariant, detail }) => `${invariant} ${detail}`)),
        [],
      );
    } finally {
      client.release();
    }
  });

  test('say in their timeline that the archive has them', async () => {
    const { discounted, held } = shop.ids;
    const story = await timeline(discounted);
    assert.deepEqual([...new Set(story.data.map(entry => entry.service))], ['inventory']);
    assert.equal(story.archived?.since, now);
    assert.equal((story.archived?.events ?? 0) + story.data.length, told.get(discounted)?.length);
    assert.equal((await timeline(held)).archived, undefined);
    await assert.rejects(timeline('ord_nobody'), { code: 'not_found' });
  });

  test('are not taken twice, and the archive cannot begin anew without them', async () => {
    const left = await all_events();
    await archive();
    assert.match(await drop(), /orders: 0 events of 0 keys taken, all in all [1-9]/);
    assert.deepEqual(await all_events(), left);
    const { folder, remove: remove_other } = await fresh_folder();
    await assert.rejects(archive_logs({ data_folder: folder, before: day, url_of: () => shop.url, say: () => undefined }), {
      code: 'archive_missing',
    });
    await remove_other();
  });

  test('are purchase orders, too, when nobody need look at them any more', async () => {
    const { purchase_order, purchase_order_x12 } = shop.ids;
    // As closing one that came short leaves it.
    await query(`update suppliers.purchase_order set status = 'closed', exceptions = '[]' where id = $1`, [purchase_order]);
    await query('delete from suppliers.timers where id = $1', [purchase_order]);
    assert.match(await drop(), /purchase orders: 0 taken out of the logs; at their end and kept: 1 because an exception is open/);
    assert.deepEqual(await events_of(purchase_order), told.get(purchase_order));
    const append = (key: string, type: string, data: string) =>
      query(
        `insert into suppliers.events select max(position) + 1, (select min(partition) from suppliers.events where key = $1), $1, $2, 'evt_end_' || max(position), $1, 1000 + max(position), now(), 'test', $3
           from suppliers.events`,
        [key, type, data],
      );
    const raised = await query<{ data: object }>(`select data from suppliers.events where key = $1 and type = 'exception.raised'`, [
      purchase_order,
    ]);
    for (const { data } of raised) await append(purchase_order, 'exception.resolved', JSON.stringify(data));
    await append(purchase_order_x12, 'exception.resolved', '{}');
    const exception_id = String(Object(raised[0]?.data).exception_id);
    const known = Object((await exception(exception_id)).body);
    assert.deepEqual([known.exception_id, known.key, typeof known.resolved_at], [exception_id, purchase_order, 'string']);
    await archive();
    heads = new Map(log_names.map(log => [log, Number.MAX_SAFE_INTEGER]));
    assert.match(await drop(), /purchase orders: 1 taken out of the logs/);
    assert.deepEqual(await events_of(purchase_order), []);
    await assert.rejects(exception(exception_id), {
      status: 410,
      code: 'archived',
      extra: { archived: { service: 'suppliers', key: purchase_order, since: now } },
    });
    await assert.rejects(exception('exc_nobody'), { code: 'not_found' });
  });
});
