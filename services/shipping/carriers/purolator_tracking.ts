/** What Purolator's scans say, as facts. There are no webhooks: the shipment's timer polls. */

import type { Outcome } from '../../../platform/service.ts';
import { child, children, text_at, type XmlElement } from '../../../platform/xml/parse.ts';
import type { CarrierStatus, Track, TrackingFact } from './port.ts';
import { type PurolatorApi, p } from './purolator_api.ts';
import { instant_of_scan } from './purolator_time.ts';
import { repeatable } from './stop.ts';

const facts_max = 100;
const type_attribute = '{http://www.w3.org/2001/XMLSchema-instance}type';

/** Of ScanType, or of the element's own type. Any other scan says that it moves. */
const statuses: Readonly<Record<string, CarrierStatus>> = {
  ProofOfPickUp: 'picked_up',
  OnDelivery: 'out_for_delivery',
  Undeliverable: 'delivery_failed',
  Delivery: 'delivered',
};

export async function track(api: PurolatorApi, request: Track, signal: AbortSignal): Promise<Outcome> {
  const pins = p(
    'PINs',
    request.parcels.map(({ tracking_number }) => p('PIN', [p('Value', tracking_number)])),
  );
  const answer = await api.ask('TrackPackagesByPin', [pins], signal);
  // Nothing known of any of them is an answer: labels just bought have no scans.
  if (!answer.ok) return answer.errors === undefined ? repeatable(answer.stop) : { outcome: 'ok', value: { facts: [] } };
  const found = children(child(answer.value, 'TrackingInformationList'), 'TrackingInformation');
  const facts = request.parcels.flatMap(parcel =>
    found.filter(one => text_at(one, 'PIN', 'Value') === parcel.tracking_number).flatMap(one => facts_of(one, parcel)),
  );
  return { outcome: 'ok', value: { facts } };
}

/** The newest come first there; here the last is the newest. */
function facts_of(information: XmlElement, { parcel_id, tracking_number, carrier }: Track['parcels'][number]): TrackingFact[] {
  const facts = children(child(information, 'Scans'), 'Scan').flatMap((scan): TrackingFact[] => {
    const carrier_at = instant_of_scan(text_at(scan, 'ScanDate'), text_at(scan, 'ScanTime'));
    if (carrier_at === undefined) return [];
    const status = status_of(scan);
    const location = text_at(scan, 'Depot', 'Name');
    const signed_by = status === 'delivered' ? text_at(scan, 'ScanDetails', 'DeliverySignature') : undefined;
    return [{ carrier, tracking_number, parcel_id, status, carrier_at, ...(location && { location }), ...(signed_by && { signed_by }) }];
  });
  return facts.sort((a, b) => (a.carrier_at < b.carrier_at ? -1 : a.carrier_at > b.carrier_at ? 1 : 0)).slice(-facts_max);
}

function status_of(scan: XmlElement): CarrierStatus {
  const description = text_at(scan, 'Description') ?? '';
  const kind = (text_at(scan, 'ScanType') ?? scan.attributes[type_attribute]?.replace(/^.*:/, '') ?? '').replace(/Scan$/, '');
  if (kind !== 'Delivery' && /return(ed|ing)? to (the )?(sender|shipper)/i.test(description)) return 'returning';
  if (Object.hasOwn(statuses, kind)) return statuses[kind] ?? 'in_transit';
  return /label (was )?created|shipment created|information received/i.test(description) ? 'label_created' : 'in_transit';
}
