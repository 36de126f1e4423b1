/**
 * Which orders a page of the list shows: one statement for each set of filters, so that each has its own plan. What makes a page quick among a million
 * orders is that every statement walks an index from its newest end and stops when the page is full.
 */
import type { Page } from '../../platform/pages.ts';

export interface OrderFilters {
  readonly status?: string;
  readonly payment_status?: string;
  readonly fulfillment_status?: string;
  /** Digits. */
  readonly number?: string;
  /** The caller's own id, or the random one that events carry. */
  readonly customer?: string;
  readonly reference?: string;
  readonly sku?: string;
  /** From this instant on, and before that one. */
  readonly placed_from?: string | null;
  readonly placed_to?: string | null;
}

/** What a filter asks of `orders o`, with its value in the place of `$`. */
const conditions: Readonly<Record<keyof OrderFilters, string>> = {
  status: 'o.status = $',
  payment_status: 'o.payment_status = $',
  fulfillment_status: 'o.fulfillment_status = $',
  number: 'o.number = $::bigint',
  customer: 'o.customer_ref = coalesce((select c.customer_ref from orders.customer c where c.id = $), $)',
  reference: 'o.reference = $',
  sku: 'exists (select 1 from orders.order_line l where l.order_id = o.id and l.sku = $)',
  placed_from: 'o.placed_at >= $::timestamptz',
  placed_to: 'o.placed_at < $::timestamptz',
};
const names = Object.keys(conditions) as (keyof OrderFilters)[]; // of exactly these

/** The end that most orders have has no column of its own, every other has (migrations/009). */
const usual_ends: Readonly<Partial<Record<keyof OrderFilters, string>>> = {
  status: 'completed',
  payment_status: 'captured',
  fulfillment_status: 'delivered',
};
/** Of these there are few, and days have an index of their own: the SKU is looked up in each order. */
const not_by_sku: ReadonlySet<keyof OrderFilters> = new Set(['number', 'customer', 'reference', 'placed_from', 'placed_to']);
const statuses_at_end: ReadonlySet<string> = new Set(['completed', 'rejected', 'expired', 'cancelled']);

export interface ListStatement {
  /** Of a prepared statement: at most 63 bytes. */
  readonly name: string;
  /** Gives `id`s. */
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Between two days by when orders were placed, else by their ids, which rise with time: they differ for orders of the past that were imported. */
export function is_by_day({ placed_from, placed_to }: OrderFilters): boolean {
  return is_given(placed_from) || is_given(placed_to);
}

/** Newest first. One more than the page holds, when there is more. */
export function list_statement(filters: OrderFilters, page: Page): ListStatement {
  const values: unknown[] = [];
  const put = (value: unknown) => `$${values.push(value)}`;
  const asked = names.filter(name => is_given(filters[name]));
  const places = new Map<string, string>();
  // No statement has a parameter that it does not use.
  const place_of = (name: keyof OrderFilters): string => {
    const place = places.get(name) ?? put(filters[name]);
    places.set(name, place);
    return place;
  };
  const condition = (name: keyof OrderFilters) => conditions[name].replaceAll('$', () => place_of(name));
  const how: How = {
    after: page.after?.map(part => put(part)),
    limit: put(page.limit + 1),
    order: is_by_day(filters) ? ['placed_at', 'id'] : ['id'],
  };
  const is_unusual = (name: keyof OrderFilters) => usual_ends[name] !== undefined && usual_ends[name] !== filters[name];
  const shape = names.map(name => (!asked.includes(name) ? '-' : is_unusual(name) ? 'u' : 'a')).join('');
  const ends = filters.status === undefined ? 'any' : statuses_at_end.has(filters.status) ? 'ended' : 'open';
  const name = `order.list.${shape}.${ends}${how.after === undefined ? '' : '.after'}`;

  if (!asked.some(is_unusual)) {
    if (!asked.includes('sku') || asked.some(one => not_by_sku.has(one)))
      return { name, text: of_orders(asked.map(condition), how), values };
    const others = asked.filter(one => one !== 'sku').map(condition);
    return { name, text: of_sku(place_of('sku'), others, how), values };
  }
  // Of an order at its end, as the indexes over the unusual ends have it: then the order itself need not be read.
  const ended_condition = (one: keyof OrderFilters) => {
    if (usual_ends[one] === undefined) return condition(one);
    return is_unusual(one) ? `o.unusual_${one} = ${place_of(one)}` : `o.unusual_${one} is null`;
  };
  const ended = () => of_orders(asked.map(ended_condition), how);
  const open = () => of_orders([...asked.map(condition), 'o.closed_at is null'], how);
  if (ends !== 'any') return { name, text: ends === 'ended' ? ended() : open(), values };
  return { name, text: `select id from ((${ended()}) union all (${open()})) o ${newest_first(how)} limit ${how.limit}`, values };
}

const is_given = (value: unknown) => value !== undefined && value !== null;

interface How {
  /** Where the last page ended, in the order of `order`. */
  readonly after: readonly string[] | undefined;
  readonly limit: string;
  readonly order: readonly string[];
}

function newest_first({ order }: How): string {
  return `order by ${order.map(column => `o.${column} desc`).join(', ')}`;
}

function of_orders(where: readonly string[], how: How): string {
  const columns = how.order.map(column => `o.${column}`).join(', ');
  const all = how.after === undefined ? where : [...where, `(${columns}) < (${how.after.join(', ')})`];
  return `select ${columns} from orders.orders o ${all.length === 0 ? '' : `where ${all.join(' and ')}`} ${newest_first(how)} limit ${how.limit}`;
}

/**
 * A SKU's lines, an order once, and of each order whether the rest holds. `offset 0` keeps the planner from reading and sorting all of them, and from
 * starting at the orders: of a SKU that is no longer sold it would look through all that came later.
 */
function of_sku(sku: string, others: readonly string[], { after, limit }: How): string {
  const before = after === undefined ? '' : `and l.order_id < ${after[0]}`;
  const lines = `select distinct l.order_id from orders.order_line l where l.sku = ${sku} ${before} order by l.order_id desc`;
  if (others.length === 0) return `select s.order_id as id from (${lines}) s order by s.order_id desc limit ${limit}`;
  return `select o.id from (${lines}) s, lateral (select o.id from orders.orders o where o.id = s.order_id and ${others.join(' and ')} offset 0) o
           order by s.order_id desc limit ${limit}`;
}
