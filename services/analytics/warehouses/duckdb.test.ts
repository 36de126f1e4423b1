import assert from 'node:assert/strict';
import { test } from 'node:test';
import { real_clock } from '../../../platform/clock.ts';
import { fresh_folder } from '../testing/analytics.ts';
import { open_duckdb } from './duckdb.ts';
import { json_of } from './pieces.ts';

test('a question that takes too long is ended, answered 503, and keeps nobody else waiting', async () => {
  const { folder, remove } = await fresh_folder();
  // The deadline comes when the clock says so, here at once.
  const warehouse = await open_duckdb({ folder, breathe: () => real_clock.sleep(0), sleep: (_, signal) => real_clock.sleep(30, signal) });
  await assert.rejects(
    warehouse.read(ask => ask('select sum(hash(range)) from range(100000000000)')),
    { status: 503, code: 'overloaded' },
  );
  assert.deepEqual(await warehouse.read(ask => ask('select 1 as one')), [{ one: 1 }]);
  await warehouse.close();
  await remove();
});

test('a number beyond what JSON carries exactly is an error, not another number', async () => {
  const { folder, remove } = await fresh_folder();
  const warehouse = await open_duckdb({ folder, breathe: () => real_clock.sleep(0), sleep: real_clock.sleep });
  assert.deepEqual(await warehouse.read(ask => ask('select sum(range) + 9007199254740000::hugeint as whole from range(45)')), [
    { whole: 9_007_199_254_740_990 },
  ]);
  await assert.rejects(
    warehouse.read(ask => ask('select 9007199254740993::hugeint as beyond')),
    /exactly/,
  );
  await warehouse.close();
  await remove();
});

test('two threads work while a question is answered, however it ends, and one otherwise', async () => {
  const { folder, remove } = await fresh_folder();
  const warehouse = await open_duckdb({ folder, breathe: () => real_clock.sleep(0), sleep: real_clock.sleep });
  const threads = `select current_setting('threads') as threads`;
  const otherwise = async () => (await warehouse.query('select 1 as one', ask => ask(threads))).beside;
  assert.deepEqual(await otherwise(), [{ threads: 1 }]);
  assert.deepEqual(await warehouse.read(ask => ask(threads)), [{ threads: 2 }]);
  assert.deepEqual(await otherwise(), [{ threads: 1 }]);
  await assert.rejects(
    warehouse.read(ask => ask('select missing')),
    /missing/,
  );
  assert.deepEqual(await otherwise(), [{ threads: 1 }]);
  await assert.rejects(
    warehouse.query('set threads = 2', async () => undefined),
    { status: 422 },
  );
  await assert.rejects(
    warehouse.read(ask => ask(`set memory_limit = '8GB'`)),
    /locked/,
  );
  await warehouse.close();
  await remove();
});

test('half a surrogate pair becomes the replacement character; what only looks like one stays', () => {
  const texts = ['\ud83d', '\ude00', '\ud83d\ude00', '\\ud83d', '\\\\\ud83d', 'plain'];
  assert.deepEqual(
    JSON.parse(json_of(texts)),
    texts.map(text => text.toWellFormed()),
  );
});
