/** The channel `x12_http`: one interchange per POST over HTTPS, to the partner or to a gateway that hands it on. The 997 comes in the reply, or later. */
import { Compile } from 'typebox/compile';
import { type Answer, call, outcome_of } from '../../../platform/adapters/call.ts';
import type { Adapter, Operation, Outcome } from '../../../platform/service.ts';
import { CancelOrderSchema, type SendOrder, SendOrderSchema } from './port.ts';
import { documents_of } from './x12/documents.ts';
import { write_purchase_order } from './x12/purchase_order.ts';
import { read_transmission, transmission_bytes_max } from './x12/read.ts';

export const timeout_ms = 30_000;
export const in_flight_max = 4;

export interface X12HttpSettings {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly timeout_ms?: number | undefined;
}

const requests = { send_order: Compile(SendOrderSchema), cancel_order: Compile(CancelOrderSchema) };

export function x12_http_channel(settings: X12HttpSettings): Adapter {
  return {
    timeout_ms: settings.timeout_ms ?? timeout_ms,
    in_flight_max,
    perform: (operation, signal) => perform(settings, operation, signal),
    // The identical interchange, under the same number: a partner takes it once, however often it comes (X12.59).
    query: (operation, signal) => perform(settings, operation, signal),
  };
}

async function perform(settings: X12HttpSettings, { kind, request }: Operation, signal: AbortSignal): Promise<Outcome> {
  if (kind === 'cancel_order' && requests.cancel_order.Check(request)) return no_cancellation;
  if (kind !== 'send_order' || !requests.send_order.Check(request)) return not_understood(kind);
  const text = purchase_order_of(request);
  if (typeof text !== 'string') return text;
  const { url, user, password } = settings;
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const body = { content_type: 'application/edi-x12', content: text };
  const answer = await call({ method: 'POST', url, headers: { authorization }, body, reply_bytes_max: transmission_bytes_max }, signal);
  return outcome(answer, request);
}

/** There is no cancelling in these channels: the order stays, and a person may close it (integrations.md 8). */
export const no_cancellation: Outcome = {
  outcome: 'declined',
  code: 'cancellation_refused',
  retryable: false,
  value: { reason: 'The channel carries no cancellations. Close the order, and tell the supplier.' },
};
export function not_understood(kind: string): Outcome {
  return { outcome: 'permanent_error', code: 'malformed_request', detail: `the channel does not understand this ${kind}` };
}

/** The bytes that its envelope and contents make, the same every time; or why there are none. */
export function purchase_order_of(order: SendOrder): string | Outcome {
  if (!order.envelope) return { outcome: 'permanent_error', code: 'malformed_request', detail: 'the order has no envelope' };
  const written = write_purchase_order(order.envelope, order);
  return 'text' in written ? written.text : { outcome: 'permanent_error', code: 'not_writable', detail: written.unwritable };
}

function outcome(answer: Answer, { envelope }: SendOrder): Outcome {
  if (answer.answer !== 'reply') return outcome_of(answer);
  const { status, bytes, retry_after_ms: after_ms } = answer;
  const detail = `the partner answers ${status}`;
  if (status === 429) return { outcome: 'retryable', after_ms, detail };
  if (status === 401 || status === 403) return { outcome: 'permanent_error', code: 'credentials_refused', detail };
  if (status >= 500 || status === 408 || status < 200 || (status >= 300 && status < 400)) return { outcome: 'unknown', detail };
  if (status >= 400) return { outcome: 'permanent_error', code: 'refused_by_partner', detail };
  return { outcome: 'ok', value: { channel: 'x12_http', ...receipt_in(bytes, envelope?.control_number) } };
}

/** A 997 in the reply counts when it is about this very interchange; whatever else is to be said is posted to us. */
function receipt_in(bytes: Uint8Array, control_number: number | undefined) {
  if (bytes.length === 0) return {};
  const documents = read_transmission(bytes).interchanges.flatMap(interchange => documents_of(interchange).documents);
  const receipt = documents.find(document => document.kind === 'receipt' && document.about === `#${control_number}`);
  return receipt?.kind === 'receipt' ? { receipt: { accepted: receipt.accepted, detail: receipt.detail } } : {};
}
