import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import pg from 'pg';
import { aggregate_cache } from './cache.ts';
import { open_wire, type Wire } from './database.ts';
import { write_apart } from './lanes.ts';
import { silent_logger } from './logger.ts';
import { migrate } from './migrate.ts';
import { next_query_ms, operation_runner, query_offsets_ms, type Runner } from './operations.ts';
import { fresh_database } from './postgres/test_database.ts';
import type { Adapter, Operation, Outcome } from './service.ts';
import { toy, toy_table } from './testing/toy.ts';
import { test_vault } from './testing/vault.ts';
import { create_writer, type Item, type Result } from './write.ts';

const start_ms = Date.parse('2026-03-01T10:00:00.000Z');
const minute_ms = 60_000;
let now_ms = start_ms;
let pool: pg.Pool;
let wire: Wire;
let drop: () => Promise<void>;
let submit: (item: Item) => Promise<Result>;
let ordinal = 0;
const iso = () => new Date(now_ms).toISOString();

before(async () => {
  const { url, drop: drop_it } = await fresh_database();
  drop = drop_it;
  await migrate(url, [{ name: 'toy', has_log: true }]);
  pool = new pg.Pool({ connectionString: url, max: 4 });
  await pool.query(toy_table);
  wire = await open_wire(url, 'cartwright_toy');
  const writer = create_writer({
    service: toy,
    cache: aggregate_cache(),
    vault: test_vault(url),
    wire: async () => wire,
    now: iso,
    event_id: () => `evt_${++ordinal}`,
    freeze: true,
  });
  submit = async item => (await write_apart(writer, [item]))[0] ?? { result: 'failed', error: new Error('no result') };
});
beforeEach(async () => {
  now_ms = start_ms;
  await pool.query('delete from toy.operations');
});
after(async () => {
  await wire.close();
  await pool.end();
  await drop();
});

interface Asked {
  readonly what: 'perform' | 'query';
  readonly op_id: string;
  readonly after_s: number;
  readonly operation: Operation;
}
interface Line {
  readonly runner: Runner;
  readonly asked: Asked[];
  /** Runs until nothing is due, then puts the clock forward, to what is due next. */
  pass(ms: number): Promise<void>;
}

function line(
  answer: (what: 'perform' | 'query', operation: Operation) => Outcome | Promise<Outcome>,
  more: Partial<Adapter> & { haste?: number } = {},
): Line {
  const asked: Asked[] = [];
  const told = (what: 'perform' | 'query') => async (operation: Operation) => {
    asked.push({ what, op_id: operation.op_id, after_s: (now_ms - start_ms) / 1_000, operation });
    return answer(what, operation);
  };
  const { haste, ...adapter } = more;
  const runner = operation_runner({
    schema: 'toy',
    pool,
    logger: silent_logger,
    adapters: { shop: { timeout_ms: 5_000, in_flight_max: 32, perform: told('perform'), query: told('query'), ...adapter } },
    ...(haste === undefined ? {} : { haste }),
    now_ms: () => now_ms,
    random: () => 0.999,
    submit,
    command_of: (operation, outcome) => toy.outcomes?.['call']?.(operation, outcome) as Item['command'],
  });
  const turn = async () => {
    while ((await runner.turn()) > 0) await runner.idle();
  };
  return {
    runner,
    asked,
    async pass(ms) {
      await turn();
      for (const until_ms = now_ms + ms; now_ms < until_ms; ) {
        const { rows } = await pool.query<{ next_at: string | null }>(
          `select min(next_at) as next_at from toy.operations where state in ('requested', 'sent', 'unknown')`,
        );
        // What is due and held back is looked at ten times a second.
        const next_ms = Math.max(now_ms + 100, new Date(rows[0]?.next_at ?? until_ms).getTime());
        now_ms = Math.min(until_ms, next_ms);
        await turn();
      }
    },
  };
}

async function decide(op_ids: readonly string[]): Promise<void> {
  // The writer takes any service's command; this is the toy's.
  const command = { type: 'call', id: 'counter', op_ids, provider: 'shop' } as Item['command'];
  const result = await submit({ command, cause: `req_${++ordinal}`, actor: 'test' });
  assert.equal(result.result, 'decided');
}
async function row(
  op_id: string,
): Promise<{ state: string; attempts: number; queries: number; sent_at: string | null; next_at: string; last_outcome: Outcome }> {
  return (await pool.query('select * from toy.operations where op_id = $1', [op_id])).rows[0];
}
const seconds = (asked: readonly Asked[], what: Asked['what']) =>
  asked.filter(one => one.what === what).map(one => Math.round(one.after_s));

describe('an unknown outcome is asked about', () => {
  test('5 s, 30 s, 2 min and 10 min after the fact, then each hour of a day; then a person decides', async () => {
    const { asked, pass } = line(() => ({ outcome: 'unknown', detail: 'lost', answered: true }));
    await decide(['op_1']);
    await pass(25 * 60 * minute_ms);
    assert.deepEqual(seconds(asked, 'perform'), [0]);
    assert.deepEqual(seconds(asked, 'query'), [5, 30, 120, 600, ...Array.from({ length: 24 }, (_, hour) => (hour + 1) * 3_600)]);
    const { state, next_at } = await row('op_1');
    assert.equal(state, 'unknown');
    assert.ok(Date.parse(next_at) > now_ms + 365 * 24 * 60 * minute_ms);
  });
  test('and when the provider is believed that it does not know it', async () => {
    const { asked, pass } = line(() => ({ outcome: 'unknown', detail: 'lost', answered: true }), { settle_ms: 15 * minute_ms });
    await decide(['op_1']);
    await pass(61 * minute_ms);
    assert.deepEqual(seconds(asked, 'query'), [5, 30, 120, 600, 900, 3_600]);
  });
  test('measured from the last time that its effect was asked for, not from refusals before', async () => {
    let refused = 3;
    const { asked, pass } = line(what => {
      if (what === 'perform' && refused-- > 0) return { outcome: 'retryable', after_ms: 100_000 };
      return { outcome: 'unknown', detail: 'lost', answered: true };
    });
    await decide(['op_1']);
    await pass(6 * minute_ms);
    assert.deepEqual(seconds(asked, 'perform'), [0, 100, 200, 300]);
    assert.deepEqual(seconds(asked, 'query'), [305, 330]);
  });
  test('in haste, sooner', () => {
    assert.equal(next_query_ms(0, 0, { haste: 10 }), 500);
    assert.equal(next_query_ms(0, 12_000, { haste: 10 }), 60_000);
    assert.equal(next_query_ms(0, 12_000, { haste: 10, settle_ms: 20_000 }), 20_000);
    assert.equal(next_query_ms(0, query_offsets_ms.at(-1) ?? 0, {}), undefined);
  });
  test('a question that could not be asked is asked again before the next is due', async () => {
    let away = true;
    const { asked, pass } = line(what => {
      if (what === 'perform') return { outcome: 'unknown', detail: 'lost' };
      if (!away) return { outcome: 'ok', value: {} };
      away = false;
      return { outcome: 'retryable' };
    });
    await decide(['op_1']);
    await pass(20_000);
    assert.deepEqual(seconds(asked, 'query'), [5, 7]);
    assert.equal((await row('op_1')).state, 'succeeded');
  });
  test('a process that died in the call leaves it sent: after its deadline it is asked about', async () => {
    const { asked, pass } = line(() => ({ outcome: 'ok', value: {} }));
    await decide(['op_1']);
    await pool.query(`update toy.operations set state = 'sent', attempts = 1, sent_at = $1, next_at = $2`, [
      iso(),
      new Date(now_ms + 15_000),
    ]);
    await pass(20_000);
    assert.deepEqual([seconds(asked, 'perform'), seconds(asked, 'query')], [[], [15]]);
  });
});

describe('what certainly did not happen', () => {
  test('is repeated with a growing pause, and was never sent', async () => {
    let left = 3;
    const { asked, pass } = line(() => (left-- > 0 ? { outcome: 'retryable', detail: 'no connection' } : { outcome: 'ok', value: {} }));
    await decide(['op_1']);
    await pass(999);
    const { sent_at, last_outcome, state } = await row('op_1');
    assert.deepEqual([state, sent_at, last_outcome], ['requested', null, { outcome: 'retryable', detail: 'no connection' }]);
    await pass(9_001);
    assert.deepEqual(seconds(asked, 'perform'), [0, 1, 3, 7]);
    assert.equal((await row('op_1')).state, 'succeeded');
  });
  test('waits with everything else for a provider that said when', async () => {
    const { asked, pass } = line((_what, { attempts, op_id }) =>
      attempts === 1 && op_id === 'op_1' ? { outcome: 'retryable', after_ms: 30_000 } : { outcome: 'ok', value: {} },
    );
    await decide(['op_1']);
    await pass(1_000);
    await decide(['op_2']);
    await pass(28_999);
    assert.deepEqual(
      asked.map(({ op_id }) => op_id),
      ['op_1'],
    );
    await pass(1);
    assert.deepEqual(asked.map(({ op_id }) => op_id).sort(), ['op_1', 'op_1', 'op_2']);
  });
});

describe('a bulkhead', () => {
  test('has no more than its places claimed: the others wait in the table, where another process sees them', async () => {
    const gates: (() => void)[] = [];
    const { runner, asked } = line(() => new Promise<Outcome>(resolve => gates.push(() => resolve({ outcome: 'ok', value: {} }))), {
      in_flight_max: 3,
    });
    await decide(['op_1', 'op_2', 'op_3', 'op_4', 'op_5']);
    assert.equal(await runner.turn(), 3);
    assert.equal(await runner.turn(), 0);
    assert.equal(asked.length, 3);
    const { rows } = await pool.query(`select count(*)::int as waiting from toy.operations where state = 'requested' and attempts = 0`);
    assert.equal(rows[0].waiting, 2);
    for (const open of gates.splice(0)) open();
    await runner.idle();
    assert.equal(await runner.turn(), 2);
    for (const open of gates) open();
    await runner.idle();
  });
  test('two processes claim each operation once', async () => {
    const [one, two] = [line(() => ({ outcome: 'ok', value: {} })), line(() => ({ outcome: 'ok', value: {} }))];
    await decide(Array.from({ length: 40 }, (_, index) => `op_${100 + index}`));
    await Promise.all([one.runner.turn(), two.runner.turn()]);
    await Promise.all([one.runner.idle(), two.runner.idle()]);
    const ids = [...one.asked, ...two.asked].map(({ op_id }) => op_id);
    assert.equal(ids.length, 40);
    assert.equal(new Set(ids).size, 40);
  });
});

test('a provider that fails gets one operation in five seconds; what waited goes on when it is back', async () => {
  let away = true;
  const { asked, pass, runner } = line(() => (away ? { outcome: 'retryable', detail: 'no connection' } : { outcome: 'ok', value: {} }));
  await decide(Array.from({ length: 100 }, (_, index) => `op_${200 + index}`));
  await pass(300);
  assert.equal(runner.providers().get('shop')?.breaker, 'open');
  const before_probes = asked.length;
  await pass(20_000);
  assert.equal(asked.length - before_probes, 4);
  away = false;
  await pass(60_000);
  const { rows } = await pool.query(`select count(*)::int as done from toy.operations where state = 'succeeded'`);
  assert.equal(rows[0].done, 100);
});
