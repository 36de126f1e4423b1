/** Pages: a walk over all of them, and cursors that nobody wrote. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { is_instant, type KeyPart, page_reply, page_rows_default, read_page, text_part } from './pages.ts';
import { Problem, type RouteRequest } from './route.ts';

/** Of a request only the query is read. */
const asking = (query: Record<string, string>) => ({ query }) as unknown as RouteRequest;
const at = '2026-03-01T12:00:00.000Z';
const rows = ['e', 'd', 'c', 'b', 'a'].map(id => ({ id, at }));
const parts: readonly KeyPart[] = ['instant', /^[a-z]$/];
const cursor_of = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

describe('pages', () => {
  test('lead through all rows once, and the last has no cursor', () => {
    const seen: unknown[] = [];
    let query: Record<string, string> = { limit: '2' };
    for (let round = 0; round < 4; round += 1) {
      const page = read_page(asking(query), parts);
      const rest = rows.filter(row => page.after === undefined || row.id < (page.after[1] ?? ''));
      const reply = page_reply(
        rest.slice(0, page.limit + 1),
        page,
        row => [row.at, row.id],
        row => row.id,
      );
      const { data, next_cursor } = reply.body as { data: string[]; next_cursor: string | null };
      seen.push(data);
      if (next_cursor === null) break;
      query = { limit: '2', cursor: next_cursor };
    }
    assert.deepEqual(seen, [['e', 'd'], ['c', 'b'], ['a']]);
  });

  test('have fifty rows when nobody says how many', () =>
    assert.deepEqual(read_page(asking({}), parts), { limit: page_rows_default, after: undefined }));
});

describe('a cursor', () => {
  const read = (cursor: string, of = parts) => read_page(asking({ cursor }), of).after;
  test('is the key of the last row', () => assert.deepEqual(read(cursor_of([at, 'c'])), [at, 'c']));
  const not_ours: readonly unknown[] = [
    'not JSON',
    null,
    {},
    [at],
    [at, 'c', 'd'],
    [at, 7],
    [at, 'C'],
    ['yesterday', 'c'],
    ['2026-02-30T12:00:00.000Z', 'c'],
    ['0000-03-01T12:00:00.000Z', 'c'],
    ['+012026-03-01T12:00:00.000Z', 'c'],
  ];
  for (const value of not_ours)
    test(`that holds ${JSON.stringify(value)} is refused`, () =>
      assert.throws(
        () => read(cursor_of(value)),
        (error: unknown) => error instanceof Problem && error.status === 422 && error.code === 'format',
      ));
  test('holds no character that the database cannot, and no endless text', () => {
    assert.deepEqual(read(cursor_of(['Größe 42']), [text_part]), ['Größe 42']);
    for (const text of ['\u0000', '\ud800', 'x'.repeat(201)]) assert.throws(() => read(cursor_of([text]), [text_part]), Problem);
  });
});

test('an instant is a time in the one form', () => {
  assert.ok(is_instant(at));
  for (const text of ['', '2026-03-01', '2026-03-01T12:00:00Z', '2026-03-01T24:00:00.000Z']) assert.equal(is_instant(text), false, text);
});
