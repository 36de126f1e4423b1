/** Rows on PostgreSQL: written and read again they are the same, references answer as the maps do, and what must not be cannot be stored. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Children, Row, Rows } from '../../platform/service.ts';
import { type Harness, service_on_postgres } from '../../platform/testing/harness.ts';
import { type Backorder, item_id, type PegBook, type Proposal, type StrayDocument, type SupplyItem } from './model.ts';
import type { PurchaseOrder } from './model_order.ts';
import { suppliers_references } from './references.ts';
import { migrations_folder, suppliers_service } from './service.ts';
import { backorder_rows, peg_book_rows, proposal_rows, records, stray_document_rows, supply_item_rows } from './store.ts';
import { purchase_order_rows } from './store_orders.ts';
import {
  due_items_rows,
  notice_rows,
  offers_rows,
  open_proposals_rows,
  planned_rows,
  queue_rows,
  supplier_rows,
} from './store_references.ts';
import { acme, at, days_later, depot, heard, offer, po, type Shop, shop } from './testing/shop.ts';

let harness: Harness;
before(async () => {
  harness = await service_on_postgres({ service: suppliers_service({ replenishment: 'manual' }), folder: migrations_folder });
});
after(() => harness.stop());

const tables = [
  'supply_item',
  'proposal',
  'purchase_order',
  'purchase_order_line',
  'ship_notice',
  'receipt',
  'backorder',
  'backorder_line',
  'peg_book',
  'stray_document',
  'supplier_item',
  'supplier',
];
beforeEach(() => sql(`truncate ${tables.map(table => `suppliers.${table}`).join(', ')}`));

const sql = async <T extends object>(text: string, values: unknown[] = []) => (await harness.runtime.pool.query<T>(text, values)).rows;
const write = (text: string, rows: readonly Row[]) => sql(text, [JSON.stringify(rows)]);
async function columns(table: string): Promise<string[]> {
  const rows = await sql<{ name: string }>(
    `select column_name as name from information_schema.columns where table_schema = 'suppliers' and table_name = $1`,
    [table],
  );
  return rows.map(row => row.name).sort();
}
const keys = (row: Row | undefined) => Object.keys(row ?? {}).sort();

/** Everything that can be said has been said: every field of every row holds something. */
function full_shop(): Shop {
  const one = shop();
  const { memory } = one;
  for (const sku of ['A', 'B']) one.policy(sku, { supplier_id: 'acme' });
  one.levels('A', { on_hand: 3, damaged: 1, allocated: 1, backordered: 2 });
  one.review('A');
  one.order(['B'], 'sent', 100);
  one.fact({
    kind: 'acknowledgment',
    ack_no: 1,
    lines: [{ line_no: 1, confirmed: 90, backordered: 5, rejected: 5, cost: 101, promised_at: days_later(3) }],
  });
  one.fact({
    kind: 'ship_notice',
    notice_ref: 'SN-1',
    expected_at: days_later(4),
    tracking_number: 'T',
    lines: [{ line_no: 1, quantity: 50 }],
  });
  one.fact({ kind: 'acknowledgment', ack_no: 2, lines: [{ line_no: 1, confirmed: 90, backordered: 5, rejected: 5, cost: 190 }] });
  const lines = [{ sku: 'B', accepted: 40, rejected: 2, reason: 'damaged' }];
  one.run({ type: 'post_receipt', po_id: po, if_version: null, lines, force: false });
  one.fact({ kind: 'invoice', invoice_ref: 'INV', amount: 1, currency: 'GBP', lines: [{ line_no: 1, quantity: 50, cost: 101 }] });
  const waiting = { line_no: 1, sku: 'B', location_id: depot, quantity: 3, priority: 5, requested_at: at };
  memory.hear(heard('backorder.queued', { order_id: 'ord_1', lines: [waiting, { ...waiting, line_no: 2, quantity: 4 }] }));
  memory.hear(heard('stock.reservation_failed', { order_id: 'ord_2', short_lines: [{ sku: 'A', wanted: 9, available: 2 }] }));
  memory.fire('peg', item_id('B', depot));
  const fact = { kind: 'eta', cause: 'storm', lines: [], document_ref: 'DOC-S', po_id: 'po_none' } as const;
  one.run({ type: 'record_supplier_fact', po_id: 'po_none', stray_id: 'doc_1', fact });
  return one;
}

interface Written<S> {
  readonly table: string;
  readonly rows: Rows<S>;
  readonly id: string;
  readonly state: S;
  readonly children?: readonly string[];
}
/** Binds the states to their rows, so that the tests need not know the types. */
function written<S>({ table, rows, id, state, children = [] }: Written<S>) {
  const parts: readonly Children<S>[] = rows.children ?? [];
  const row = (of: S, version: number): Row => ({ ...rows.to_row(of, id), id, version });
  return {
    table,
    keys: [keys(row(state, 1)), ...parts.map(part => keys(part.diff(undefined, state).added[0]))],
    tables: [table, ...children],
    async insert() {
      await write(rows.insert, [row(state, 1)]);
      for (const part of parts) await write(part.insert, part.diff(undefined, state).added);
    },
    async update(before: S, after: S) {
      await write(rows.update, [row(after, 2)]);
      for (const part of parts) await write(part.update, part.diff(before, after).changed);
    },
    async read(): Promise<{ readonly version: number; readonly state: S } | undefined> {
      const [answer] = await sql<{ rows: (Row & { version: number })[] }>(rows.load, [[id]]);
      const [found] = answer?.rows ?? [];
      return found && { version: found.version, state: rows.from_row(found) };
    },
    state,
  };
}

function everything({ memory, proposal }: Shop) {
  const item = memory.state<SupplyItem>('supply_item', item_id('A', depot));
  const other = memory.state<SupplyItem>('supply_item', item_id('B', depot));
  const order = memory.state<PurchaseOrder>('purchase_order', po);
  const { proposal_id } = proposal('A');
  return {
    item: written({
      table: 'supply_item',
      rows: supply_item_rows,
      id: item_id('A', depot),
      state: {
        ...item,
        dismissed_until: days_later(7),
        refusals: [{ supplier_id: 'acme', times: 2, until: days_later(2) }],
        refused_until: days_later(2),
      },
    }),
    other: written({ table: 'supply_item', rows: supply_item_rows, id: item_id('B', depot), state: other }),
    proposal: written({ table: 'proposal', rows: proposal_rows, id: proposal_id, state: memory.state<Proposal>('proposal', proposal_id) }),
    order: written({ table: 'purchase_order', rows: purchase_order_rows, id: po, state: order, children: ['purchase_order_line'] }),
    backorder: written({
      table: 'backorder',
      rows: backorder_rows,
      id: 'ord_1',
      state: memory.state<Backorder>('backorder', 'ord_1'),
      children: ['backorder_line'],
    }),
    book: written({ table: 'peg_book', rows: peg_book_rows, id: 'ord_1', state: memory.state<PegBook>('peg_book', 'ord_1') }),
    stray: written({
      table: 'stray_document',
      rows: stray_document_rows,
      id: 'doc_1',
      state: memory.state<StrayDocument>('stray_document', 'doc_1'),
    }),
  };
}

describe('rows', () => {
  test('hold exactly what the states hold', async () => {
    for (const each of Object.values(everything(full_shop()))) {
      for (const [place, table] of each.tables.entries()) assert.deepEqual(each.keys[place], await columns(table), table);
    }
    const { memory } = full_shop();
    for (const table of ['ship_notice', 'receipt']) {
      assert.deepEqual(keys(memory.records.find(record => record.table === table)?.row), await columns(table), table);
    }
  });

  test('written and read again are the same', async () => {
    for (const each of Object.values(everything(full_shop()))) {
      await each.insert();
      assert.deepEqual(await each.read(), { version: 1, state: each.state }, each.table);
    }
  });

  test('changed and read again are the same', async () => {
    const before = everything(full_shop());
    for (const each of Object.values(before)) await each.insert();
    const { item, proposal, order, backorder, book, stray } = before;
    const changed = {
      item: {
        ...item.state,
        on_hand: 99,
        open_lines: [],
        receipts: [],
        proposal_id: null,
        proposed: 0,
        review_at: null,
        dismissed_until: null,
        exceptions: [],
      },
      proposal: { ...proposal.state, status: 'dismissed' as const, dismissed_until: days_later(8), actor: 'staff:1' },
      order: {
        ...order.state,
        status: 'closed' as const,
        closed_at: days_later(9),
        held: [],
        pending_acknowledgment: null,
        lines: order.state.lines.map(line => ({ ...line, cancelled: 3, in_transit: 0, promised_at: days_later(5) })),
      },
      backorder: { ...backorder.state, heard: 77, lines: backorder.state.lines.map(line => ({ ...line, quantity: 0 })) },
      book: { ...book.state, pegs: book.state.pegs.slice(1) },
      stray: { ...stray.state, exceptions: [] },
    };
    await item.update(item.state, changed.item);
    await proposal.update(proposal.state, changed.proposal);
    await order.update(order.state, changed.order);
    await backorder.update(backorder.state, changed.backorder);
    await book.update(book.state, changed.book);
    await stray.update(stray.state, changed.stray);
    assert.deepEqual(await item.read(), { version: 2, state: changed.item });
    assert.deepEqual(await proposal.read(), { version: 2, state: changed.proposal });
    assert.deepEqual(await order.read(), { version: 2, state: changed.order });
    assert.deepEqual(await backorder.read(), { version: 2, state: changed.backorder });
    assert.deepEqual(await book.read(), { version: 2, state: changed.book });
    assert.deepEqual(await stray.read(), { version: 2, state: changed.stray });
  });

  test('sums of a supply item stand beside its lists', async () => {
    const { other } = everything(full_shop());
    await other.insert();
    const [sums] = await sql<object>('select on_order, in_transit, receiving from suppliers.supply_item');
    assert.deepEqual(sums, { on_order: 45, in_transit: 8, receiving: 40 });
  });
});

describe('references', () => {
  const load = async <S>(rows: { readonly load: string; from_row(row: Row): S }, id: string): Promise<S | undefined> => {
    const [answer] = await sql<{ rows: (Row & { id: string })[] }>(rows.load, [[id, '7']]);
    const found = answer?.rows.find(row => row.id === id);
    return found && rows.from_row(found);
  };
  test('answer from tables what they answer from maps', async () => {
    const one = full_shop();
    for (const each of Object.values(everything(one))) await each.insert();
    for (const { table, row } of one.memory.records) await write(records[table] ?? '', [row]);
    const of_maps = suppliers_references(() => one.memory);
    const notice_id = String(one.memory.records.find(record => record.table === 'ship_notice')?.row['id']);
    assert.deepEqual(await load(planned_rows, 'A'), of_maps('planned', 'A'));
    assert.deepEqual(await load(open_proposals_rows, `acme@${depot}`), of_maps('open_proposals', `acme@${depot}`));
    assert.deepEqual(await load(due_items_rows, '99999'), of_maps('due_items', '99999'));
    assert.deepEqual(await load(notice_rows, notice_id), of_maps('notice', notice_id));
    assert.deepEqual(await load(queue_rows, item_id('B', depot)), of_maps('queue', item_id('B', depot)));
    assert.deepEqual(await load(queue_rows, item_id('Z', depot)), { entries: [], pegged: [] });
  });

  test('know suppliers and what they ask', async () => {
    const { id, name, channel, currency } = acme;
    await sql('insert into suppliers.supplier values ($1, 1, $2, $3, $4, 50000, 20000)', [id, name, channel, currency]);
    await sql(`insert into suppliers.supplier_item values ('acme', 'A', 1, 'S-1', 100, 10, 5, 4, false, false)`);
    assert.deepEqual(await load(supplier_rows, 'acme'), acme);
    assert.deepEqual(await load(offers_rows, 'A'), [offer]);
    assert.equal(await load(offers_rows, 'B'), undefined);
  });
});

describe('what must not be cannot be stored', () => {
  const refused = (code: string) => (error: { code?: string }) => error.code === code;
  test('more units on a line than were ordered, or more in transit than outstanding (O11)', async () => {
    const { order } = everything(full_shop());
    await order.insert();
    for (const change of ['received = 200', 'in_transit = 54', 'refused = 9']) {
      await assert.rejects(sql(`update suppliers.purchase_order_line set ${change}`), refused('23514'), change);
    }
  });
  test('two open proposals for one item (O11)', async () => {
    const { proposal } = everything(full_shop());
    await proposal.insert();
    await assert.rejects(
      write(proposal_rows.insert, [{ ...proposal_rows.to_row(proposal.state, 'prp_2'), id: 'prp_2', version: 1 }]),
      refused('23505'),
    );
  });
  test('a proposal that is accepted without an order, a supply item whose proposal has no units', async () => {
    const { proposal, item } = everything(full_shop());
    await proposal.insert();
    await item.insert();
    await assert.rejects(sql(`update suppliers.proposal set status = 'accepted'`), refused('23514'));
    await assert.rejects(sql('update suppliers.supply_item set proposed = 0'), refused('23514'));
  });
});
