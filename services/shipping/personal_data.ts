/** What shipping holds of a person: where his parcels went. */

/** Of these orders. $1: order ids. */
export const shipments_held_sql = `
  select f.id as order_id, f.ship_to,
         (select coalesce(json_agg(json_build_object('id', s.id, 'status', s.status, 'carrier', s.carrier, 'dispatched_at', s.dispatched_at,
                   'parcels', (select coalesce(json_agg(json_build_object('id', p.id, 'tracking_number', p.tracking_number, 'tracking_url', p.tracking_url,
                                 'status', p.carrier_status, 'delivered_at', p.delivered_at) order by p.place), '[]'::json)
                                 from shipping.parcel p where p.shipment_id = s.id)) order by s.id), '[]'::json)
            from shipping.shipment s where s.id = any(f.shipment_ids)) as shipments
    from shipping.fulfillment f where f.id = any($1) order by f.id`;
