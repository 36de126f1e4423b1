/** The parcels of an order, as their carriers tell. */
import type { Parcel, Shipment } from '../api_types.ts';
import { words } from '../format.ts';

const parcel_words: Readonly<Record<string, string>> = {
  unknown: 'Waiting for the carrier',
  label_created: 'Packed, waiting for the carrier',
  picked_up: 'With the carrier',
  in_transit: 'On its way',
  delayed: 'Delayed on its way',
  out_for_delivery: 'Out for delivery today',
  awaiting_pickup: 'Waiting for you at the pick-up point',
  delivery_failed: 'Nobody was there; the carrier tries again',
  returning: 'On its way back to us',
  lost: 'Lost by the carrier; we make it good',
  delivered: 'Delivered',
  sent_back: 'Came back to us',
};
const carrier_words: Readonly<Record<string, string>> = { easypost: 'EasyPost', purolator: 'Purolator' };
const shipment_words: Readonly<Record<string, string>> = {
  planned: 'Being packed',
  labeling: 'Being packed',
  labeled: 'Packed, waiting for the carrier',
};

export function Parcels({ shipments }: { shipments: readonly Shipment[] }) {
  const shown = shipments.filter(({ status }) => status !== 'cancelled');
  if (shown.length === 0) return null;
  return (
    <ul class="parcels">
      {shown.map((shipment, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: shipments are only ever added; a guest is not told their ids.
        <ShipmentRows key={place} shipment={shipment} />
      ))}
    </ul>
  );
}

function ShipmentRows({ shipment: { status, parcels, carrier } }: { shipment: Shipment }) {
  if (parcels.length === 0)
    return (
      <li>
        <strong>{shipment_words[status] ?? words(status)}</strong>
      </li>
    );
  return parcels.map(parcel => <ParcelRow key={parcel.tracking_number} parcel={parcel} carrier={carrier} />);
}

function ParcelRow({ parcel, carrier }: { parcel: Parcel; carrier: string | null }) {
  const { status, tracking_number, tracking_url } = parcel;
  const number = tracking_number ?? '';
  return (
    <li class={status === 'delivered' ? 'done' : ''}>
      <strong>{parcel_words[status] ?? words(status)}</strong>
      {number !== '' && (
        <small>
          {carrier === null ? '' : `${carrier_words[carrier] ?? words(carrier)} `}
          {/* An address that is no web address is text: it came from a third party. */}
          {tracking_url?.startsWith('https://') ? (
            <a href={tracking_url} rel="noreferrer noopener" target="_blank">
              {number}
            </a>
          ) : (
            number
          )}
        </small>
      )}
    </li>
  );
}
