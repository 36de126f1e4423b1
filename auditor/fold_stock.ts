/**
 * Stock items are changed by the events of orders, so no key holds their story: the whole log is read once, with every item's state in
 * memory. What stock.levels_changed says of an item must be what its events have made of it by then.
 */
import type pg from 'pg';
import type { Event, Row } from '../platform/service.ts';
import { type Finding, findings_max, type Invariant } from './auditor.ts';
import { difference, kind_to_fold } from './folds.ts';
import type { FoldedEvent, State } from './kinds.ts';

export const events_per_page = 2_000;
const items_per_page = 1_000;

interface Item {
  state: unknown;
  version: number;
}

export const stock_fold: Invariant = {
  name: 'E13',
  says: 'each stock item is the fold of all events, and its levels were published so',
  thorough: true,
  async check(given) {
    const client = await given.pool_of('inventory').connect();
    try {
      await client.query('begin transaction isolation level repeatable read read only');
      const items = new Map<string, Item>();
      const findings = await fold_log(client, items);
      if (findings.length <= findings_max) findings.push(...(await compare_rows(client, items)));
      return findings;
    } finally {
      await client.query('rollback').then(
        () => client.release(),
        () => client.release(true),
      );
    }
  },
};

const changing = [
  'stock.reserved',
  'stock.reservation_expired',
  'stock.allocated',
  'stock.released',
  'stock.consumed',
  'stock.shortfall_detected',
  'stock.received',
  'stock.adjusted',
  'stock.levels_changed',
  'backorder.queued',
  'backorder.filled',
  'backorder.cancelled',
] as const;

async function fold_log(client: pg.PoolClient, items: Map<string, Item>): Promise<Finding[]> {
  const findings: Finding[] = [];
  let after = 0;
  while (findings.length <= findings_max) {
    const { rows } = await client.query<FoldedEvent>(
      `select position::float8 as position, key, type, subject, sequence, data from inventory.events where position > $1 and type = any($2) order by events.position limit ${events_per_page}`,
      [after, changing],
    );
    for (const event of rows) findings.push(...fold(event, items));
    after = rows.at(-1)?.position ?? after;
    if (rows.length < events_per_page) break;
  }
  return findings;
}

function fold(event: FoldedEvent, items: Map<string, Item>): Finding[] {
  if (event.type === 'stock.levels_changed') return published(event, items);
  const kind = kind_to_fold('inventory', 'stock_item');
  for (const id of items_of(event)) {
    const item = items.get(id) ?? { state: kind.initial(id), version: 0 };
    item.state = kind.evolve(item.state, event as Event, id);
    items.set(id, item);
  }
  return [];
}

/** What the events say of lines: the contract of `changing` types. */
interface Lines {
  readonly cause?: string;
  readonly lines?: readonly {
    readonly sku: string;
    readonly location_id?: string | null;
    readonly resourced?: readonly { readonly location_id: string }[];
  }[];
}

export function items_of(event: FoldedEvent): readonly string[] {
  if (event.type === 'stock.received' || event.type === 'stock.adjusted') return [event.subject];
  const { lines = [], cause } = event.data as Lines;
  if (event.type === 'stock.shortfall_detected' && cause !== 'short_pick') return [];
  const ids = lines.flatMap(({ sku, location_id, resourced = [] }) => [
    ...(typeof location_id === 'string' ? [`${sku}@${location_id}`] : []),
    ...resourced.map(part => `${sku}@${part.location_id}`),
  ]);
  return [...new Set(ids)];
}

function published(event: FoldedEvent, items: Map<string, Item>): Finding[] {
  const findings: Finding[] = [];
  // stock.levels_changed, by its contract.
  for (const { version, available, ...counters } of event.data['levels'] as readonly Levels[]) {
    const id = `${counters.sku}@${counters.location_id}`;
    const item = items.get(id) ?? { state: kind_to_fold('inventory', 'stock_item').initial(id), version: 0 };
    items.set(id, item);
    const wrong = difference(counters, item.state as State);
    if (wrong !== undefined)
      findings.push({
        invariant: 'E13',
        ids: [id],
        detail: `levels published at position ${event.position} (stored: published): ${wrong}`,
      });
    if (version !== item.version + 1)
      findings.push({
        invariant: 'E13',
        ids: [id],
        detail: `version ${version} was published at position ${event.position} after ${item.version}`,
      });
    item.version = version;
  }
  return findings;
}
interface Levels {
  readonly sku: string;
  readonly location_id: string;
  readonly version: number;
  readonly available: number;
  readonly [counter: string]: unknown;
}

async function compare_rows(client: pg.PoolClient, items: ReadonlyMap<string, Item>): Promise<Finding[]> {
  const findings: Finding[] = [];
  const { rows_of, total } = await stored_items(client);
  const ids = [...items.keys()];
  for (let from = 0; from < ids.length && findings.length <= findings_max; from += items_per_page) {
    const page = ids.slice(from, from + items_per_page);
    const stored = await rows_of(page);
    for (const id of page) findings.push(...compare(id, items.get(id), stored.get(id)));
  }
  if (total > items.size)
    findings.push({ invariant: 'E13', ids: [], detail: `${total} stock items are stored, the log knows ${items.size}` });
  return findings;
}

function compare(id: string, item: Item | undefined, row: (Row & { version: number }) | undefined): Finding[] {
  if (item === undefined || row === undefined) return [{ invariant: 'E13', ids: [id], detail: 'no stock item is stored' }];
  const { version, ...columns } = row;
  const wrong = difference(kind_to_fold('inventory', 'stock_item').rows.from_row(columns) as State, item.state as State);
  const detail = [wrong, version === item.version ? undefined : `version ${version}, published ${item.version}`]
    .filter(text => text !== undefined)
    .join('; ');
  return detail === '' ? [] : [{ invariant: 'E13', ids: [id], detail }];
}

async function stored_items(client: pg.PoolClient) {
  const counted = await client.query<{ total: number }>('select count(*)::int as total from inventory.stock_item');
  return {
    total: counted.rows[0]?.total ?? 0,
    async rows_of(ids: readonly string[]) {
      const { rows } = await client.query<{ row: Row & { id: string; version: number } }>(
        'select row_to_json(i) as row from inventory.stock_item i where id = any($1)',
        [ids],
      );
      return new Map(rows.map(({ row }) => [row.id, row]));
    },
  };
}
