/** Purolator for `doctor`: a postal code is looked up, and nothing else. */
import { type Checked, unreachable_host } from '../../../platform/adapters/check.ts';
import type { PurolatorApi } from './purolator_api.ts';
import { p } from './purolator_api.ts';
import { short_address } from './purolator_shipment.ts';

const known = { name: 'CN Tower', line1: '290 Bremner Boulevard', city: 'Toronto', region: 'ON', postal_code: 'M5V 3L9', country: 'CA' };

export async function check_purolator(api: PurolatorApi, base_url: string, signal: AbortSignal): Promise<Checked> {
  const { host } = new URL(base_url);
  const answer = await api.ask('ValidateCityPostalCodeZip', [p('Addresses', [short_address(known)])], signal);
  if (answer.ok || answer.errors !== undefined) return { ok: true, detail: `${host}: the key works` };
  const { stop } = answer;
  if (stop.outcome === 'permanent_error' && stop.code === 'credentials_refused')
    return { ok: false, detail: `${host}: key or password are refused; copy PUROLATOR_KEY and PUROLATOR_PASSWORD again` };
  if (stop.outcome === 'retryable') return unreachable_host(host, stop.detail ?? '', 'PUROLATOR_BASE_URL');
  return { ok: false, detail: `${host}: an answer that its API does not give; are PUROLATOR_BASE_URL and PUROLATOR_VERSIONS right?` };
}
