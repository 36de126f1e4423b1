/**
 * What the desk's other lists read, of a shop with a past: at a million orders hundreds of thousands of what orders and purchasing bring, and of everything rare a few.
 * What the services would hear or call is not among it: the log tells of cases alone, and no operation is due.
 */
import type pg from 'pg';

const id = (prefix: string, number = 'i') => `'${prefix}_' || lpad((${number})::text, 26, '0')`;
const at = `timestamptz '2025-03-01' + i * interval '100 s'`;
/** Few are most. */
const skewed = (below: number) => `floor(${below} * pow(abs(hashint8(i)) % 1000000 / 1e6, 2))::int`;
const place = `case when i % 70000 = 11 then 'attic' else (array['north', 'south'])[1 + i % 2] end`;
const supplier = `case when i % 60000 = 7 then 'acme-rare' else 'acme-' || ${skewed(290)} end`;
const sku = `case when i % 90000 = 5 then 'RARE' else 'B' || ${skewed(10_000)} end`;
const zeros = (names: string) => Object.fromEntries(names.split(' ').map(name => [name, '0']));

interface Filling {
  readonly table: string;
  /** Of the number of orders. */
  readonly share: number;
  readonly columns: Readonly<Record<string, string>>;
}

/** `i` is the number of the row, `count` how many there are. */
const fillings: readonly Filling[] = [
  {
    // Raised and resolved in turn: all but a few hundred.
    table: 'payments.events',
    share: 0.4,
    columns: {
      position: 'i',
      partition: '0',
      key: id('ord', 'i / 2'),
      type: `case when i % 2 = 0 or i % 1000 = 1 then 'exception.raised' else 'exception.resolved' end`,
      id: id('evt'),
      subject: id('pay', 'i / 2'),
      sequence: 'i',
      time: at,
      cause: `'bench'`,
      data: `json_build_object('exception_id', case when i % 1000 = 1 then 'open' else 'exc' end || i / 2, 'subject', ${id('pay', 'i / 2')}, 'reason', 'gateway_silent',
        'owner', 'operator', 'deadline', '2026-03-01T00:00:00.000Z', 'detail', 'nobody answers', 'note', 'done')`,
    },
  },
  {
    table: 'payments.operations',
    share: 1,
    columns: {
      op_id: id('op'),
      kind: `case when i % 250000 = 7 then 'void' else (array['authorize', 'capture', 'capture', 'refund'])[1 + i % 4] end`,
      provider: `case when i % 200000 = 5 then 'cybersource' else 'stripe' end`,
      subject: id('pay'),
      key: id('ord'),
      request: `'{}'`,
      state: `case when i % 250000 = 9 then 'unknown' when i % 40 = 0 then 'failed' else 'succeeded' end`,
      next_at: `now() + interval '1 year'`,
      requested_at: at,
    },
  },
  {
    table: 'suppliers.purchase_order',
    share: 0.3,
    columns: {
      id: id('po'),
      version: '3',
      supplier_id: supplier,
      location_id: place,
      currency: `'GBP'`,
      status: `case when i % 100000 = 13 then 'rejected' when i > count * 0.995 then 'acknowledged' when i % 30 = 0 then 'cancelled' else 'closed' end`,
      sending: `'done'`,
      cancelling: `'none'`,
      ...zeros('ack_no lead_time_days'),
      exceptions: `'[]'`,
      held: `'[]'`,
      documents: `'{}'`,
      receipt: `'none'`,
      invoices: `'[]'`,
      created_at: at,
      sent_at: at,
    },
  },
  {
    table: 'suppliers.purchase_order_line',
    share: 0.3,
    columns: {
      po_id: id('po'),
      line_no: '1',
      sku,
      supplier_sku: `'x'`,
      cost: '100',
      quantity: '10',
      confirmed: '10',
      received: '10',
      ...zeros('in_transit rejected refused cancelled over invoiced'),
      inspect: 'false',
    },
  },
  {
    table: 'suppliers.proposal',
    share: 0.3,
    columns: {
      id: id('prp'),
      version: '2',
      sku,
      location_id: place,
      supplier_id: supplier,
      quantity: '10',
      ...zeros('position reorder_point target'),
      status: `case when i % 100000 = 13 then 'dismissed' when i % 3 = 0 then 'superseded' else 'accepted' end`,
      reasons: `'[]'`,
      po_id: `case when i % 100000 <> 13 and i % 3 > 0 then ${id('po')} end`,
      dismissed_until: `case when i % 100000 = 13 then ${at} end`,
      created_at: at,
    },
  },
  {
    table: 'suppliers.backorder_line',
    share: 0.3,
    columns: {
      order_id: id('ord'),
      line_no: '1',
      location_id: place,
      place: '0',
      sku,
      quantity: `case when i % 10 = 0 then 1 else 0 end`,
      priority: 'i % 10',
      requested_at: at,
    },
  },
  {
    table: 'suppliers.interchange',
    share: 0.3,
    columns: {
      id: id('ich'),
      version: '1',
      channel: `'x12_http'`,
      partner: `case when i % 60000 = 7 then 'ZZ/RARE' else 'ZZ/P' || i % 50 end`,
      control: 'i',
      digest: 'md5(i::text)',
      raw: `'ISA*'`,
      status: `case when i % 100000 = 13 then 'quarantined' else 'taken' end`,
      received_at: at,
      exceptions: `'[]'`,
    },
  },
  {
    table: 'inventory.stock_item',
    share: 0.5,
    columns: {
      id: `'S' || i || '@' || ${place}`,
      version: '1',
      sku: `'S' || i`,
      location_id: place,
      on_hand: '100',
      ...zeros('damaged quality_control held allocated backorder_held backordered safety backorder_limit low_threshold'),
      reorder_point: 'case when i % 90000 = 5 then 200 when i % 5 = 0 then 10 end',
      below_reorder_point: 'i % 90000 = 5',
    },
  },
  {
    table: 'gateway.audit_log',
    share: 1,
    columns: {
      seq: 'i + 1000000',
      at,
      actor: `case when i % 300000 = 7 then 'staff_rare' else 'staff_' || i % 20 end`,
      actor_type: `'staff'`,
      action: `case when i % 400000 = 3 then 'key.created' else 'payment.refunded' end`,
      object: id('ord', 'i / 2'),
      request_id: id('req'),
      prev_hash: `'h' || i - 1`,
      hash: `'h' || i`,
    },
  },
];

export async function store_desk(pool: pg.Pool, orders: number): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('set statement_timeout = 0; set synchronous_commit = off');
    for (const { table, share, columns } of fillings) {
      const count = Math.round(orders * share);
      await client.query(
        `insert into ${table} (${Object.keys(columns).join(', ')}) select ${Object.values(columns).join(', ')}
           from (select i, ${count} as count from generate_series(1, ${count}) as g(i)) r`,
      );
      await client.query(`vacuum analyze ${table}`);
    }
  } finally {
    client.release();
  }
}
