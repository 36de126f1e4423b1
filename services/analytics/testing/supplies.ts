/** Where the stock comes from and goes: purchase orders on time, late, short or cancelled; goods that move and wait; labels; places and policies. */
import { at, begin_ms, hour_ms, locations, shop_days, skus, type World } from './lives.ts';
import { levels_of } from './surroundings.ts';

const suppliers = ['sup_one', 'sup_two', 'sup_three'];
const day_ms = 24 * hour_ms;

type Lines = readonly { readonly line_no: number; readonly sku: string; readonly quantity: number; readonly short?: number }[];
interface Purchase {
  readonly po_id: string;
  readonly location_id: string;
  readonly created_ms: number;
  readonly lines: Lines;
}

export function tell_purchase(world: World, no: number): void {
  const { whole, chance, pick, say } = world;
  const lines = [...new Set([pick(skus), pick(skus)])].map((sku, index) => ({ line_no: index + 1, sku, quantity: 5 + whole(40) }));
  const purchase = { po_id: `po_${no}`, location_id: pick(locations), created_ms: begin_ms + whole(shop_days * day_ms), lines };
  const { po_id, location_id, created_ms } = purchase;
  proposed(world, `prp_${no}`, lines[0]?.sku ?? '', location_id, created_ms, po_id);
  say('suppliers', 'purchase_order.created', created_ms, po_id, po_id, {
    po_id,
    supplier_id: pick(suppliers),
    location_id,
    currency: 'GBP',
    lines: lines.map(line => ({ ...line, supplier_sku: `S-${line.sku}`, cost: 100 + whole(900) })),
  });
  say('suppliers', 'purchase_order.approved', created_ms + 1, po_id, po_id, { po_id, actor: 'system' });
  if (chance() < 0.1) not_needed(world, purchase, created_ms + hour_ms);
  else sent(world, purchase, created_ms + hour_ms);
}

function sent(world: World, purchase: Purchase, sent_ms: number): void {
  const { say, chance, whole } = world;
  const { po_id, lines } = purchase;
  say('suppliers', 'purchase_order.sent', sent_ms, po_id, po_id, { po_id, channel: 'rest' });
  if (chance() < 0.05) {
    const refused = lines.map(({ line_no, quantity }) => ({ line_no, confirmed: 0, backordered: 0, rejected: quantity }));
    say('suppliers', 'purchase_order.rejected', sent_ms + hour_ms, po_id, po_id, { po_id, ack_no: 1, lines: refused });
    return;
  }
  const promised_ms = sent_ms + (1 + whole(8)) * day_ms;
  const promised_at = at(promised_ms);
  const confirmed = lines.map(({ line_no, quantity }) => ({ line_no, confirmed: quantity, backordered: 0, rejected: 0, promised_at }));
  say('suppliers', 'purchase_order.acknowledged', sent_ms + hour_ms, po_id, po_id, { po_id, ack_no: 1, lines: confirmed });
  if (chance() < 0.2) {
    const later = { line_no: 1, old_at: promised_at, new_at: at(promised_ms + 2 * day_ms) };
    say('suppliers', 'purchase_order.eta_changed', sent_ms + 2 * hour_ms, po_id, po_id, {
      po_id,
      cause: 'supplier_delayed',
      lines: [later],
    });
  }
  if (chance() < 0.1) not_needed(world, purchase, sent_ms + 3 * hour_ms);
  else if (chance() < 0.9) receive(world, purchase, promised_ms + (whole(3) - 1) * day_ms);
}

/** In one receipt, or in two days' receipts; now and then the rest never comes. */
function receive({ say, chance, whole }: World, { po_id, location_id, lines }: Purchase, first_ms: number): void {
  const parts = chance() < 0.6 ? 1 : 2;
  let rest: Lines = lines.map(line => ({ ...line, short: line.quantity }));
  for (let part = 1; part <= parts; part++) {
    const is_last = part === parts;
    const received_ms = first_ms + (part - 1) * day_ms;
    const counted = rest.map(line => {
      const open = line.short ?? 0;
      const accepted = is_last && chance() < 0.8 ? open : whole(open + 1);
      return { line_no: line.line_no, sku: line.sku, accepted, rejected: 0, damaged: 0, over: 0, short: open - accepted, inspect: false };
    });
    const receipt_id = `rcp_${po_id}_${part}`;
    say('suppliers', 'goods.received', received_ms, po_id, po_id, {
      po_id,
      receipt_id,
      location_id,
      received_at: at(received_ms),
      lines: counted,
    });
    for (const { sku, accepted } of counted) {
      if (accepted === 0) continue;
      const parts_of = { quantity_sellable: accepted, quantity_quality_control: 0, quantity_damaged: 0 };
      const levels = levels_of(sku, location_id, 0, 0);
      say('inventory', 'stock.received', received_ms + 1, sku, `${sku}@${location_id}`, {
        sku,
        location_id,
        receipt_id,
        po_id,
        ...parts_of,
        levels,
      });
    }
    rest = rest.map((line, index) => ({ ...line, short: counted[index]?.short ?? 0 }));
  }
  if (rest.some(line => (line.short ?? 0) > 0)) {
    const cancelled = rest.map(({ line_no, short }) => ({ line_no, cancelled: short ?? 0 }));
    say('suppliers', 'purchase_order.closed', first_ms + 3 * day_ms, po_id, po_id, { po_id, reason: 'supplier_short', lines: cancelled });
  }
}

function not_needed({ say }: World, { po_id, lines }: Purchase, at_ms: number): void {
  const cancelled = lines.map(({ line_no, quantity }) => ({ line_no, cancelled: quantity }));
  say('suppliers', 'purchase_order.cancelled', at_ms, po_id, po_id, { po_id, reason: 'not_needed', lines: cancelled, actor: 'staff_1' });
}

function proposed({ say, chance }: World, proposal_id: string, sku: string, location_id: string, at_ms: number, po_id: string): void {
  const asked = {
    proposal_id,
    sku,
    location_id,
    supplier_id: 'sup_one',
    quantity: 20,
    position: 3,
    reorder_point: 5,
    target: 23,
    reasons: [],
  };
  say('suppliers', 'replenishment.proposed', at_ms - 2 * hour_ms, sku, proposal_id, asked);
  say('suppliers', 'replenishment.revised', at_ms - hour_ms, sku, proposal_id, { ...asked, quantity: 24 });
  if (chance() < 0.7)
    say('suppliers', 'replenishment.accepted', at_ms, sku, proposal_id, { ...asked, quantity: 24, po_id, actor: 'system' });
}

/** Units that leave, are counted, are not found; units that wait and come. */
export function tell_goods({ whole, chance, pick, say }: World, no: number): void {
  const at_ms = begin_ms + whole(shop_days * day_ms);
  const order_id = `ord_goods_${no}`;
  const item = { line_no: 1, sku: pick(skus), location_id: pick(locations), quantity: 1 + whole(9) };
  const { sku, location_id } = item;
  const waiting = { ...item, priority: 5, requested_at: at(at_ms) };
  say('inventory', 'stock.consumed', at_ms, order_id, order_id, { order_id, shipment_id: `shp_goods_${no}`, lines: [item] });
  if (chance() < 0.3) {
    const levels = levels_of(sku, location_id, 0, 0);
    const counted = { kind: 'counted' as const, quantity: whole(9) - 4, reason: 'count', actor: 'staff_1' };
    say('inventory', 'stock.adjusted', at_ms, sku, `${sku}@${location_id}`, {
      sku,
      location_id,
      adjustment_id: `adj_${no}`,
      ...counted,
      levels,
    });
  }
  if (chance() < 0.2) {
    const missing = { ...item, resourced: [], quantity_backordered: item.quantity, quantity_short: 0 };
    say('inventory', 'stock.shortfall_detected', at_ms, order_id, order_id, { order_id, cause: 'short_pick', lines: [missing] });
    say('inventory', 'backorder.queued', at_ms, order_id, order_id, { order_id, lines: [waiting] });
    const how = pick(['filled', 'cancelled'] as const);
    if (chance() < 0.8) say('inventory', `backorder.${how}`, at_ms + whole(5 * day_ms), order_id, order_id, { order_id, lines: [waiting] });
  }
}

/** Shipments that never leave, with labels bought and scanned. */
export function tell_labels({ whole, say }: World, no: number): void {
  const bought_ms = begin_ms + whole(shop_days * day_ms);
  const order_id = `ord_labels_${no}`;
  const shipment = { order_id, shipment_id: `shp_labels_${no}`, location_id: locations[0] };
  const parcel = { parcel_id: `pcl_labels_${no}`, tracking_number: `T${no}`, cost: 300 + whole(500), adopted: false };
  const label = { ...shipment, shipment_status: 'labeled' as const, carrier: 'easypost', currency: 'GBP', parcels: [parcel] };
  say('shipping', 'parcel.label_purchased', bought_ms, order_id, shipment.shipment_id, label);
  for (const [index, carrier_status] of (['label_created', 'picked_up', 'in_transit'] as const).entries()) {
    const scanned_ms = bought_ms + (index + 1) * hour_ms;
    const scan = { ...shipment, parcel_id: parcel.parcel_id, carrier_status, carrier_at: at(scanned_ms) };
    say('shipping', 'parcel.tracked', scanned_ms, order_id, shipment.shipment_id, scan);
  }
}

export function tell_places({ say, whole }: World): void {
  for (const [index, location_id] of locations.entries()) {
    const place = { location_id, name: `Warehouse ${index + 1}`, address: { country: 'GB' }, priority: index + 1 };
    say('inventory', 'location.changed', begin_ms, location_id, location_id, { ...place, active: false });
    say('inventory', 'location.changed', begin_ms + hour_ms, location_id, location_id, { ...place, active: true });
  }
  for (const sku of skus) {
    const [location_id = ''] = locations;
    const policy = { sku, location_id, method: 'fixed' as const, target: 50, review_days: 1, safety_days: 3, auto: false };
    for (const change of [1, 2]) {
      say('suppliers', 'reorder_policy.changed', begin_ms + change, sku, `${sku}@${location_id}`, {
        ...policy,
        reorder_point: 5 + whole(10),
      });
    }
  }
}
