/** What the end checker judges by: the clients' history, what the shop's owner put on the shelf, the third parties' own ledgers, and the tables at the end. */
import type pg from 'pg';
import type { LedgerEntry } from '../../auditor/auditor.ts';
import type { Call, Line } from './history.ts';

export interface OrderRow {
  readonly id: string;
  readonly number: number;
  readonly basket: string | null;
  readonly currency: string;
  readonly total: number;
  readonly is_open: boolean;
  readonly lines: readonly (Line & { readonly total: number })[];
  readonly has_contact: boolean;
  /** How often its log says that it was placed. */
  readonly placed: number;
}
export interface PaymentRow {
  readonly id: string;
  readonly order_id: string;
  readonly gateway: string;
  /** Under which the gateway was asked. */
  readonly op_ids: readonly string[];
  readonly currency: string;
  readonly authorized: number;
  readonly captured: number;
  readonly voided: number;
  readonly refunded: number;
  readonly has_deadline: boolean;
  /** A call about it has not ended: what it did is still to be learned. */
  readonly is_asking: boolean;
}
export interface LabelRow {
  readonly id: string;
  readonly label_status: string;
  readonly cost: number;
  /** The carrier is still asked about it. */
  readonly is_asking: boolean;
}
export interface Tables {
  /** Of carriers that sell them. */
  readonly labels: readonly LabelRow[];
  /** By the channels `rest` and `x12_http`; `id` as the supplier knows it. */
  readonly purchase_orders: readonly { readonly id: string; readonly is_sent: boolean }[];
  /** What Stripe contradicted, and whether somebody was told. */
  readonly drifts: readonly { readonly payment_id: string; readonly drift: string; readonly raised: boolean }[];
  readonly orders: readonly OrderRow[];
  /** At gateways that are called. */
  readonly payments: readonly PaymentRow[];
  /** Orders with a reservation. */
  readonly reserved: readonly string[];
  readonly parcels: readonly string[];
}
export interface Evidence {
  readonly calls: readonly Call[];
  /** Per SKU: units ever put in stock, and units that may be promised beyond them. */
  readonly shelf: ReadonlyMap<string, { readonly units: number; readonly backorder_limit: number }>;
  readonly stripe: readonly LedgerEntry[];
  readonly cybersource: readonly LedgerEntry[];
  readonly carriers: readonly LedgerEntry[];
  readonly suppliers: readonly LedgerEntry[];
  readonly tables: Tables;
}

/** One read of each table, at the end, with an owner's connection. */
export async function read_tables(pool: pg.Pool): Promise<Tables> {
  const rows = async <T extends object>(sql: string): Promise<T[]> => (await pool.query<{ row: T }>(sql)).rows.map(({ row }) => row);
  const orders = await rows<OrderRow>(
    `with lines as (select order_id, json_agg(json_build_object('sku', sku, 'quantity', quantity, 'total', line_total) order by line_no) as lines from orders.order_line group by order_id),
          placed as (select key, count(*)::int as placed from orders.events where type = 'order.placed' group by key)
     select json_build_object('id', o.id, 'number', o.number, 'basket', o.metadata ->> 'basket', 'currency', o.currency, 'total', o.grand_total, 'is_open', o.closed_at is null,
                              'lines', coalesce(l.lines, '[]'), 'has_contact', c.id is not null, 'placed', coalesce(p.placed, 0)) as row
       from orders.orders o left join lines l on l.order_id = o.id left join orders.order_contact c on c.id = o.id left join placed p on p.key = o.id`,
  );
  const payments = await rows<PaymentRow>(
    `select json_build_object('id', p.id, 'order_id', p.order_id, 'gateway', p.gateway, 'currency', p.currency, 'authorized', p.authorized, 'captured', p.captured, 'voided', p.voided, 'refunded', p.refunded,
                              'op_ids', (select coalesce(json_agg(o.op_id), '[]') from payments.operations o where o.subject = p.id),
                              'has_deadline', exists (select 1 from payments.timers t where t.kind = 'authorization_expiry' and t.id = p.id),
                              'is_asking', exists (select 1 from payments.operations o where o.subject = p.id and o.state in ('requested', 'sent', 'unknown'))) as row
       from payments.payment p where p.gateway in ('stripe', 'cybersource')`,
  );
  const labels = await rows<LabelRow>(
    `select json_build_object('id', p.id, 'label_status', p.label_status, 'cost', coalesce(p.label_cost, 0),
                              'is_asking', exists (select 1 from shipping.operations o where o.subject = p.shipment_id and o.state in ('requested', 'sent', 'unknown'))) as row
       from shipping.parcel p where p.provider in ('easypost', 'purolator')`,
  );
  const purchase_orders = await rows<Tables['purchase_orders'][number]>(
    `select json_build_object('id', coalesce(reference, id), 'is_sent', sending = 'done') as row from suppliers.purchase_order where channel in ('rest', 'x12_http')`,
  );
  const drifts = await rows<Tables['drifts'][number]>(
    `select json_build_object('payment_id', f.payment_id, 'drift', f.drift, 'raised', exists (
              select 1 from payments.events e where e.type = 'exception.raised' and e.subject = f.payment_id and e.data ->> 'reason' = 'gateway_drift')) as row
       from payments.gateway_fact f where f.drift <> ''`,
  );
  const reserved = await pool.query<{ id: string }>(`select id from inventory.reservation`);
  const parcels = await pool.query<{ id: string }>(`select id from shipping.parcel`);
  return {
    labels,
    purchase_orders,
    drifts,
    orders,
    payments,
    reserved: reserved.rows.map(row => row.id),
    parcels: parcels.rows.map(row => row.id),
  };
}
