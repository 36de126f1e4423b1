/** For the tests of shipping: settings, what orders says, what carriers answer. */
import type {
  AnyEvent,
  FulfillmentRequested,
  LocationChanged,
  OrderCancellationRequested,
  ShippingEvent,
} from '../../../contracts/index.ts';
import { type Event, type Logged, later, type Outcome } from '../../../platform/service.ts';
import { type InMemory, in_memory, test_time } from '../../../platform/testing/in_memory.ts';
import { manual_carrier } from '../carriers/manual.ts';
import type { Carrier, Label, Rate, TrackingFact } from '../carriers/port.ts';
import type { ShippingCommand } from '../commands.ts';
import type { Fulfillment, KnownLocation, Parcel, Shipment, ShippingSettings } from '../model.ts';
import { shipping_references } from '../references.ts';
import { shipping_service } from '../service.ts';

export const order_id = 'ord_01hzx3v5qjf0k8m2n4p6r8t0v2';
export const depot = { name: 'Depot', line1: '1 Dock Road', city: 'Leeds', postal_code: 'LS1 1AA', country: 'GB' };
export const ship_to = { name: 'Ada Lovelace', line1: "12 St James's Square", city: 'London', postal_code: 'SW1Y 4JH', country: 'GB' };

/** A carrier nobody is called at: tests feed its outcomes by hand. */
const silent_easypost: Carrier = {
  name: 'easypost',
  adapter: {
    timeout_ms: 1_000,
    in_flight_max: 1,
    perform: async () => ({ outcome: 'unknown', detail: 'nobody is there' }),
    query: async () => ({ outcome: 'unknown', detail: 'nobody is there' }),
  },
  parse_webhook: () => ({ invalid: 'not_supported' }),
};

export function settings_of(more: Partial<ShippingSettings> = {}): ShippingSettings {
  return {
    fulfillment: 'auto',
    sellers: ['easypost'],
    carriers: { manual: manual_carrier({ currency: 'GBP' }), easypost: silent_easypost },
    manual_delivery_ms: 172_800_000,
    label_currency: 'GBP',
    ...more,
  };
}

/** So many minutes after the start of a test. */
export function minute(minutes: number): string {
  return later(test_time, minutes * 60_000);
}

let heard = 0;
/** As read from orders' log; each call is another event. */
export function logged<E extends AnyEvent>(event: E, key = order_id): Logged<E> {
  heard += 1;
  const id = `evt_01hzx3v5t3e5g7j9m1p3${String(heard).padStart(6, '0')}`;
  return {
    ...event,
    id,
    key,
    partition: 0,
    source: 'orders',
    position: heard,
    subject: key,
    sequence: heard,
    time: test_time,
    cause: 'req_test',
  };
}

const order = {
  order_id,
  currency: 'GBP',
  axes: { status: 'confirmed', payment_status: 'authorized', fulfillment_status: 'unfulfilled' },
} as const;

export interface Wanted {
  readonly line_no: number;
  readonly quantity: number;
  readonly location_id?: string;
  readonly weight_grams?: number;
}
export function fulfillment_requested(
  lines: readonly Wanted[],
  more: Partial<FulfillmentRequested['data']> = {},
): Logged<FulfillmentRequested> {
  const data: FulfillmentRequested['data'] = {
    ...order,
    fulfillment_no: 1,
    service: 'standard',
    lines: lines.map(({ line_no, quantity, location_id = 'leeds', weight_grams = 500 }) => ({
      line_no,
      quantity,
      location_id,
      weight_grams,
      sku: `SKU-${line_no}`,
      name: `Thing ${line_no}`,
      unit_price: 1_000,
    })),
    personal: { ship_to },
    ...more,
  };
  return logged({ type: 'fulfillment.requested', data }, data.order_id);
}
export function cancellation_requested(
  cancellation_no: number,
  lines: readonly Wanted[],
  of = order_id,
): Logged<OrderCancellationRequested> {
  const data: OrderCancellationRequested['data'] = {
    ...order,
    order_id: of,
    cancellation_no,
    scope: 'lines',
    reason: 'changed_mind',
    actor: 'sk:key_test',
    lines: lines.map(({ line_no, quantity, location_id = 'leeds' }) => ({ line_no, quantity, location_id })),
  };
  return logged({ type: 'order.cancellation_requested', data }, of);
}
export function hold(type: 'order.held' | 'order.hold_released', hold_id = 'hld_1'): Logged<AnyEvent> {
  return logged({ type, data: { ...order, hold_id, reason: 'address_to_be_checked', actor: 'system' } });
}

export function location_changed(
  location_id: string,
  address: LocationChanged['data']['address'],
  sequence: number,
): Logged<LocationChanged> {
  const data = { location_id, name: `At ${location_id}`, address, priority: 1, active: true };
  return { ...logged({ type: 'location.changed', data }, location_id), source: 'inventory', sequence };
}

export interface Shop extends InMemory {
  /** The ids of the order's shipments, the first planned first. */
  readonly shipment_ids: () => readonly string[];
  /** The nth of them. */
  shipment(place?: number): Shipment;
  parcel(place?: number): Parcel;
  /** The last operation of a kind. */
  op(kind: string): { readonly op_id: string; readonly request: Record<string, unknown> };
  /** A person asks something of the nth shipment. */
  ask(type: ShippingCommand['type'], more?: object, place?: number): ReturnType<InMemory['run']>;
  /** Rates come in for all parcels asked about. */
  rates(...prices: readonly Partial<Rate>[]): ReturnType<InMemory['run']>;
  /** All labels asked for are bought. */
  labels(more?: Partial<Label>): ReturnType<InMemory['run']>;
  answer(kind: string, outcome: Outcome, at?: string): ReturnType<InMemory['run']>;
  /** A carrier's word about the nth shipment's parcel. */
  scan(
    status: TrackingFact['status'],
    carrier_at: string,
    more?: Partial<TrackingFact> & { readonly place?: number; readonly parcel?: number },
  ): ReturnType<InMemory['run']>;
}

/** Its locations are known, all at the depot, but those of `unknown`. */
export function open_shop(more: Partial<ShippingSettings> = {}, unknown: readonly string[] = []): Shop {
  const memory: InMemory = in_memory(shipping_service(settings_of(more)), { refresh: shipping_references(() => memory) });
  const known: KnownLocation = { sequence: 1, name: 'Depot', address: depot };
  for (const location_id of ['leeds', 'london']) if (!unknown.includes(location_id)) memory.seed('location', location_id, known);
  const shipment_ids = () => memory.state<Fulfillment>('fulfillment', order_id).shipment_ids;
  const shipment = (place = 0) => memory.state<Shipment>('shipment', shipment_ids()[place] ?? '');
  const op = (kind: string) => {
    const found = [...memory.operations.values()].filter(operation => operation.kind === kind).at(-1);
    if (found === undefined) throw new Error(`no operation ${kind}`);
    return { op_id: found.op_id, request: found.request as Record<string, unknown> };
  };
  const asked = (kind: string) => op(kind).request['parcels'] as { parcel_id: string; provider_shipment_ref: string }[];
  const answer: Shop['answer'] = (kind, outcome, at) => memory.outcome(op(kind).op_id, outcome, at === undefined ? {} : { at });
  const parcel = (place = 0) => {
    const found = shipment().parcels[place];
    if (found === undefined) throw new Error(`no parcel ${place}`);
    return found;
  };
  return {
    ...memory,
    shipment_ids,
    shipment,
    parcel,
    op,
    answer,
    ask(type, more = {}, place = 0) {
      const command = { type, shipment_id: shipment(place).shipment_id, order_id, if_match: null, ...more };
      return memory.run(command);
    },
    rates: (...prices) =>
      answer('quote_rates', {
        outcome: 'ok',
        value: {
          messages: [],
          rates: asked('quote_rates').flatMap(({ parcel_id }) =>
            (prices.length === 0 ? [{}] : prices).map(price => rate_of(parcel_id, price)),
          ),
        },
      }),
    labels: (changed = {}) =>
      answer('buy_label', {
        outcome: 'ok',
        value: { labels: asked('buy_label').map(each => label_of(each.parcel_id, each.provider_shipment_ref, changed)) },
      }),
    scan(status, carrier_at, { place = 0, parcel: nth = 0, ...fact } = {}) {
      const of = shipment(place);
      const tracking_number = of.parcels[nth]?.tracking_number ?? 'none';
      const command = {
        type: 'record_carrier_facts',
        shipment_id: of.shipment_id,
        label_facts: [],
        facts: [{ carrier: 'RoyalMail', tracking_number, status, carrier_at, ...fact }],
      };
      return memory.run(command);
    },
  };
}

function rate_of(parcel_id: string, more: Partial<Rate>) {
  return {
    parcel_id,
    provider_shipment_ref: `ep_${parcel_id}`,
    rate_ref: 'rate_1',
    carrier: 'RoyalMail',
    service: 'Tracked48',
    amount: 400,
    currency: 'GBP',
    delivery_days: 2,
    ...more,
  };
}
export function label_of(parcel_id: string, label_ref = `ep_${parcel_id}`, more: Partial<Label> = {}) {
  return {
    parcel_id,
    tracking_number: `RM${parcel_id.slice(-8)}`,
    tracking_url: null,
    cost: 400,
    currency: 'GBP',
    label_ref,
    carrier: 'RoyalMail',
    service: 'Tracked48',
    adopted: false,
    ...more,
  };
}

type Said = { readonly [T in ShippingEvent['type']]: Extract<ShippingEvent, { type: T }>['data'] };
/** The first event of a type. */
export function said<T extends keyof Said>(ran: { readonly events: readonly Event[] }, type: T): Said[T] {
  const found = ran.events.find(event => event.type === type);
  if (found === undefined) throw new Error(`no ${type} among ${ran.events.map(event => event.type).join(', ')}`);
  // Of this type, so of its contract.
  return found.data as Said[T];
}
