/** Scans, the newest first. Nobody is told of them: who wants to know asks. */
import { at, elements, text_at } from '../soap.ts';
import type { StandInReply } from '../stand_in.ts';
import { type Asked, date_of, information, type Purolator, pin_tag, reply, type Shipment, tag, time_of } from './objects.ts';

const way = [
  { type: 'Other', xsi: 'Scan', text: 'Shipping label created' },
  { type: 'ProofOfPickUp', xsi: 'ProofOfPickUpScan', text: 'Picked up by Purolator' },
  { type: 'OnDelivery', xsi: 'OnDeliveryScan', text: 'On vehicle for delivery' },
  { type: 'Delivery', xsi: 'DeliveryScan', text: 'Shipment delivered' },
] as const;
const receiver = 'J TESTER';

export function by_pin(purolator: Purolator, asked: Asked): StandInReply {
  const pins = elements(at(asked.content, 'PINs') ?? asked.content, 'PIN').map(pin => text_at(pin, 'Value') ?? '');
  const found = pins.map(pin => purolator.shipments.get(pin)).filter(shipment => shipment !== undefined && !shipment.is_voided);
  if (found.length === 0)
    return reply(asked, '<TrackingInformationList i:nil="true"/>', [{ code: '2001135', description: 'There are no delivery details' }]);
  return reply(
    asked,
    list(
      purolator,
      found.filter(shipment => shipment !== undefined),
    ),
  );
}

/** Within the days given; a reference that several shipments have is an error, not a list. */
export function by_reference(purolator: Purolator, asked: Asked): StandInReply {
  const criteria = at(asked.content, 'TrackPackageByReferenceSearchCriteria');
  const wanted = (name: string) => text_at(criteria, name);
  const [from = '', until = ''] = [wanted('ShipmentFromDate'), wanted('ShipmentToDate')];
  const found = [...purolator.shipments.values()].filter(shipment => {
    const date = date_of(shipment.created_ms);
    const is_there = wanted('DestinationPostalCode') === undefined || wanted('DestinationPostalCode') === shipment.postal_code;
    const is_theirs = wanted('BillingAccountNumber') === undefined || wanted('BillingAccountNumber') === shipment.account;
    return !shipment.is_voided && shipment.reference === wanted('Reference') && date >= from && date <= until && is_there && is_theirs;
  });
  if (found.length > 1)
    return reply(asked, '<TrackingInformationList i:nil="true"/>', [
      { code: '2800002', description: 'The reference matches several shipments' },
    ]);
  return reply(asked, list(purolator, found));
}

function list(purolator: Purolator, shipments: readonly Shipment[]): string {
  const told = shipments.map(shipment => {
    const age_ms = purolator.sim.now_ms() - shipment.created_ms;
    const step_ms = purolator.deliver_after_ms / (way.length - 1);
    const scans = way.flatMap((_step, place) =>
      age_ms >= place * step_ms ? [scan(shipment, place, shipment.created_ms + place * step_ms)] : [],
    );
    return `<TrackingInformation>${pin_tag(shipment.pin)}<Scans>${scans.reverse().join('')}</Scans>${information()}</TrackingInformation>`;
  });
  return `<TrackingInformationList>${told.join('')}</TrackingInformationList>`;
}

function scan({ pin }: Shipment, place: number, at_ms: number): string {
  const { type, xsi, text } = way[place] ?? way[0];
  const details = type === 'Delivery' ? `<ScanDetails>${tag('DeliverySignature', receiver)}</ScanDetails>` : '';
  const name = xsi === 'Scan' ? '' : ` i:type="${xsi}"`;
  return `<Scan${name}>${tag('ScanType', type)}${pin_tag(pin)}<Depot>${tag('Name', 'TORONTO SORT CTR/CTR TRIE, ON')}</Depot>${tag('ScanDate', date_of(at_ms))}${tag('ScanTime', time_of(at_ms))}${tag('Description', text)}<Comment i:nil="true"/>${tag('SummaryScanIndicator', 'false')}${details}</Scan>`;
}
