/**
 * Whose story comes to an end, what says that it has, and in which logs it stands. Only what is listed here is ever taken out of a log. A stock item, a
 * proposal, a policy, a location, a watch never ends; and what inventory tells of an order is part of its stock items' stories, so its log stays whole.
 */
import type { Publisher } from '../../contracts/index.ts';

export interface Story {
  readonly name: string;
  /** Whose rows say that it has ended. */
  readonly service: Publisher;
  /** Gives `id`, the key of its events. $1: the day. */
  readonly ended: string;
  /** What loses its events, in this order: that of `service` last, so that a run that was interrupted finds the same keys again. */
  readonly logs: readonly Publisher[];
  /** Who else may have something open, or tells of it in a log that stays. */
  readonly asked: readonly Publisher[];
  /** By service, `key` of those of $1 with which it is not done. */
  readonly open: Partial<Readonly<Record<Publisher, string>>>;
}

const under_key = (log: Publisher, table: string) =>
  `select e.key from ${log}.events e join ${table} a on a.id = e.subject where e.key = any($1)`;

const orders: Story = {
  name: 'order',
  service: 'orders',
  ended: 'select o.id from orders.orders o where o.closed_at < $1',
  logs: ['suppliers', 'shipping', 'payments', 'orders'],
  asked: ['orders', 'inventory', 'payments', 'shipping', 'suppliers'],
  open: {
    orders: `select order_id as key from orders.order_return where order_id = any($1) and status in ('requested', 'partially_received')
             union all select order_id from orders.refund where order_id = any($1) and status = 'requested'`,
    inventory: `select order_id as key from inventory.reservation_line where order_id = any($1) and held + backorder_held + allocated + backordered > 0`,
    payments: `${under_key('payments', 'payments.payment')}
        and (a.status in ('processing', 'action_required', 'pending', 'unknown') or a.capture_pending + a.void_pending + a.refund_pending > 0
             or a.gateway <> 'manual' and a.authorized > a.captured + a.voided or json_array_length(a.exceptions) > 0)`,
    shipping: `${under_key('shipping', 'shipping.shipment')} and a.status in ('planned', 'labeling', 'labeled', 'dispatched')`,
    suppliers: 'select order_id as key from suppliers.backorder_line where order_id = any($1) and quantity > 0',
  },
};

/** Told by one event; whether an order used it is told under the order's key. */
const quotes: Story = {
  name: 'quote',
  service: 'orders',
  ended: 'select q.id from orders.quote q where q.expires_at < $1',
  logs: ['orders'],
  asked: ['orders'],
  open: {},
};

const purchase_orders: Story = {
  name: 'purchase order',
  service: 'suppliers',
  ended: `select p.id from suppliers.purchase_order p where p.status in ('received', 'rejected', 'closed', 'cancelled') and p.created_at < $1`,
  logs: ['suppliers'],
  asked: ['suppliers', 'inventory'],
  open: { suppliers: 'select id as key from suppliers.purchase_order where id = any($1) and json_array_length(exceptions) > 0' },
};

export const stories: readonly Story[] = [orders, quotes, purchase_orders];

/** Logs of which something may be taken. */
export const ending_logs: readonly Publisher[] = [...new Set(stories.flatMap(story => story.logs))];

/** Why a story whose row has ended keeps its events. The first that applies is told. */
export const reasons = {
  '1 recent': 'something happened on or after the day',
  '2 unread': 'not in the archive yet, or analytics or webhooks have not read it',
  '3 unheard': 'a service has not heard all of it',
  '4 exception': 'an exception is open',
  '5 parked': 'an event waits parked',
  '6 operation': 'a call to the outside has not ended',
  '7 timer': 'a timer runs',
  '8 open': 'a service is not done with it',
} as const;
export type Reason = keyof typeof reasons;

/**
 * Gives `key`, `reason` of those of $1 that must stay, as one service sees it. $2: the day; $3: up to where its log may be taken, null where nothing is
 * taken from it; $4: who must hear it, and how far he has.
 */
export function staying({ open }: Story, log: Publisher): string {
  const own = open[log];
  return `with told as (
      select e.key, max(e.position) as last, max(e.time) as last_at from ${log}.events e where e.key = any($1) group by e.key),
    names as (
      select key, key as name from unnest($1::text[]) as key union select e.key, e.subject from ${log}.events e where e.key = any($1)),
    found as (
      select key, '1 recent' as reason from told where last_at >= $2
      union all
      select key, '2 unread' from told where last > $3::bigint
      union all
      select e.key, '3 unheard' from ${log}.events e join json_to_recordset($4) as h(partition smallint, position bigint, types json)
          on h.partition = e.partition and e.position > h.position and e.type in (select json_array_elements_text(h.types))
       where e.key = any($1)
      union all
      select e.key, '4 exception' from ${log}.events e
       where e.key = any($1) and e.type = 'exception.raised'
         and not exists (select 1 from ${log}.events r where r.type = 'exception.resolved' and r.key = e.key and r.data->>'exception_id' = e.data->>'exception_id' and r.position > e.position)
      union all
      select key, '5 parked' from ${log}.parked where key = any($1)
      union all
      select key, '5 parked' from ${log}.blocked where key = any($1)
      union all
      select key, '6 operation' from ${log}.operations where state in ('requested', 'sent', 'unknown') and key = any($1)
      union all
      select n.key, '7 timer' from names n join ${log}.timers t on split_part(translate(t.id, ' ', '/'), '/', 1) = n.name
      ${own === undefined ? '' : `union all select key, '8 open' from (${own}) not_done`})
    select key, min(reason) as reason from found group by key`;
}
