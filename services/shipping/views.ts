/** Reads for people: the shipment object of the API, lists, and what a label is printed from. */
import type { Address } from '../../contracts/index.ts';
import type { Row } from '../../platform/service.ts';
import type { Address as Place } from './carriers/port.ts';
import { is_current, type Parcel, type Shipment } from './model.ts';
import { place_of_location } from './place.ts';
import type { ShippingDesk } from './routes.ts';
import { location_of, shipment_columns, shipment_of } from './store.ts';

export interface StoredShipment {
  readonly shipment: Shipment;
  readonly version: number;
}

export async function read_shipment(desk: ShippingDesk, id: string): Promise<StoredShipment | undefined> {
  const [found] = await read(desk, 'shipment', `select ${shipment_columns} from shipping.shipment s where s.id = $1`, [id]);
  return found;
}

/** The newest first: ids are made of time. One more than the limit, when there is more. */
export function list_shipments(desk: ShippingDesk, query: Readonly<Record<string, string>>, limit: number): Promise<StoredShipment[]> {
  const { order, status, location, cursor } = query;
  const filters = [
    ['s.id = any((select f.shipment_ids from shipping.fulfillment f where f.id = ?)::text[])', order],
    ['s.status = ?', status],
    ['s.location_id = ?', location],
    ['s.id < ?', cursor],
  ].filter((filter): filter is [string, string] => filter[1] !== undefined);
  const where = filters.map(([condition], place) => condition.replace('?', `$${place + 2}`)).join(' and ');
  const text = `select ${shipment_columns} from shipping.shipment s ${where === '' ? '' : `where ${where}`} order by s.id desc limit $1`;
  // Each set of filters is a statement of its own, so that each has its own plan.
  const name = ['shipments', order && 'order', status && status, location && 'location', cursor && 'cursor'].filter(Boolean).join('.');
  return read(desk, name, text, [limit + 1, ...filters.map(([, value]) => value)]);
}

async function read(desk: ShippingDesk, name: string, text: string, values: readonly unknown[]): Promise<StoredShipment[]> {
  const rows = await desk.query<{ row: Row }>(name, `select to_json(r) as row from (${text}) r`, values);
  return rows.map(({ row }) => ({ shipment: shipment_of(row), version: Number(row['version']) }));
}

/** Whose parcel it is. */
export async function read_parcel(desk: ShippingDesk, id: string): Promise<{ shipment: Shipment; parcel: Parcel } | undefined> {
  const text = `select ${shipment_columns} from shipping.shipment s where s.id = (select p.shipment_id from shipping.parcel p where p.id = $1)`;
  const [found] = await read(desk, 'parcel', text, [id]);
  const parcel = found?.shipment.parcels.find(each => each.parcel_id === id);
  return found === undefined || parcel === undefined ? undefined : { shipment: found.shipment, parcel };
}

export async function read_ship_to(desk: ShippingDesk, order_id: string): Promise<Address | null> {
  const [row] = await desk.query<{ ship_to: Address | null }>('ship_to', 'select ship_to from shipping.fulfillment where id = $1', [
    order_id,
  ]);
  return row?.ship_to ?? null;
}

/** As far as it is known: a person reads it. */
export async function read_ship_from(desk: ShippingDesk, location_id: string): Promise<Place | undefined> {
  const [row] = await desk.query<Row>('ship_from', 'select * from shipping.location where id = $1', [location_id]);
  return row === undefined ? undefined : place_of_location(location_of(row));
}

/** Parcels that a carrier's facts name, the newest first: numbers are given again after years. */
export async function find_parcels(desk: ShippingDesk, tracking_numbers: readonly string[], label_refs: readonly string[]) {
  return desk.query<{ shipment_id: string; tracking_number: string | null; label_ref: string }>(
    'parcels_named',
    `select shipment_id, tracking_number, label_ref from shipping.parcel
      where label_ref is not null and (tracking_number = any($1) or label_ref = any($2)) order by id desc`,
    [tracking_numbers, label_refs],
  );
}

export function render_shipment(shipment: Shipment, version: number): Row {
  return {
    id: shipment.shipment_id,
    version,
    order_id: shipment.order_id,
    location: shipment.location_id,
    status: shipment.status,
    held: shipment.held,
    carrier: shipment.carrier,
    service: shipment.service,
    cost: shipment.cost,
    currency: shipment.currency,
    reasons: shipment.reasons,
    promise_at: shipment.promise_at,
    candidates: (shipment.considered?.candidates ?? []).map(candidate => ({ ...candidate })),
    left_out: (shipment.considered?.left_out ?? []).map(each => ({ ...each })),
    address_check: shipment.address_check && {
      ...shipment.address_check,
      suggestion: shipment.address_check.suggestion && { ...shipment.address_check.suggestion },
    },
    label_error: shipment.label_error,
    dispatched_at: shipment.dispatched_at,
    lines: shipment.lines.map(({ line_no, sku, name, quantity, quantity_shorted, quantity_cancelled }) => ({
      line_id: String(line_no),
      sku,
      name,
      quantity,
      quantity_shorted,
      quantity_cancelled,
    })),
    // Of a cancelled shipment all are shown, of every other those that are in use.
    parcels: shipment.parcels.filter(parcel => shipment.status === 'cancelled' || is_current(shipment, parcel)).map(render_parcel),
    exceptions: shipment.exceptions.map(({ exception_id, ...exception }) => ({ id: exception_id, ...exception })),
  };
}

function render_parcel(parcel: Parcel): Row {
  return {
    id: parcel.parcel_id,
    weight_grams: parcel.weight_grams,
    dimensions_mm: parcel.dimensions_mm,
    lines: parcel.lines.map(({ line_no, quantity }) => ({ line_id: String(line_no), quantity })),
    label_status: parcel.label_status,
    carrier: parcel.label_carrier,
    tracking_number: parcel.tracking_number,
    tracking_url: parcel.tracking_url,
    status: parcel.carrier_status,
    eta_at: parcel.eta_at,
    delivered_at: parcel.delivered_at,
    tracking: parcel.facts.map(({ carrier_at, status }) => ({ at: carrier_at, status })).sort((a, b) => (a.at < b.at ? -1 : 1)),
  };
}
