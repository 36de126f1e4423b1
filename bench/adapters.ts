/**
 * `npm run bench -- --adapters`: how many operations a second go through each adapter to its stand-in at 64 in flight, and where the time goes: the floor is the
 * same line with nothing behind it. Adapter and stand-in share this process; a real third party is elsewhere and far slower.
 */
import { cpus } from 'node:os';
import { call } from '../platform/adapters/call.ts';
import type { Adapter, Operation, Row } from '../platform/service.ts';
import { start_cybersource } from '../sandbox/cybersource/cybersource.ts';
import { test_certificate, test_key } from '../sandbox/cybersource/test_certificate.ts';
import { start_easypost } from '../sandbox/easypost/easypost.ts';
import { start_purolator } from '../sandbox/purolator/purolator.ts';
import { start_stripe } from '../sandbox/stripe/stripe.ts';
import { start_supplier } from '../sandbox/supplier/supplier.ts';
import { cybersource_gateway } from '../services/payments/gateways/cybersource.ts';
import { signer_of } from '../services/payments/gateways/cybersource_signature.ts';
import { stripe_gateway } from '../services/payments/gateways/stripe.ts';
import { easypost_carrier } from '../services/shipping/carriers/easypost.ts';
import { purolator_carrier } from '../services/shipping/carriers/purolator.ts';
import { suppliers_adapters } from '../services/suppliers/adapters.ts';

const in_flight = 64;
const timeout_ms = 30_000;
const address = { name: 'Ada Byron', line1: '179 N Harbor Dr', city: 'Redondo Beach', region: 'CA', postal_code: '90277', country: 'US' };

export async function bench_adapters(count: number): Promise<void> {
  console.log(
    `\n  adapters: ${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}; ${count} operations each, ${in_flight} in flight, adapter and stand-in in one process\n`,
  );
  const now_ms = Date.now;
  const [stripe, easypost, supplier] = await Promise.all([
    start_stripe({ secret_key: 'sk_test_bench' }),
    start_easypost(),
    start_supplier(),
  ]);
  const gateway = stripe_gateway({ base_url: stripe.url, secret_key: 'sk_test_bench', webhook_secret: 'whsec', timeout_ms, now_ms });
  const carrier = easypost_carrier({ api_key: 'EZTK_bench', base_url: `${easypost.url}/v2/` });
  const channel = suppliers_adapters({ rest: { base_url: supplier.url, api_key: 'bench' }, now_ms })['rest'];
  if (channel === undefined) throw new Error('there is no channel rest');
  await measured('the floor: a line, a request, a reply', count, async () => {
    const { answer } = await call(
      { method: 'GET', url: `${stripe.url}/__sim/health`, headers: {}, reply_bytes_max: 10_000 },
      AbortSignal.timeout(timeout_ms),
    );
    return answer === 'reply';
  });
  const paid: string[] = [];
  await measured('Stripe: authorize', count, async index => {
    const outcome = await perform(gateway.adapter, 'authorize', index, authorize_request(index));
    if (outcome.outcome === 'ok') paid.push(String(outcome.value['gateway_ref']));
    return outcome.outcome === 'ok';
  });
  await measured('Stripe: capture', paid.length, async index => {
    const request = {
      payment_id: `pay_${index}`,
      order_id: `ord_${index}`,
      gateway_ref: paid[index] ?? '',
      capture_no: 1,
      amount: 8400,
      currency: 'GBP',
      final: true,
    };
    return (await perform(gateway.adapter, 'capture', index, request)).outcome === 'ok';
  });
  const rates: Row[] = [];
  await measured('EasyPost: quote a parcel', count, async index => {
    const parcels = [{ parcel_id: `pcl_${index}`, weight_grams: 400, dimensions_mm: [254, 200, 100] }];
    const outcome = await perform(carrier.adapter, 'quote_rates', index, {
      shipment_id: `shp_${index}`,
      order_id: `ord_${index}`,
      parcels,
      ship_to: address,
      ship_from: address,
      service: 'standard',
    });
    // As the port says.
    if (outcome.outcome === 'ok') rates.push((outcome.value['rates'] as unknown as Row[])[0] ?? {});
    return outcome.outcome === 'ok';
  });
  await measured('EasyPost: buy its label', rates.length, async index => {
    const { parcel_id = '', provider_shipment_ref = '', rate_ref = '' } = rates[index] ?? {};
    const request = { shipment_id: `shp_${index}`, order_id: `ord_${index}`, parcels: [{ parcel_id, provider_shipment_ref, rate_ref }] };
    return (await perform(carrier.adapter, 'buy_label', index, request)).outcome === 'ok';
  });
  await measured(
    'supplier: send an order of three lines',
    count,
    async index => (await perform(channel, 'send_order', index, order_request(index))).outcome === 'ok',
  );
  await Promise.all([stripe, easypost, supplier].map(each => each.stop()));
  await bench_soap(count);
}

/** The two that speak SOAP. CyberSource's messages are signed, and their signature is verified by the stand-in. */
async function bench_soap(count: number): Promise<void> {
  const [cybersource, purolator] = await Promise.all([
    start_cybersource({ merchant_id: 'bench', certificate: test_certificate }),
    start_purolator({ credentials: { key: 'bench', password: 'bench' } }),
  ]);
  const gateway = cybersource_gateway({
    base_url: cybersource.url,
    merchant_id: 'bench',
    signer: signer_of(test_key, test_certificate),
    schema_version: '1.224',
    timeout_ms,
    payer_url: op_id => `http://127.0.0.1/${op_id}`,
    now_ms: Date.now,
  });
  const billing = { name: 'Ada Byron', line1: '1 Road', city: 'London', postal_code: 'N1 7AA', country: 'GB' };
  const paying = { ...authorize_request(0), method: 'sim_visa', billing, receipt_email: 'ada@example.com' };
  await measured('CyberSource: authorize, signed', count, async index => {
    const request = { ...paying, payment_id: `pay_${index}`, order_id: `ord_${index}` };
    return (await perform(gateway.adapter, 'authorize', index, request)).outcome === 'ok';
  });
  const carrier = purolator_carrier({
    base_url: purolator.url,
    key: 'bench',
    password: 'bench',
    account: '9999999999',
    versions: {},
    clock: { now_ms: Date.now },
    timeout_ms,
  });
  const address = (line1: string, city: string, postal_code: string) => ({
    ...{ name: 'Ada Byron', line1, city, region: 'ON', postal_code, country: 'CA', phone: '+1 416 555 0100' },
  });
  await measured('Purolator: quote a parcel', count, async index => {
    const outcome = await perform(carrier.adapter, 'quote_rates', index, {
      shipment_id: `shp_${index}`,
      order_id: `ord_${index}`,
      parcels: [{ parcel_id: `pcl_${index}`, weight_grams: 400, dimensions_mm: [254, 200, 100] }],
      ship_from: address('88 Queens Quay W', 'Toronto', 'M5J 0B8'),
      ship_to: address('12 Main St', 'Ottawa', 'K1A 0B1'),
      service: 'standard',
      currency: 'CAD',
    });
    return outcome.outcome === 'ok' && JSON.stringify(outcome.value).includes('rate_ref');
  });
  await Promise.all([cybersource, purolator].map(each => each.stop()));
}

function perform(adapter: Adapter, kind: string, index: number, request: Row) {
  const requested_at = new Date().toISOString();
  const operation: Operation = {
    ...{ op_id: `op_${kind}_${index}`, kind, provider: 'bench', subject: `sub_${index}`, key: `ord_${index}`, request },
    ...{ state: 'requested', attempts: 1, requested_at, sent_at: requested_at, learned: {} },
  };
  return adapter.perform(operation, AbortSignal.timeout(timeout_ms), async () => true);
}

function authorize_request(index: number): Row {
  return {
    payment_id: `pay_${index}`,
    order_id: `ord_${index}`,
    amount: 8400,
    currency: 'GBP',
    intent: 'authorize',
    method: 'pm_card_visa',
  };
}
function order_request(index: number): Row {
  const location = { code: 'MAIN', line1: '1 Dock Road', city: 'Leeds', postal_code: 'LS1', country: 'GB' };
  const lines = [1, 2, 3].map(line_no => ({ line_no, supplier_sku: `S-${line_no}`, sku: `OUR-${line_no}`, quantity: 10, cost: 105 }));
  return {
    po_id: `po_${index}`,
    supplier_code: 'acme',
    reference: `po_${index}`,
    currency: 'EUR',
    location,
    lines,
    requested_at: new Date().toISOString(),
  };
}

async function measured(name: string, count: number, once: (index: number) => Promise<boolean>): Promise<void> {
  const took_ms: number[] = [];
  let [next, failed] = [0, 0];
  const from = performance.now();
  const cpu = process.cpuUsage();
  const worker = async () => {
    for (let index = next++; index < count; index = next++) {
      const began = performance.now();
      if (!(await once(index))) failed += 1;
      took_ms.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: in_flight }, worker));
  const seconds = (performance.now() - from) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  took_ms.sort((a, b) => a - b);
  const at = (share: number) => (took_ms[Math.floor(took_ms.length * share)] ?? 0).toFixed(0);
  const text = `${Math.round(count / seconds).toLocaleString('en-GB')}/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, processor ${((user + system) / 1_000 / count).toFixed(2)} ms each`;
  console.log(`  ${name.padEnd(42)} ${text}${failed > 0 ? `; ${failed} FAILED` : ''}`);
}
