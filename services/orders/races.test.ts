/** Races that one row decides (domain.md 9): references, quotes, discount codes, unpaid orders, all asked for at the same time. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { OrdersEvent } from '../../contracts/index.ts';
import type { Row } from '../../platform/service.ts';
import type { OrdersCommand } from './commands.ts';
import { evolve_quote } from './evolve.ts';
import type { Quote } from './model.ts';
import { quote_kind } from './store_references.ts';
import { type Database, orders_database } from './testing/database.ts';
import { placing } from './testing/story.ts';

let database: Database;
before(async () => {
  database = await orders_database();
});
after(() => database.stop());

const query: Database['query'] = (sql, values) => database.query(sql, values);
async function submit(command: OrdersCommand, cause: string) {
  const result = await database.submit(command, cause);
  if (result.result === 'failed') throw result.error;
  return result;
}

/** Through JSON, as the log and the rows go: undefined and absent are the same. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

describe('one row decides', () => {
  test('a reference is taken once, whoever asks at the same time', async () => {
    const commands = Array.from({ length: 20 }, (_, n) => ({
      ...placing,
      order_id: `ord_ref${n}`,
      reference: 'WEB-1',
      customer: `c-ref${n}`,
    }));
    const results = await Promise.all(commands.map((command, n) => database.submit(command, `req_ref${n}`)));
    assert.equal(results.filter(result => result.result === 'decided').length, 1);
    const refused = results.flatMap(result => (result.result === 'rejected' ? [result.rejection.rejection] : []));
    assert.deepEqual(new Set(refused), new Set(['reference_taken']));
    assert.equal(refused.length, 19);
  });

  test('a code with one use is used once; given back, it can be used again', async () => {
    await put_discount({ code: 'ONCE', uses_max: 1, uses_per_customer: null });
    const commands = Array.from({ length: 20 }, (_, n) => ({
      ...placing,
      order_id: `ord_once${n}`,
      discount_code: 'ONCE',
      customer: `c-once${n}`,
    }));
    const results = await Promise.all(commands.map((command, n) => database.submit(command, `req_once${n}`)));
    assert.deepEqual(outcomes(results), { decided: 1, discount_code_used: 19 });
    const winner = commands[results.findIndex(result => result.result === 'decided')]?.order_id ?? '';
    assert.deepEqual(await uses_of('ONCE'), { uses: 1, live: 1 });
    const failed = { type: 'stock.reservation_failed', data: { order_id: winner, short_lines: [] } } as never;
    await submit({ type: 'note_stock', order_id: winner, fact: failed, heard: { stream: 'inventory/x', sequence: 1 } }, 'evt_once');
    assert.deepEqual(await uses_of('ONCE'), { uses: 0, live: 0 });
  });

  test('a code is used so often by one customer, within a batch and later', async () => {
    await put_discount({ code: 'TWICE', uses_max: null, uses_per_customer: 2 });
    const place = (n: number) => ({ ...placing, order_id: `ord_twice${n}`, discount_code: 'TWICE', customer: 'c-twice' });
    const results = await Promise.all([0, 1, 2, 3].map(n => database.submit(place(n), `req_twice${n}`)));
    assert.deepEqual(outcomes(results), { decided: 2, discount_code_used: 2 });
    assert.deepEqual(outcomes([await database.submit(place(9), 'req_twice9')]), {
      discount_code_used: 1,
    });
  });

  test('a customer has five unpaid orders with a publishable key, however many are placed at once', async () => {
    const quotes = await Promise.all(Array.from({ length: 9 }, (_, n) => create_quote(`quo_five${n}`)));
    const place = (n: number) => ({
      ...placing,
      order_id: `ord_five${n}`,
      asker: { principal: 'pk_1', is_browser: true },
      lines: [],
      quote_id: quotes[n] ?? '',
      shipping: null,
      customer: 'c-five',
    });
    const results = await Promise.all(quotes.map((_, n) => database.submit(place(n), `req_five${n}`)));
    assert.deepEqual(outcomes(results), { decided: 5, too_many_unpaid_orders: 4 });
  });

  test('a quote is used once, and stored as it was told', async () => {
    const quote_id = await create_quote('quo_once');
    const command = (n: number) => ({
      ...placing,
      order_id: `ord_quo${n}`,
      asker: { principal: 'pk_1', is_browser: true },
      lines: [],
      quote_id,
      shipping: null,
      customer: `c-quo${n}`,
    });
    const results = await Promise.all([0, 1, 2].map(n => database.submit(command(n), `req_quo${n}`)));
    assert.deepEqual(outcomes(results), { decided: 1, quote_invalid: 2 });
    const events = await query<OrdersEvent>(
      `select type, data from orders.events where key = $1 or data->>'quote_id' = $1 order by position`,
      [quote_id],
    );
    const [{ rows } = { rows: [] }] = await query<{ rows: Row[] }>(quote_kind.rows.load.replace(' for update', ''), [[quote_id]]);
    const folded = events.reduce((quote: Quote | undefined, event) => evolve_quote(quote, event), undefined);
    assert.deepEqual(plain(quote_kind.rows.from_row(rows[0] ?? {})), plain(folded));
  });
});

async function create_quote(quote_id: string): Promise<string> {
  await submit(
    {
      type: 'create_quote',
      quote_id,
      asker: { principal: 'pk_1', is_browser: true },
      currency: 'GBP',
      tax_mode: 'inclusive',
      lines: [{ sku: 'LAMP', quantity: 1 }],
      place: placing.place,
      discount_code: null,
    },
    `req_${quote_id}`,
  );
  return quote_id;
}

async function put_discount(discount: { code: string; uses_max: number | null; uses_per_customer: number | null }): Promise<void> {
  await query(
    `insert into orders.discount (id, version, kind, rate_ppm, minimum_subtotal, valid_from_at, valid_until, uses, uses_max, uses_per_customer, created_at)
     values ($1, 1, 'percent', 100000, 0, '2020-01-01', '2099-01-01', 0, $2, $3, now())`,
    [discount.code, discount.uses_max, discount.uses_per_customer],
  );
}
async function uses_of(code: string): Promise<unknown> {
  const [row] = await query(
    `select uses, (select count(*)::int from orders.redemption where code = id) as live from orders.discount where id = $1`,
    [code],
  );
  return row;
}

function outcomes(
  results: readonly { readonly result: string; readonly rejection?: { readonly rejection: string } }[],
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { result, rejection } of results) {
    const name = rejection?.rejection ?? result;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
