/**
 * The carrier `manual`: people take the parcels away, and nobody is called. A parcel's number is a pure function of its id,
 * so shipments are planned with their labels and every operation succeeds at once (decisions.md 1).
 */
import { createHash } from 'node:crypto';
import { Compile } from 'typebox/compile';
import type { Operation, Outcome } from '../../../platform/service.ts';
import { BuyLabelSchema, type Carrier, type Label, QuoteRatesSchema, type Rate, VoidLabelSchema } from './port.ts';

const requests = { quote_rates: Compile(QuoteRatesSchema), buy_label: Compile(BuyLabelSchema), void_label: Compile(VoidLabelSchema) };
/** No I O: what people read as 1 0 stays out of numbers they type. */
const alphabet = '0123456789ABCDEFGHJKLMNPQRSTUVWXYZ';
const number_length = 12;

/** `MN` and 12 letters and digits, the same for the same parcel. */
export function manual_tracking_number(parcel_id: string): string {
  const digest = createHash('sha256').update(parcel_id).digest();
  let number = 'MN';
  for (const byte of digest.subarray(0, number_length)) number += alphabet.charAt(byte % alphabet.length);
  return number;
}

/** `currency`: in which its labels cost nothing. */
export function manual_carrier(options: { readonly currency: string }): Carrier {
  return {
    name: 'manual',
    adapter: {
      timeout_ms: 1_000,
      in_flight_max: 1_000,
      perform: async operation => answer(operation, options.currency),
      query: async operation => answer(operation, options.currency),
    },
    parse_webhook: () => ({ invalid: 'not_supported' }),
  };
}

function answer({ kind, request }: Operation, currency: string): Outcome {
  const same = { carrier: 'manual', service: 'manual', currency };
  if (kind === 'quote_rates' && requests.quote_rates.Check(request)) {
    const rates: Rate[] = request.parcels.map(({ parcel_id }) => ({
      ...same,
      parcel_id,
      provider_shipment_ref: parcel_id,
      rate_ref: 'manual',
      amount: 0,
    }));
    return { outcome: 'ok', value: { rates, messages: [] } };
  }
  if (kind === 'buy_label' && requests.buy_label.Check(request)) {
    const labels: Label[] = request.parcels.map(({ parcel_id }) => ({
      ...same,
      parcel_id,
      tracking_number: manual_tracking_number(parcel_id),
      tracking_url: null,
      cost: 0,
      label_ref: parcel_id,
      adopted: false,
    }));
    return { outcome: 'ok', value: { labels } };
  }
  if (kind === 'void_label' && requests.void_label.Check(request))
    return { outcome: 'ok', value: { voided: request.parcels.map(({ parcel_id }) => parcel_id), refused: [], submitted: [] } };
  if (kind === 'track') return { outcome: 'ok', value: { facts: [] } };
  return { outcome: 'permanent_error', code: 'malformed_request', detail: `manual does not understand this ${kind}` };
}
