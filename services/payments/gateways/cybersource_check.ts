/** CyberSource for `doctor`: it is asked to reverse an authorization that was never made, in a signed message like every other. Whatever it answers, no money moves. */
import { type Checked, unreachable_host } from '../../../platform/adapters/check.ts';
import type { XmlNode } from '../../../platform/xml/write.ts';
import type { Told } from './cybersource_reply.ts';
import { reversal_message } from './cybersource_requests.ts';

/** Request ids have 22 digits; none is of zeros. */
const nobodys_authorization = '0'.repeat(22);

interface CheckGiven {
  readonly base_url: string;
  readonly merchant_id: string;
  now_ms(): number;
  send(message: XmlNode, signal: AbortSignal): Promise<Told>;
}

export async function check_cybersource({ base_url, merchant_id, now_ms, send }: CheckGiven, signal: AbortSignal): Promise<Checked> {
  const { host } = new URL(base_url);
  const reference = `doctor-${now_ms()}`;
  const request = { payment_id: reference, order_id: reference, gateway_ref: nobodys_authorization, amount: 100, currency: 'USD' };
  const answer = await send(reversal_message({ merchant_id, reference }, request), signal);
  return { ...verdict(answer, host) };
}

function verdict(answer: Told, host: string): Checked {
  if ('reply' in answer) {
    // 234: there is a problem with the merchant's configuration.
    if (answer.reply.reason_code === '234')
      return {
        ok: false,
        detail: `${host}: the signature is good, and CYBERSOURCE_MERCHANT_ID is not set up there (234); look into the Business Center`,
      };
    return { ok: true, detail: `${host}: the signature is good, the merchant is known` };
  }
  const { outcome } = answer;
  if (outcome.outcome === 'retryable') return unreachable_host(host, outcome.detail ?? '', 'CYBERSOURCE_BASE_URL');
  if (outcome.outcome === 'permanent_error' && /^http_/.test(outcome.code))
    return { ok: false, detail: `${host}: an answer that its API does not give (${outcome.code}); is CYBERSOURCE_BASE_URL right?` };
  if (outcome.outcome === 'permanent_error')
    return {
      ok: false,
      detail: `${host}: the message is refused (${outcome.code}); is the certificate of CYBERSOURCE_CERTIFICATE_FILE uploaded for CYBERSOURCE_MERCHANT_ID?`,
    };
  return { ok: false, detail: `${host}: no answer that can be read; try again later, and look at its status page` };
}
