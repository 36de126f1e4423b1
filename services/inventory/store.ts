/** All the SQL that decisions read and write by. Reference rows come without a lock; reservations are locked before stock items. */
import type { LocationAddress } from '../../contracts/index.ts';
import { type Children, instant, instant_or_null, type Json, type ReferenceRows, type Row, type Rows } from '../../platform/service.ts';
import {
  all_locations,
  available,
  type BackorderQueue,
  type Footprint,
  type Location,
  queue_rows_max,
  type Reservation,
  type ReservationLine,
  type StockItem,
  type UnpaidHolders,
  unpaid_rows_max,
  type WholeLocation,
} from './model.ts';

export const locations_rows: ReferenceRows<readonly Location[]> = {
  load: `select json_build_array(json_build_object('id', '${all_locations}', 'locations', coalesce(json_agg(l order by l.priority, l.id), '[]'::json))) as rows
           from (select id, address ->> 'country' as country, priority, active from inventory.location) l where '${all_locations}' = any($1)`,
  // The parsed boundary, here and below: the columns are those that the statement beside it selects, and the migration holds them to these types.
  from_row: row => row['locations'] as unknown as Location[],
};

export const footprint_rows: ReferenceRows<Footprint> = {
  load: `select coalesce(json_agg(f), '[]'::json) as rows
           from (select r.id, r.version, r.status, r.wanted,
                        (select coalesce(json_agg(json_build_array(l.line_no, l.sku, l.location_id) order by l.line_no, l.location_id), '[]'::json)
                           from inventory.reservation_line l where l.order_id = r.id and l.reservation_no = r.reservation_no) as lines
                   from inventory.reservation r where r.id = any($1)) f`,
  from_row: row => ({
    version: Number(row['version']),
    status: row['status'] as Footprint['status'],
    lines: (row['lines'] as unknown as [number, string, string][]).map(([line_no, sku, location_id]) => ({ line_no, sku, location_id })),
    wanted: (row['wanted'] ?? []) as unknown as Footprint['wanted'],
  }),
};

export const backorder_queue_rows: ReferenceRows<BackorderQueue> = {
  load: `select coalesce(json_agg(q), '[]'::json) as rows
           from (select i.id, i.backordered, i.on_hand - i.damaged - i.quality_control - i.safety - i.held - i.allocated as available,
                        (select coalesce(json_agg(json_build_object('order_id', w.order_id, 'line_no', w.line_no, 'backordered', w.backordered)
                                                  order by w.priority, w.requested_at, w.order_id, w.line_no), '[]'::json)
                           from (select * from inventory.reservation_line l
                                  where l.sku = i.sku and l.location_id = i.location_id and l.backordered > 0
                                  order by l.priority, l.requested_at, l.order_id, l.line_no limit ${queue_rows_max}) w) as waiting
                   from inventory.stock_item i where i.id = any($1) and i.backordered > 0) q`,
  from_row: row => ({
    available: Number(row['available']),
    backordered: Number(row['backordered']),
    waiting: row['waiting'] as unknown as BackorderQueue['waiting'],
  }),
};

/** Every unpaid reservation has a timer, so the timers find them: an index on `held` would be written by every order, for a rare question. */
export const unpaid_rows: ReferenceRows<UnpaidHolders> = {
  load: `select coalesce(json_agg(u), '[]'::json) as rows
           from (select asked.id, (select coalesce(json_agg(h), '[]'::json) from (
                   select l.order_id, sum(l.held) as held,
                          (select json_agg(distinct o.sku || '@' || o.location_id) from inventory.reservation_line o where o.order_id = l.order_id) as items
                     from inventory.timers t join inventory.reservation_line l on l.order_id = t.id
                    where t.kind = 'reservation' and l.held > 0 and l.sku || '@' || l.location_id = asked.id
                    group by l.order_id, l.requested_at order by l.requested_at desc, l.order_id desc limit ${unpaid_rows_max}) h) as holders
                   from unnest($1::text[]) as asked(id)) u`,
  from_row: row => ({ holders: row['holders'] as unknown as UnpaidHolders['holders'] }),
};

export const booked_rows: ReferenceRows<boolean> = {
  load: `select coalesce(json_agg(b), '[]'::json) as rows
           from (select asked.id from unnest($1::text[]) as asked(id)
                  where exists (select 1 from inventory.stock_movement m
                                 where m.cause_type = split_part(asked.id, ' ', 1) and m.cause_id = split_part(asked.id, ' ', 2) and m.kind = split_part(asked.id, ' ', 3))) b`,
  from_row: () => true,
};

export const location_rows: Rows<WholeLocation | undefined> = {
  load: `select coalesce(json_agg(r), '[]'::json) as rows from (select * from inventory.location where id = any($1) order by id for update) r`,
  insert: 'insert into inventory.location select * from json_populate_recordset(null::inventory.location, $1)',
  update: `update inventory.location l
              set version = r.version, name = r.name, address = r.address, priority = r.priority, active = r.active
             from json_populate_recordset(null::inventory.location, $1) r where l.id = r.id`,
  from_row: row => ({
    name: String(row['name']),
    address: row['address'] as LocationAddress,
    priority: Number(row['priority']),
    active: row['active'] === true,
  }),
  to_row(location) {
    if (location === undefined) throw new Error('a location that nobody gave has no row');
    return { ...location };
  },
};

const reservation_lines: Children<Reservation> = {
  insert: 'insert into inventory.reservation_line select * from json_populate_recordset(null::inventory.reservation_line, $1)',
  update: `update inventory.reservation_line l
              set quantity = r.quantity, held = r.held, backorder_held = r.backorder_held, allocated = r.allocated, backordered = r.backordered,
                  consumed = r.consumed, released = r.released
             from json_populate_recordset(null::inventory.reservation_line, $1) r
            where l.order_id = r.order_id and l.reservation_no = r.reservation_no and l.line_no = r.line_no and l.location_id = r.location_id`,
  diff(before, after) {
    const known = before?.lines ?? [];
    const added: Row[] = [];
    const changed: Row[] = [];
    for (const [place, line] of after.lines.entries()) {
      if (place >= known.length) added.push(line_row(after, line));
      else if (line !== known[place]) changed.push(line_row(after, line));
    }
    return { added, changed };
  },
};

function line_row({ order_id, priority, requested_at }: Reservation, line: ReservationLine): Row {
  return { ...line, order_id, priority, requested_at };
}

export const reservation_rows: Rows<Reservation> = {
  load: 'select inventory.locked_reservations($1) as rows',
  insert: 'insert into inventory.reservation select * from json_populate_recordset(null::inventory.reservation, $1)',
  update: `update inventory.reservation o
              set version = r.version, reservation_id = r.reservation_id, status = r.status, reservation_no = r.reservation_no, expires_at = r.expires_at,
                  country = r.country, region = r.region, priority = r.priority, requested_at = r.requested_at, answered = r.answered, wanted = r.wanted
             from json_populate_recordset(null::inventory.reservation, $1) r where o.id = r.id`,
  children: [reservation_lines],
  from_row: row => ({
    order_id: String(row['id']),
    reservation_id: String(row['reservation_id']),
    status: row['status'] as Reservation['status'],
    reservation_no: Number(row['reservation_no']),
    expires_at: instant_or_null(row['expires_at']),
    destination: typeof row['country'] === 'string' ? { country: row['country'], region: text_or_null(row['region']) } : null,
    priority: Number(row['priority']),
    requested_at: instant(row['requested_at']),
    answered: row['answered'] as unknown as string[],
    wanted: row['wanted'] as unknown as Reservation['wanted'],
    lines: (row['lines'] as unknown as (ReservationLine & Row)[]).map(line_of_row),
  }),
  to_row({ destination, order_id: _order_id, lines: _lines, answered, wanted, ...state }) {
    return { ...state, country: destination?.country ?? null, region: destination?.region ?? null, answered, wanted: wanted as Json };
  },
};

function line_of_row(row: ReservationLine): ReservationLine {
  const {
    reservation_no,
    line_no,
    location_id,
    sku,
    accept_backorder,
    quantity,
    held,
    backorder_held,
    allocated,
    backordered,
    consumed,
    released,
  } = row;
  return {
    reservation_no,
    line_no,
    location_id,
    sku,
    accept_backorder,
    quantity,
    held,
    backorder_held,
    allocated,
    backordered,
    consumed,
    released,
  };
}

function text_or_null(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

export const stock_item_rows: Rows<StockItem> = {
  load: `select coalesce(json_agg(r), '[]'::json) as rows from (select * from inventory.stock_item where id = any($1) order by id for update) r`,
  insert: 'insert into inventory.stock_item select * from json_populate_recordset(null::inventory.stock_item, $1)',
  update: `update inventory.stock_item i
              set version = r.version, on_hand = r.on_hand, damaged = r.damaged, quality_control = r.quality_control, held = r.held, allocated = r.allocated,
                  backorder_held = r.backorder_held, backordered = r.backordered, safety = r.safety, backorder_limit = r.backorder_limit,
                  low_threshold = r.low_threshold, reorder_point = r.reorder_point, below_reorder_point = r.below_reorder_point
             from json_populate_recordset(null::inventory.stock_item, $1) r where i.id = r.id`,
  // What lists find it by (migrations/003) follows from the counters.
  from_row({ id: _id, version: _version, below_reorder_point: _below, ...counters }) {
    return counters as unknown as StockItem;
  },
  to_row: state => ({ ...state, below_reorder_point: state.reorder_point !== null && available(state) <= state.reorder_point }),
};

/** The ledger. Its numbers are the table's own. */
export const records: Readonly<Record<string, string>> = {
  stock_movement: `insert into inventory.stock_movement
                          (kind, sku, location_id, from_account, to_account, quantity, cause_type, cause_id, reason, actor, moved_at)
                   select kind, sku, location_id, from_account, to_account, quantity, cause_type, cause_id, reason, actor, moved_at
                     from json_populate_recordset(null::inventory.stock_movement, $1)`,
};
