/** npm `soap`, which neither side uses: as a client made from our WSDL it drives the stand-in, as a server made from it it hears the adapter. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type TestContext, test } from 'node:test';
import * as soap from 'soap';
import type { Operation, Outcome, Row } from '../../../platform/service.ts';
import { start_purolator } from '../../../sandbox/purolator/purolator.ts';
import { wsdl_of } from '../../../sandbox/purolator/schema.ts';
import type { OperationKind } from './port.ts';
import { purolator_carrier } from './purolator.ts';

const credentials = { key: 'key', password: 'password' };
const now_ms = Date.parse('2026-03-02T17:00:00.000Z');
const phone = { CountryCode: '1', AreaCode: '416', Phone: '5550100' };
const address = {
  StreetNumber: '12',
  StreetName: 'Main St',
  City: 'Ottawa',
  Province: 'ON',
  Country: 'CA',
  PostalCode: 'K1A0B1',
  PhoneNumber: phone,
};
const centimetres = (Value: string) => ({ Value, DimensionUnit: 'cm' });
const shipment = {
  SenderInformation: { Address: { Name: 'Depot', ...address } },
  ReceiverInformation: { Address: { Name: 'Ada', ...address } },
  ShipmentDate: '2026-03-02',
  PackageInformation: {
    ServiceID: 'PurolatorGround',
    TotalWeight: { Value: 2, WeightUnit: 'kg' },
    TotalPieces: 1,
    PiecesInformation: {
      Piece: [
        { Weight: { Value: '1.25', WeightUnit: 'kg' }, Length: centimetres('30'), Width: centimetres('20'), Height: centimetres('10') },
      ],
    },
  },
  PaymentInformation: { PaymentType: 'Sender', RegisteredAccountNumber: '99', BillingAccountNumber: '99' },
  PickupInformation: { PickupType: 'DropOff' },
  TrackingReferenceInformation: { Reference1: 'pcl_1' },
};

/** The stand-in, and a foreign client of one of its services. */
async function client_of(t: TestContext, options: { readonly deliver_after_ms?: number } = {}) {
  const sim = await start_purolator({ credentials, now_ms: () => now_ms, deliver_after_ms: 60_000, ...options });
  t.after(() => sim.stop());
  const client = async (service: string, version = 'V2', password = credentials.password) => {
    const made = await soap.createClientAsync(`${sim.url}/EWS/${version}/${service}/${service}Service.asmx?wsdl`);
    made.setSecurity(new soap.BasicAuthSecurity(credentials.key, password));
    const context = { Version: version === 'V1' ? '1.0' : '2.0', Language: 'en', GroupID: 'g', RequestReference: 'r' };
    made.addSoapHeader({ RequestContext: context }, '', 'd', `http://purolator.com/pws/datatypes/${version.toLowerCase()}`);
    return made;
  };
  return { sim, client };
}

test('a foreign client made from our WSDL estimates, validates, ships, prints, finds, tracks and voids at the stand-in', async t => {
  const { sim, client } = await client_of(t, { deliver_after_ms: 0 });
  const estimating = await client('Estimating');
  const [estimates] = await estimating['GetFullEstimateAsync']({ Shipment: shipment, ShowAlternativeServicesIndicator: true });
  assert.equal(estimates.ShipmentEstimates.ShipmentEstimate.length, 4);
  const shipping = await client('Shipping');
  assert.equal((await shipping['ValidateShipmentAsync']({ Shipment: shipment }))[0].ValidShipment, true);
  const [created] = await shipping['CreateShipmentAsync']({ Shipment: shipment, PrinterType: 'Thermal' });
  const pin = created.ShipmentPIN.Value;
  assert.deepEqual([sim.ledger().length, sim.ledger()[0]?.id, sim.ledger()[0]?.reference], [1, pin, 'pcl_1']);
  const documents = await client('ShippingDocuments', 'V1');
  const criteria = [{ PIN: { Value: pin }, DocumentTypes: { DocumentType: ['DomesticBillOfLadingThermal'] } }];
  const [printed] = await documents['GetDocumentsAsync']({
    OutputType: 'PDF',
    Synchronous: true,
    DocumentCriterium: { DocumentCriteria: criteria },
  });
  assert.match(printed.Documents.Document[0].DocumentDetails.DocumentDetail[0].URL, new RegExp(`${pin}\\.pdf$`));
  const tracking = await client('Tracking', 'V1');
  const [found] = await tracking['TrackPackagesByReferenceAsync']({
    TrackPackageByReferenceSearchCriteria: { Reference: 'pcl_1', ShipmentFromDate: '2026-03-01', ShipmentToDate: '2026-03-03' },
  });
  assert.equal(found.TrackingInformationList.TrackingInformation[0].PIN.Value, pin);
  const [tracked] = await tracking['TrackPackagesByPinAsync']({ PINs: { PIN: [{ Value: pin }] } });
  assert.equal(tracked.TrackingInformationList.TrackingInformation[0].Scans.Scan[0].Description, 'Shipment delivered');
  const [voided] = await shipping['VoidShipmentAsync']({ PIN: { Value: pin } });
  assert.deepEqual([voided.ShipmentVoided, sim.ledger().length], [true, 2]);
});

/** How the server answered, whatever the client makes of it. */
function call(client: soap.Client, operation: string, body: object): Promise<{ readonly status: number }> {
  const { promise, resolve } = Promise.withResolvers<{ readonly status: number }>();
  client.on('response', (_body, response) => resolve(response));
  client[`${operation}Async`](body).catch(() => undefined);
  return promise;
}

test('the stand-in refuses what its schema does not know, and who is not let in', async t => {
  const { sim, client } = await client_of(t);
  const shipping = await client('Shipping');
  const { PackageInformation, ...others } = shipment;
  const late = { ...others, PackageInformation: { ...PackageInformation, TotalWeight: { Value: '1.5', WeightUnit: 'kg' } } };
  await assert.rejects(shipping['CreateShipmentAsync']({ Shipment: late, PrinterType: 'Thermal' }), /Client/);
  await assert.rejects(shipping['CreateShipmentAsync']({ PrinterType: 'Thermal', Shipment: {} }), /Client/);
  const stranger = await client('Shipping', 'V2', 'wrong');
  const { status } = await call(stranger, 'VoidShipment', { PIN: { Value: '1' } });
  assert.equal(status, 401);
  assert.equal(sim.ledger().length, 0);
});

const place = {
  name: 'Ada',
  line1: '12 Main St',
  city: 'Ottawa',
  region: 'ON',
  postal_code: 'K1A 0B1',
  country: 'CA',
  phone: '+1 416 555 0100',
};
const measures = { parcel_id: 'pcl_1', weight_grams: 1_250, dimensions_mm: [300, 200, 100] };

test('our adapter drives a foreign server made from our WSDL', async t => {
  const heard: Record<string, unknown>[] = [];
  const ok = { ResponseInformation: { Errors: {}, InformationalMessages: {} } };
  const hears = (operation: string, answer: object) => ({
    [operation]: (body: Record<string, unknown>) => {
      heard.push({ operation, ...body });
      return { ...ok, ...answer };
    },
  });
  const answers = {
    Estimating: hears('GetFullEstimate', {
      ShipmentEstimates: {
        ShipmentEstimate: [
          { ServiceID: 'PurolatorGround', ShipmentDate: '2026-03-02', EstimatedTransitDays: 2, BasePrice: '12.9', TotalPrice: '18.4' },
        ],
      },
    }),
    Shipping: {
      ...hears('ValidateShipment', { ValidShipment: true }),
      ...hears('CreateShipment', { ShipmentPIN: { Value: '329014521622' } }),
    },
    Tracking: hears('TrackPackagesByPin', {
      TrackingInformationList: {
        TrackingInformation: [
          {
            PIN: { Value: '329014521622' },
            Scans: { Scan: [{ ScanType: 'Undeliverable', ScanDate: '2026-03-03', ScanTime: '101500', Description: 'Returned to sender' }] },
          },
        ],
      },
    }),
  };
  const server = createServer();
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const bound = server.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  const url = `http://127.0.0.1:${bound.port}`;
  for (const [name, methods] of Object.entries(answers))
    soap.listen(
      server,
      `/EWS/V2/${name}/${name}Service.asmx`,
      { [`${name}Service`]: { [`${name}Endpoint`]: methods } },
      wsdl_of('v2', url),
    );
  const carrier = purolator_carrier({
    ...credentials,
    account: '99',
    base_url: url,
    clock: { now_ms: () => now_ms },
    versions: { tracking: 'v2' },
  });
  const at = new Date(now_ms).toISOString();
  const perform = (kind: OperationKind, request: Row): Promise<Outcome> => {
    const operation: Operation = {
      op_id: 'op_1',
      kind,
      provider: 'purolator',
      subject: 's',
      key: 'o',
      state: 'sent',
      attempts: 1,
      request,
      requested_at: at,
      sent_at: at,
      learned: {},
    };
    return carrier.adapter.perform(operation, AbortSignal.timeout(5_000), async () => true);
  };
  const both = { shipment_id: 's', order_id: 'o', ship_to: place, ship_from: place };
  const quoted = await perform('quote_rates', { ...both, parcels: [measures], service: 'standard' });
  assert.deepEqual(quoted.outcome === 'ok' && quoted.value['rates'], [
    {
      parcel_id: 'pcl_1',
      provider_shipment_ref: 'pcl_1',
      rate_ref: 'PurolatorGround',
      carrier: 'Purolator',
      service: 'PurolatorGround',
      amount: 1_840,
      currency: 'CAD',
      delivery_days: 2,
    },
  ]);
  const refs = { provider_shipment_ref: 'pcl_1', rate_ref: 'PurolatorGround', amount: 1_840, currency: 'CAD' };
  const bought = await perform('buy_label', { ...both, service: 'PurolatorGround', parcels: [{ ...measures, ...refs }] });
  assert.equal(bought.outcome === 'ok' && (bought.value['labels'] as Row[])[0]?.['tracking_number'], '329014521622');
  const tracked = await perform('track', { parcels: [{ parcel_id: 'pcl_1', tracking_number: '329014521622', carrier: 'Purolator' }] });
  assert.equal(tracked.outcome === 'ok' && (tracked.value['facts'] as Row[])[0]?.['status'], 'returning');

  assert.deepEqual(
    heard.map(({ operation }) => operation),
    ['GetFullEstimate', 'ValidateShipment', 'CreateShipment', 'TrackPackagesByPin'],
  );
  // As the foreign server read it: nothing lost on the way.
  const created = heard[2]?.['Shipment'] as typeof shipment;
  assert.equal(created.ReceiverInformation.Address.PostalCode, 'K1A0B1');
  assert.deepEqual(created.ReceiverInformation.Address.PhoneNumber, phone);
  assert.equal(created.TrackingReferenceInformation.Reference1, 'pcl_1');
  assert.deepEqual([String(created.PackageInformation.TotalWeight.Value), created.PackageInformation.ServiceID], ['2', 'PurolatorGround']);
});
