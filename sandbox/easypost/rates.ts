/** What the stand-in's carrier charges. Prices are made up, whole cents, and the same for the same parcel. */
import { type Address, decimal, type EasyPost, type Parcel, type Rate, type Shipment } from './objects.ts';

/** Ounces that no carrier takes (a magic value), and what they say then. */
export const magic_weight = 99_999;
const ounces_of_a_pound = 16;

interface Tariff {
  readonly service: string;
  readonly first_cents: number;
  readonly pound_cents: number;
  readonly delivery_days: number;
}
const domestic: readonly Tariff[] = [
  { service: 'Express', first_cents: 2_810, pound_cents: 310, delivery_days: 2 },
  { service: 'Priority', first_cents: 690, pound_cents: 120, delivery_days: 2 },
  { service: 'GroundAdvantage', first_cents: 518, pound_cents: 75, delivery_days: 3 },
];
/** USPS collects nothing there. */
const canadian: readonly Tariff[] = [
  { service: 'Priority', first_cents: 3_890, pound_cents: 280, delivery_days: 1 },
  { service: 'Xpresspost', first_cents: 2_450, pound_cents: 160, delivery_days: 2 },
  { service: 'RegularParcel', first_cents: 1_990, pound_cents: 90, delivery_days: 5 },
];
const international: readonly Tariff[] = [
  { service: 'ExpressMailInternational', first_cents: 5_250, pound_cents: 540, delivery_days: 4 },
  { service: 'PriorityMailInternational', first_cents: 3_640, pound_cents: 330, delivery_days: 8 },
  { service: 'FirstClassPackageInternationalService', first_cents: 1_480, pound_cents: 210, delivery_days: 12 },
];

export function make_rates(easypost: EasyPost, parcel: Parcel, from: Address, to: Address, currency: string): Rate[] {
  if (parcel.weight >= magic_weight) return [];
  const is_canadian = from.country === 'CA';
  const tariffs = from.country !== to.country ? international : is_canadian ? canadian : domestic;
  const pounds = Math.ceil(parcel.weight / ounces_of_a_pound);
  return tariffs.map(({ service, first_cents, pound_cents, delivery_days }) => ({
    id: easypost.sim.id('rate_'),
    carrier: is_canadian ? 'CanadaPost' : 'USPS',
    service,
    cents: first_cents + pound_cents * pounds,
    currency,
    delivery_days,
  }));
}

export function rate_messages(parcel: Parcel): readonly object[] {
  if (parcel.weight < magic_weight) return [];
  return [
    { carrier: 'USPS', carrier_account_id: carrier_account, type: 'rate_error', message: 'Shipment weight exceeds the maximum of 70 lb' },
  ];
}

const carrier_account = 'ca_00000000000000000000000000000001';

export function rate_on_wire(rate: Rate, shipment: Shipment): object {
  return {
    id: rate.id,
    object: 'Rate',
    created_at: shipment.created_at,
    updated_at: shipment.created_at,
    mode: 'test',
    service: rate.service,
    carrier: rate.carrier,
    rate: decimal(rate.cents),
    currency: rate.currency,
    retail_rate: decimal(rate.cents + Math.floor(rate.cents / 4)),
    retail_currency: rate.currency,
    list_rate: decimal(rate.cents),
    list_currency: rate.currency,
    billing_type: 'easypost',
    delivery_days: rate.delivery_days,
    delivery_date: null,
    delivery_date_guaranteed: false,
    est_delivery_days: rate.delivery_days,
    shipment_id: shipment.id,
    carrier_account_id: carrier_account,
  };
}
