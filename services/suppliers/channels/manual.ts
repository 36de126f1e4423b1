/** The channel `manual`: an order is sent when somebody has printed it; people acknowledge, receive and agree with the supplier. Nobody is called. */
import { Compile } from 'typebox/compile';
import type { Operation, Outcome } from '../../../platform/service.ts';
import { CancelOrderSchema, SendOrderSchema, type SupplierChannel } from './port.ts';

const requests = { send_order: Compile(SendOrderSchema), cancel_order: Compile(CancelOrderSchema) };

export function manual_channel(): SupplierChannel {
  return {
    name: 'manual',
    adapter: {
      timeout_ms: 1_000,
      in_flight_max: 1_000,
      perform: async operation => answer(operation),
      query: async operation => answer(operation),
    },
    receive: () => ({ invalid: 'not_supported' }),
  };
}

/** Who cancels has spoken with the supplier before. */
function answer({ kind, request }: Operation): Outcome {
  if (kind === 'send_order' && requests.send_order.Check(request)) return { outcome: 'ok', value: { channel: 'manual' } };
  if (kind === 'cancel_order' && requests.cancel_order.Check(request)) return { outcome: 'ok', value: { answer: 'agreed' } };
  return { outcome: 'permanent_error', code: 'malformed_request', detail: `manual does not understand this ${kind}` };
}
