/** The channel `peppol`: one order per POST over HTTPS, to the partner or to an access point that hands it on. What is said to it comes to our inbound route. */
import { Compile } from 'typebox/compile';
import { type Answer, call, outcome_of } from '../../../platform/adapters/call.ts';
import type { Adapter, Operation, Outcome } from '../../../platform/service.ts';
import { write_order } from './peppol/order.ts';
import { CancelOrderSchema, SendOrderSchema } from './port.ts';
import { in_flight_max, no_cancellation, not_understood, timeout_ms } from './x12_http.ts';

/** Whatever is answered is not read: it is an access point's word, not the partner's. */
const reply_bytes_max = 64 * 1024;

export interface PeppolHttpSettings {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly timeout_ms?: number | undefined;
}

const requests = { send_order: Compile(SendOrderSchema), cancel_order: Compile(CancelOrderSchema) };

export function peppol_channel(settings: PeppolHttpSettings): Adapter {
  return {
    timeout_ms: settings.timeout_ms ?? timeout_ms,
    in_flight_max,
    perform: (operation, signal) => perform(settings, operation, signal),
    // The identical document, under the same id: a partner takes it once, however often it comes.
    query: (operation, signal) => perform(settings, operation, signal),
  };
}

async function perform({ url, user, password }: PeppolHttpSettings, { kind, request }: Operation, signal: AbortSignal): Promise<Outcome> {
  if (kind === 'cancel_order' && requests.cancel_order.Check(request)) return no_cancellation;
  if (kind !== 'send_order' || !requests.send_order.Check(request)) return not_understood(kind);
  if (!request.envelope) return { outcome: 'permanent_error', code: 'malformed_request', detail: 'the order has no envelope' };
  const written = write_order(request.envelope, request);
  if ('unwritable' in written) return { outcome: 'permanent_error', code: 'not_writable', detail: written.unwritable };
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const body = { content_type: 'application/xml', content: written.text };
  return outcome(await call({ method: 'POST', url, headers: { authorization }, body, reply_bytes_max }, signal));
}

function outcome(answer: Answer): Outcome {
  if (answer.answer !== 'reply') return outcome_of(answer);
  const { status, retry_after_ms: after_ms } = answer;
  const detail = `the partner answers ${status}`;
  if (status === 429) return { outcome: 'retryable', after_ms, detail };
  if (status === 401 || status === 403) return { outcome: 'permanent_error', code: 'credentials_refused', detail };
  if (status >= 500 || status === 408 || status < 200 || (status >= 300 && status < 400)) return { outcome: 'unknown', detail };
  if (status >= 400) return { outcome: 'permanent_error', code: 'refused_by_partner', detail };
  return { outcome: 'ok', value: { channel: 'peppol' } };
}
