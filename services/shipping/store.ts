/** All the SQL that decisions read and write by: the order's fulfillment is locked before its shipments. */
import type { Address, CarrierStatus, LocationAddress, ShipmentStatus } from '../../contracts/index.ts';
import { type Children, instant, instant_or_null, type Json, type ReferenceRows, type Row, type Rows } from '../../platform/service.ts';
import { destroy_keys } from '../../platform/vault/vault.ts';
import {
  type AddressCheck,
  type Answer,
  type Asked,
  all_locations,
  type Considered,
  dimensions_default_mm,
  type Fulfillment,
  type KnownLocation,
  type LabelStatus,
  type OpenException,
  type Parcel,
  type ParcelLine,
  type Shipment,
  type ShipmentLine,
  type ShippingStates,
  type Watch,
  waiting_max,
  watched_labels_max,
} from './model.ts';

export const location_rows: Rows<KnownLocation | undefined> = {
  load: `select coalesce(json_agg(r), '[]'::json) as rows from (select l.* from shipping.location l where l.id = any($1) order by l.id for update) r`,
  insert: 'insert into shipping.location select * from json_populate_recordset(null::shipping.location, $1)',
  update: `update shipping.location l
              set version = r.version, sequence = r.sequence, name = r.name, address = r.address
             from json_populate_recordset(null::shipping.location, $1) r where l.id = r.id`,
  from_row: row => location_of(row),
  to_row(location) {
    if (location === undefined) throw new Error('a location that was never told has no row');
    return { ...location };
  },
};
// The parsed boundary, here and below: columns as the migration holds them, JSON as to_row wrote it.
export function location_of(row: Row): KnownLocation {
  return { sequence: Number(row['sequence']), name: row['name'] as string, address: row['address'] as LocationAddress };
}

export const locations_rows: ReferenceRows<ShippingStates['locations']> = {
  load: `select json_build_array(json_build_object('id', '${all_locations}', 'locations', coalesce(json_agg(l order by l.id), '[]'::json))) as rows
           from shipping.location l where '${all_locations}' = any($1)`,
  from_row: row => (row['locations'] as readonly Row[]).map(each => ({ location_id: each['id'] as string, ...location_of(each) })),
};

/** The newest first; two days more than are asked for, so that what is listed at the edge is known. $1: a seller and an instant. */
export const recent_rows: ReferenceRows<ShippingStates['recent_labels']> = {
  load: `select coalesce(json_agg(w), '[]'::json) as rows
           from (select asked.id, (select coalesce(json_agg(l), '[]'::json) from (
                   select distinct on (p.id) p.id as parcel_id, p.tracking_number, p.label_status, p.label_cost as cost, o.requested_at as bought_at
                     from shipping.operations o, json_array_elements(o.request -> 'parcels') e
                     join shipping.parcel p on p.id = e ->> 'parcel_id'
                    where o.kind = 'buy_label' and o.provider = split_part(asked.id, ' ', 1) and p.provider = o.provider and p.tracking_number is not null
                      and o.requested_at > split_part(asked.id, ' ', 2)::timestamptz - interval '2 days'
                    order by p.id desc, o.requested_at desc limit ${watched_labels_max}) l) as labels
                   from unnest($1::text[]) as asked(id)) w`,
  from_row: row =>
    (row['labels'] as unknown as Row[]).map(label => ({
      parcel_id: label['parcel_id'] as string,
      tracking_number: text(label['tracking_number']),
      label_status: label['label_status'] as LabelStatus,
      cost: number(label['cost']),
      bought_at: instant(label['bought_at']),
    })),
};

export const watch_rows: Rows<Watch> = {
  load: `select coalesce(json_agg(r), '[]'::json) as rows from (select w.* from shipping.watch w where w.id = any($1) order by w.id for update) r`,
  insert: 'insert into shipping.watch select * from json_populate_recordset(null::shipping.watch, $1)',
  update: `update shipping.watch w set version = r.version, exceptions = r.exceptions
             from json_populate_recordset(null::shipping.watch, $1) r where w.id = r.id`,
  from_row: row => ({ exceptions: row['exceptions'] as unknown as OpenException[] }),
  to_row: ({ exceptions }) => ({ exceptions }) as unknown as Row,
};

/** Of what is still here, which is little: no index for a question that is seldom asked. */
export const waiting_rows: ReferenceRows<ShippingStates['waiting']> = {
  load: `select coalesce(json_agg(w), '[]'::json) as rows
           from (select asked.id, (select coalesce(json_agg(s), '[]'::json) from (
                   select s.id as shipment_id, s.order_id from shipping.shipment s
                    where s.status = 'planned' and s.location_id = asked.id
                      and exists (select 1 from json_array_elements(s.exceptions) e where e ->> 'reason' = 'location_address_missing')
                    order by s.id limit ${waiting_max}) s) as shipments
                   from unnest($1::text[]) as asked(id)) w`,
  from_row: row => row['shipments'] as unknown as ShippingStates['waiting'],
};

export const fulfillment_rows: Rows<Fulfillment> = {
  load: `select coalesce(json_agg(r), '[]'::json) as rows from (select f.* from shipping.fulfillment f where f.id = any($1) order by f.id for update) r`,
  insert: 'insert into shipping.fulfillment select * from json_populate_recordset(null::shipping.fulfillment, $1)',
  update: `update shipping.fulfillment f
              set version = r.version, hold_ids = r.hold_ids, service = r.service, ship_to = r.ship_to, shipment_ids = r.shipment_ids, answers = r.answers
             from json_populate_recordset(null::shipping.fulfillment, $1) r where f.id = r.id`,
  from_row: row => ({
    hold_ids: row['hold_ids'] as string[],
    service: text(row['service']),
    ship_to: (row['ship_to'] ?? null) as Address | null,
    shipment_ids: row['shipment_ids'] as string[],
    answers: row['answers'] as unknown as Answer[],
  }),
  to_row: ({ hold_ids, service, ship_to, shipment_ids, answers }) =>
    ({ hold_ids, service, ship_to, shipment_ids, answers }) as unknown as Row,
};

/** Rows { order_id }, rows { subject }. */
export const shipping_records = { erased_order: 'select shipping.erase_persons($1)', destroyed_key: destroy_keys };

/** A shipment with its parcels and their facts; `s` is shipping.shipment. Reads use it, too (views.ts). */
export const shipment_columns = `s.*,
  (select coalesce(json_agg(c order by c.place), '[]'::json)
     from (select p.*, (select coalesce(json_agg(f order by f.place), '[]'::json) from shipping.tracking_fact f where f.parcel_id = p.id) as facts
             from shipping.parcel p where p.shipment_id = s.id) c) as parcels`;

export const shipment_rows: Rows<Shipment | undefined> = {
  load: `select coalesce(json_agg(r), '[]'::json) as rows from (select ${shipment_columns} from shipping.shipment s where s.id = any($1) order by s.id for update of s) r`,
  insert: 'insert into shipping.shipment select * from json_populate_recordset(null::shipping.shipment, $1)',
  update: `update shipping.shipment s
              set version = r.version, revision_no = r.revision_no, status = r.status, held = r.held, carrier = r.carrier, service = r.service, cost = r.cost,
                  currency = r.currency, reasons = r.reasons, label_error = r.label_error, choices = r.choices, asked = r.asked, address_check = r.address_check, considered = r.considered,
                  dispatched_at = r.dispatched_at, lines = r.lines, exceptions = r.exceptions
             from json_populate_recordset(null::shipping.shipment, $1) r where s.id = r.id`,
  children: [parcels_of(), facts_of()],
  from_row: row => shipment_of(row),
  to_row(shipment) {
    if (shipment === undefined) throw new Error('a shipment that was never planned has no row');
    const { shipment_id: _id, parcels: _children, ...columns } = shipment;
    return columns as unknown as Row;
  },
};

export function shipment_of(row: Row): Shipment {
  return {
    shipment_id: row['id'] as string,
    order_id: row['order_id'] as string,
    fulfillment_no: Number(row['fulfillment_no']),
    revision_no: Number(row['revision_no']),
    location_id: row['location_id'] as string,
    status: row['status'] as ShipmentStatus,
    held: row['held'] === true,
    carrier: text(row['carrier']),
    service: text(row['service']),
    cost: number(row['cost']),
    currency: text(row['currency']),
    reasons: row['reasons'] as string[],
    promise_at: instant_or_null(row['promise_at']),
    wanted_carrier: text(row['wanted_carrier']),
    label_error: text(row['label_error']),
    choices: Number(row['choices']),
    asked: row['asked'] as unknown as Asked[],
    address_check: (row['address_check'] ?? null) as unknown as AddressCheck | null,
    considered: (row['considered'] ?? null) as unknown as Considered | null,
    dispatched_at: instant_or_null(row['dispatched_at']),
    lines: row['lines'] as unknown as ShipmentLine[],
    parcels: (row['parcels'] as unknown as Row[]).map(parcel_of),
    exceptions: row['exceptions'] as unknown as OpenException[],
  };
}

function parcel_of(row: Row): Parcel {
  const [length = dimensions_default_mm[0], width = dimensions_default_mm[1], height = dimensions_default_mm[2]] = row[
    'dimensions_mm'
  ] as number[];
  return {
    parcel_id: row['id'] as string,
    revision_no: Number(row['revision_no']),
    weight_grams: Number(row['weight_grams']),
    dimensions_mm: [length, width, height],
    lines: row['lines'] as unknown as ParcelLine[],
    label_status: row['label_status'] as LabelStatus,
    provider: text(row['provider']),
    label_carrier: text(row['label_carrier']),
    label_ref: text(row['label_ref']),
    label_op_id: text(row['label_op_id']),
    label_cost: number(row['label_cost']),
    tracking_number: text(row['tracking_number']),
    tracking_url: text(row['tracking_url']),
    carrier_status: row['carrier_status'] as CarrierStatus,
    eta_at: instant_or_null(row['eta_at']),
    delivered_at: instant_or_null(row['delivered_at']),
    ended: text(row['ended']) as Parcel['ended'],
    facts: (row['facts'] as unknown as Row[]).map(fact => ({
      carrier: fact['carrier'] as string,
      tracking_number: fact['tracking_number'] as string,
      carrier_at: instant(fact['carrier_at']),
      status: fact['status'] as CarrierStatus,
    })),
  };
}

function text(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
function number(value: Json | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}

function parcels_of(): Children<Shipment | undefined> {
  return {
    insert: 'insert into shipping.parcel select * from json_populate_recordset(null::shipping.parcel, $1)',
    update: `update shipping.parcel p
                set lines = r.lines, label_status = r.label_status, provider = r.provider, label_carrier = r.label_carrier, label_ref = r.label_ref,
                    label_op_id = r.label_op_id, label_cost = r.label_cost, tracking_number = r.tracking_number, tracking_url = r.tracking_url,
                    carrier_status = r.carrier_status, eta_at = r.eta_at, delivered_at = r.delivered_at, ended = r.ended
               from json_populate_recordset(null::shipping.parcel, $1) r where p.id = r.id`,
    diff(before, after) {
      const known = before?.parcels ?? [];
      const parcels = after?.parcels ?? [];
      if (known === parcels) return unchanged;
      const rows = (which: (parcel: Parcel, place: number) => boolean) =>
        parcels.flatMap((parcel, place) => (which(parcel, place) ? [parcel_row(parcel, place, after?.shipment_id ?? '')] : []));
      return {
        added: rows((_parcel, place) => place >= known.length),
        changed: rows((parcel, place) => place < known.length && parcel !== known[place]),
      };
    },
  };
}

function parcel_row({ parcel_id, facts: _children, ...columns }: Parcel, place: number, shipment_id: string): Row {
  return { id: parcel_id, shipment_id, place, ...columns } as unknown as Row;
}

/** Facts are only ever added. A number that a carrier gives again years later tells the same fact of another parcel: the first keeps it. */
function facts_of(): Children<Shipment | undefined> {
  return {
    insert:
      'insert into shipping.tracking_fact select * from json_populate_recordset(null::shipping.tracking_fact, $1) on conflict do nothing',
    update: 'select 1 where $1::json is null',
    diff(before, after) {
      if (before?.parcels === after?.parcels) return unchanged;
      const added = (after?.parcels ?? []).flatMap(({ parcel_id, facts }, place) => {
        const known = before?.parcels[place]?.facts.length ?? 0;
        return facts.length === known ? [] : facts.slice(known).map((fact, index) => ({ ...fact, parcel_id, place: known + index }));
      });
      return { added, changed: [] };
    },
  };
}
const unchanged = { added: [], changed: [] };
