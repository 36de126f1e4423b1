/** POST /inbound/supplier: the documents of the `rest` channel (channels/README.md). Verified over the raw bytes, durable when answered. */
import Type from 'typebox';
import { raw_body } from '../../platform/http.ts';
import { derived_id } from '../../platform/ids.ts';
import { Problem, type Route, type RouteRequest } from '../../platform/route.ts';
import type { ReceivedDocument } from './channels/port.ts';
import { receive } from './channels/rest_documents.ts';
import { is_storable } from './operations.ts';
import type { SuppliersDesk } from './views.ts';

/** What we cannot use is answered with 2xx, too, or the supplier would send it for days; it became an exception for a person. */
export function inbound_route(desk: SuppliersDesk, secret: string): Route {
  return {
    method: 'POST',
    path: '/inbound/supplier',
    summary: 'Documents of suppliers: acknowledgments, ship notices, dates, invoices, answers to cancellations',
    scope: 'public',
    body: raw_body,
    not_idempotent: true,
    replies: { 200: Type.Object({ received: Type.Boolean() }) },
    rejections: ['invalid_signature', 'malformed_json'],
    async handle(request) {
      const { facts } = verified(request, Date.parse(desk.now()), secret);
      for (const fact of facts) {
        const stray_id = derived_id('doc', `${fact.po_id}/${fact.document_ref}`, 0);
        await desk.submit({ type: 'record_supplier_fact', po_id: fact.po_id, stray_id, fact }, { request });
      }
      return { status: 200, body: { received: true } };
    },
  };
}

function verified({ body, headers }: RouteRequest, now_ms: number, secret: string): ReceivedDocument {
  // The door hands routes with `raw_body` the bytes as they came. Without a secret anybody could sign.
  const read = secret === '' ? ({ invalid: 'invalid_signature' } as const) : receive(body as Uint8Array, headers, now_ms, secret);
  if (!('invalid' in read) && read.facts.every(is_storable)) return read;
  if ('invalid' in read && read.invalid === 'invalid_signature') {
    throw new Problem(401, 'invalid_signature', 'The signature is missing, old, or not made with our secret.');
  }
  throw new Problem(400, 'malformed_json', 'The body is signed, but no document of this channel.');
}
