/** Orders as they are stored, read without a lock: the same statements and the same parsing as the write path's. */
import type { Page } from '../../platform/pages.ts';
import type { Desk } from '../../platform/route.ts';
import type { Command, Event, ReferenceKind, Rejection, Row, States } from '../../platform/service.ts';
import { list_statement, type OrderFilters } from './list_statement.ts';
import type { Order, Return } from './model.ts';
import { order_rows, order_select } from './store.ts';
import { contact_kind, shipments_kind } from './store_references.ts';
import type { Beside } from './views.ts';

export type ReadingDesk = Pick<Desk<States, Command, Event, Rejection>, 'query'>;
export type StoredOrder = Beside & { readonly order: Order };

export async function read_order(desk: ReadingDesk, order_id: string): Promise<StoredOrder | undefined> {
  const [stored] = await read_orders(desk, [order_id]);
  return stored;
}

/** Those that exist, in the order asked for. */
export async function read_orders(desk: ReadingDesk, order_ids: readonly string[]): Promise<StoredOrder[]> {
  if (order_ids.length === 0) return [];
  const [orders, contacts, shipments] = await Promise.all([
    desk.query<{ id: string; version: number; row: Row }>(
      'order.read',
      `select r.id, r.version, row_to_json(r) as row from (select ${order_select} from orders.orders o where o.id = any($1)) r`,
      [order_ids],
    ),
    read_reference(desk, 'order.read_contacts', contact_kind, order_ids),
    read_reference(desk, 'order.read_shipments', shipments_kind, order_ids),
  ]);
  const rows = new Map(orders.map(read => [read.id, read]));
  return order_ids.flatMap(order_id => {
    const read = rows.get(order_id);
    const order = read === undefined ? undefined : order_rows.from_row(read.row);
    if (read === undefined || order === undefined) return [];
    return [{ order, version: read.version, contact: contacts.get(order_id), shipments: shipments.get(order_id) ?? [] }];
  });
}

async function read_reference<S>(desk: ReadingDesk, name: string, kind: ReferenceKind<S>, ids: readonly string[]): Promise<Map<string, S>> {
  const [loaded] = await desk.query<{ rows: readonly (Row & { id: string })[] }>(name, kind.rows.load, [ids]);
  return new Map((loaded?.rows ?? []).map(row => [row.id, kind.rows.from_row(row)]));
}

/** Newest first. One more than the page holds, when there is more. */
export async function list_orders(desk: ReadingDesk, filters: OrderFilters, page: Page): Promise<StoredOrder[]> {
  const { name, text, values } = list_statement(filters, page);
  const found = await desk.query<{ id: string }>(name, text, values);
  return read_orders(
    desk,
    found.map(row => row.id),
  );
}

export async function order_of_payment(desk: ReadingDesk, payment_id: string): Promise<string | undefined> {
  const [found] = await desk.query<{ order_id: string }>(
    'payment.order',
    'select order_id from orders.order_payment where payment_id = $1',
    [payment_id],
  );
  return found?.order_id;
}

export async function order_of_return(desk: ReadingDesk, return_id: string): Promise<string | undefined> {
  const [found] = await desk.query<{ order_id: string }>('return.order', 'select order_id from orders.order_return where id = $1', [
    return_id,
  ]);
  return found?.order_id;
}

export interface StoredReturn {
  readonly order: Order;
  readonly returned: Return;
}

/** Newest first. One more than the page holds, when there is more. */
export async function list_returns(
  desk: ReadingDesk,
  filters: { readonly order_id?: string; readonly status?: string },
  page: Page,
): Promise<StoredReturn[]> {
  const found = await desk.query<{ id: string; order_id: string }>(
    'return.list',
    `select id, order_id from orders.order_return
      where ($1::text is null or id < $1) and ($2::text is null or order_id = $2) and ($3::text is null or status = $3)
      order by id desc limit $4`,
    [page.after?.[0] ?? null, filters.order_id ?? null, filters.status ?? null, page.limit + 1],
  );
  const orders = await read_orders(desk, [...new Set(found.map(row => row.order_id))]);
  const by_id = new Map(orders.map(({ order }) => [order.order_id, order]));
  return found.flatMap(({ id, order_id }) => {
    const order = by_id.get(order_id);
    const returned = order?.returns.find(one => one.return_id === id);
    return order === undefined || returned === undefined ? [] : [{ order, returned }];
  });
}
