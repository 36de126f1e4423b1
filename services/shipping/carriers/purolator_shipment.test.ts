/** The splitting that Purolator's schema asks for, and its times without a zone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { write_xml } from '../../../platform/xml/write.ts';
import { phone_of, postal_code_of, province_of, shipment_element, street_of } from './purolator_shipment.ts';
import { date_in_toronto, instant_of_scan } from './purolator_time.ts';

const streets = [
  ['179 N Harbor Dr', '179', null, 'N Harbor Dr', null],
  ['302-1234 Main St', '1234', null, 'Main St', '302'],
  ['#5 - 12A King St W', '12', 'A', 'King St W', '5'],
  ['12, rue Sainte-Catherine', '12', null, 'rue Sainte-Catherine', null],
  ['12 ½ Elm', '12', '½', 'Elm', null],
  ['PO Box 99', null, null, 'PO Box 99', null],
  ['1st Avenue', null, null, '1st Avenue', null],
  ['100', null, null, '100', null],
] as const;
for (const [line, number, suffix, name, suite] of streets)
  test(`the street ${line}`, () => assert.deepEqual(street_of(line), { number, suffix, name, suite }));

const phones = [
  ['+1 416-555-0100', '1', '416', '5550100', null],
  ['(416) 555 0100 x12', '1', '416', '5550100', '12'],
  ['14165550100', '1', '416', '5550100', null],
  ['0014165550100', '1', '416', '5550100', null],
  ['+44 20 7946 0958', '44', '20', '79460958', null],
] as const;
for (const [text, country, area, number, extension] of phones)
  test(`the phone ${text}`, () => assert.deepEqual(phone_of(text), { country, area, number, extension }));
for (const text of ['555 0100', '', null, '+442079460958', 'call me'])
  test(`no phone can be made of ${text}`, () => assert.equal(phone_of(text), undefined));

test('provinces and postal codes as they are written there', () => {
  assert.deepEqual([province_of('CA-ON'), province_of(' on '), province_of(null), postal_code_of(' m5j 0b8')], ['ON', 'ON', '', 'M5J0B8']);
});

test('a shipment is written in the order of the schema, its total weight in whole kilograms and its piece exact', () => {
  const ada = { name: 'Ada & Co', line1: '12 Main St', city: 'Ottawa', region: 'ON', postal_code: 'K1A 0B1', country: 'CA' };
  const asked = {
    parcel_id: 'pcl_1',
    ship_from: ada,
    ship_to: ada,
    weight_grams: 1_250,
    dimensions_mm: [305, 200, 99],
    service: 'PurolatorGround',
    shipment_date: '2026-03-02',
    account: '9',
  } as const;
  const xml = write_xml(shipment_element(asked), { p: 'urn:p', i: 'urn:i' });
  const names = [...xml.matchAll(/<p:(\w+)/g)]
    .map(match => match[1])
    .filter(name => !['Value', 'WeightUnit', 'DimensionUnit'].includes(name ?? ''));
  const address = ['Address', 'Name', 'StreetNumber', 'StreetName', 'City', 'Province', 'Country', 'PostalCode', 'PhoneNumber'];
  assert.deepEqual(names, [
    ...['Shipment', 'SenderInformation', ...address, 'ReceiverInformation', ...address, 'ShipmentDate', 'PackageInformation', 'ServiceID'],
    ...[
      'TotalWeight',
      'TotalPieces',
      'PiecesInformation',
      'Piece',
      'Weight',
      'Length',
      'Width',
      'Height',
      'PaymentInformation',
      'PaymentType',
    ],
    ...['RegisteredAccountNumber', 'BillingAccountNumber', 'PickupInformation', 'PickupType', 'TrackingReferenceInformation', 'Reference1'],
  ]);
  assert.deepEqual(
    [...xml.matchAll(/<p:Value>([^<]*)/g)].map(match => match[1]),
    ['2', '1.25', '30.5', '20', '9.9'],
  );
  assert.ok(xml.includes('Ada &amp; Co') && xml.includes('PhoneNumber xmlns:i="urn:i" i:nil="true"'), xml);
});

test('days and times are those of Toronto, summer and winter', () => {
  assert.equal(date_in_toronto(Date.parse('2026-03-02T03:00:00.000Z')), '2026-03-01');
  const times = [
    ['2026-03-02', '070000', '2026-03-02T12:00:00.000Z'],
    ['2026-07-02', '235959', '2026-07-03T03:59:59.000Z'],
    ['2026-03-08', '033000', '2026-03-08T07:30:00.000Z'],
    ['2026-03-02', '12:30:00', '2026-03-02T17:30:00.000Z'],
    ['2026-03-02', '7', '2026-03-02T05:00:07.000Z'],
    ['2026-02-30', '250000', undefined],
    ['02/03/2026', '070000', undefined],
  ] as const;
  for (const [date, time, expected] of times) assert.equal(instant_of_scan(date, time), expected, `${date} ${time}`);
});
