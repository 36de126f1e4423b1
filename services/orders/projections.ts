/**
 * What shipping told of shipments and parcels, kept for the order object's `shipments` and its tracking links. No decision reads it and no
 * event of orders tells it: each event becomes rows that name only what it said, and the upserts below keep the rest.
 */
import type { ShippingEvent } from '../../contracts/index.ts';
import { type NewRecord, type Row, unreachable } from '../../platform/service.ts';
import type { ProjectShipment, ShipmentRows } from './commands.ts';
import type { OrdersHandler } from './decide/draft.ts';

export type ShipmentEvent = Exclude<
  ShippingEvent,
  {
    type:
      | 'exception.raised'
      | 'exception.resolved'
      | 'parcel.label_failed'
      | 'parcel.label_outcome_unknown'
      | 'parcel.label_voided'
      | 'shipment.shorted'
      | 'fulfillment.cancellation_answered';
  }
>;

export const project_shipment: OrdersHandler<ProjectShipment> = {
  touches: () => [],
  decide: ({ rows }) => ({ facts: [], records: write_shipments(rows) }),
};

export function write_shipments({ shipments, parcels }: ShipmentRows): NewRecord[] {
  return [...shipments.map(row => ({ table: 'order_shipment', row })), ...parcels.map(row => ({ table: 'order_parcel', row }))];
}

export const no_shipments: ShipmentRows = { shipments: [], parcels: [] };

export function rows_of_shipment(event: ShipmentEvent): ShipmentRows {
  const { order_id, shipment_id, location_id = null, shipment_status = null } = event.data;
  if (!shipment_id) return no_shipments;
  const shipment = { order_id, shipment_id, location_id, status: shipment_status };
  const parcel_row = (parcel: Row): Row => ({ order_id, shipment_id, ...parcel });
  switch (event.type) {
    case 'shipment.planned': {
      const { revision_no, carrier = null, parcels } = event.data;
      const rows = (parcels ?? []).map(({ parcel_id, tracking_number, tracking_url }) =>
        parcel_row({ parcel_id, revision_no, tracking_number, tracking_url, status: tracking_number ? 'label_created' : 'planned' }),
      );
      return { shipments: [{ ...shipment, revision_no, carrier }], parcels: rows };
    }
    case 'shipment.carrier_chosen':
      return { shipments: [{ ...shipment, carrier: event.data.carrier }], parcels: [] };
    case 'parcel.label_purchased': {
      const rows = event.data.parcels.map(({ parcel_id, tracking_number, tracking_url }) =>
        parcel_row({ parcel_id, tracking_number, tracking_url, status: 'label_created' }),
      );
      return { shipments: [{ ...shipment, carrier: event.data.carrier }], parcels: rows };
    }
    case 'shipment.dispatched': {
      const rows = event.data.parcels.map(({ parcel_id, tracking_number, tracking_url }) =>
        parcel_row({ parcel_id, tracking_number, tracking_url }),
      );
      return { shipments: [{ ...shipment, carrier: event.data.carrier }], parcels: rows };
    }
    case 'shipment.cancelled':
      return { shipments: [shipment], parcels: [] };
    case 'parcel.tracked':
      return { shipments: [shipment], parcels: [parcel_row({ parcel_id: event.data.parcel_id, status: event.data.carrier_status })] };
    case 'parcel.delivered':
      return { shipments: [shipment], parcels: [parcel_row({ parcel_id: event.data.parcel_id, status: 'delivered' })] };
    case 'parcel.lost':
      return { shipments: [shipment], parcels: [parcel_row({ parcel_id: event.data.parcel_id, status: 'lost' })] };
    case 'parcel.sent_back':
      return { shipments: [shipment], parcels: [parcel_row({ parcel_id: event.data.parcel_id, status: 'sent_back' })] };
    default:
      return unreachable(event);
  }
}

/** The last value of a batch that says anything of a column: one statement must not meet a row twice. */
function last(column: string): string {
  return `(array_agg(${column} order by n desc) filter (where ${column} is not null))[1] as ${column}`;
}

export const shipment_records = {
  order_shipment: `insert into orders.order_shipment as s (order_id, shipment_id, revision_no, location_id, status, carrier)
    select order_id, shipment_id, coalesce(revision_no, 1), location_id, coalesce(status, 'planned'), carrier
      from (select order_id, shipment_id, ${['revision_no', 'location_id', 'status', 'carrier'].map(last).join(', ')}
              from rows from (json_to_recordset($1) as (order_id text, shipment_id text, revision_no integer, location_id text, status text, carrier text))
                   with ordinality as r(order_id, shipment_id, revision_no, location_id, status, carrier, n)
             group by order_id, shipment_id) r
        on conflict (order_id, shipment_id) do update
       set revision_no = greatest(s.revision_no, excluded.revision_no), location_id = coalesce(excluded.location_id, s.location_id),
           status = coalesce(nullif(excluded.status, 'planned'), s.status), carrier = coalesce(excluded.carrier, s.carrier)`,
  order_parcel: `insert into orders.order_parcel as p (order_id, parcel_id, shipment_id, revision_no, tracking_number, tracking_url, status)
    select order_id, parcel_id, shipment_id, revision_no, tracking_number, tracking_url, coalesce(status, 'planned')
      from (select order_id, parcel_id, ${['shipment_id', 'revision_no', 'tracking_number', 'tracking_url', 'status'].map(last).join(', ')}
              from rows from (json_to_recordset($1) as (order_id text, parcel_id text, shipment_id text, revision_no integer, tracking_number text, tracking_url text, status text))
                   with ordinality as r(order_id, parcel_id, shipment_id, revision_no, tracking_number, tracking_url, status, n)
             group by order_id, parcel_id) r
        on conflict (order_id, parcel_id) do update
       set shipment_id = excluded.shipment_id, revision_no = coalesce(excluded.revision_no, p.revision_no),
           tracking_number = coalesce(excluded.tracking_number, p.tracking_number), tracking_url = coalesce(excluded.tracking_url, p.tracking_url),
           status = coalesce(nullif(excluded.status, 'planned'), p.status)`,
};
