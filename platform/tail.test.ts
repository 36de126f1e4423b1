import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { NewEvent } from './batch.ts';
import type { LogReader, Slice } from './log.ts';
import { log_tail, others_poll_ms, tail_events_max, tail_stretches_max } from './tail.ts';

function events(first: number, count: number): NewEvent[] {
  return Array.from({ length: count }, (_, index) => ({
    type: 'toy.happened',
    id: `evt_${first + index}`,
    key: 'a',
    partition: 0,
    subject: 'a',
    sequence: first + index,
    time: '2026-01-01T00:00:00.000Z',
    cause: 'test',
    data: {},
  }));
}

/** A table of so many events that counts how often it is asked. */
function table(head: number): LogReader & { asked: number[] } {
  const asked: number[] = [];
  return {
    asked,
    source: 'toy',
    read: after => {
      asked.push(after);
      const found = events(after + 1, Math.max(0, head - after)).map((event, index) => ({
        ...event,
        source: 'toy',
        position: after + 1 + index,
      }));
      return Promise.resolve<Slice>({ events: found, upto: Math.max(after, head) });
    },
    head: () => Promise.resolve(head),
    marks: () => Promise.resolve({ system_identifier: '1', timeline: '1' }),
  };
}
const positions = (slice: Slice): number[] => slice.events.map(event => event.position);
const heard = ['toy.happened'];

describe('the tail of a log', () => {
  test('stretches pushed in another order than their positions are joined where they touch', async () => {
    const tail = log_tail('toy');
    const below = table(10);
    const reader = tail.wrap(below, () => 0);
    tail.push(4, events(4, 2));
    tail.push(1, events(1, 2));
    tail.push(3, events(3, 1));
    assert.deepEqual(positions(await reader.read(0, heard)), [1, 2, 3, 4, 5]);
    assert.deepEqual(below.asked, []);
    assert.equal(tail.head(), 5);
  });

  test('a gap that another process filled is read from the table, and what follows from memory', async () => {
    const tail = log_tail('toy');
    const below = table(4);
    const reader = tail.wrap(below, () => 0);
    tail.push(1, events(1, 2));
    tail.push(5, events(5, 1));
    assert.deepEqual(positions(await reader.read(0, heard)), [1, 2]);
    assert.deepEqual(positions(await reader.read(2, heard)), [3, 4]);
    assert.deepEqual(positions(await reader.read(4, heard)), [5]);
    assert.deepEqual(below.asked, [2]);
  });

  test('who has read all of it asks the table again only after a while', async () => {
    const tail = log_tail('toy');
    const below = table(2);
    let now_ms = 0;
    const reader = tail.wrap(below, () => now_ms);
    tail.push(1, events(1, 2));
    for (let i = 0; i < 5; i++) assert.deepEqual(await reader.read(2, heard), { events: [], upto: 2 });
    assert.equal(below.asked.length, 1);
    now_ms += others_poll_ms;
    await reader.read(2, heard);
    assert.equal(below.asked.length, 2);
  });

  test('a process that appended nothing asks the table every time', async () => {
    const below = table(0);
    const reader = log_tail('toy').wrap(below, () => 0);
    await reader.read(0, heard);
    await reader.read(0, heard);
    assert.equal(below.asked.length, 2);
  });

  test('what it remembers is bounded, by events and by stretches', async () => {
    const tail = log_tail('toy');
    const below = table(0);
    const reader = tail.wrap(below, () => 0);
    for (let first = 1; first <= tail_events_max * 2; first += 500) tail.push(first, events(first, 500));
    await reader.read(tail_events_max - 1, heard);
    assert.deepEqual(below.asked, [tail_events_max - 1], 'the oldest are forgotten');
    assert.equal(positions(await reader.read(tail_events_max * 2 - 1, heard)).length, 1);
    const gaps = log_tail('toy');
    for (let i = 0; i < tail_stretches_max * 3; i++) gaps.push(1 + 2 * i, events(1 + 2 * i, 1));
    const gap_reader = gaps.wrap(below, () => 0);
    await gap_reader.read(0, heard);
    assert.equal(below.asked.at(-1), 0);
    assert.equal(positions(await gap_reader.read(6 * tail_stretches_max - 2, heard)).length, 1);
  });
});
