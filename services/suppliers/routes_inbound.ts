/**
 * What suppliers post to us (channels/README.md): JSON of the `rest` channel, interchanges of `x12_http`, documents of `peppol`. Verified before it is
 * read, durable when answered, and shown to whoever must find out why it counted for nothing.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import Type from 'typebox';
import { not_found, raw_body } from '../../platform/http.ts';
import { derived_id } from '../../platform/ids.ts';
import { Problem, type Reply, type Route, type RouteRequest, type StreamReply } from '../../platform/route.ts';
import { reply_of } from './answers.ts';
import type { ReceivedDocument } from './channels/port.ts';
import { receive } from './channels/rest_documents.ts';
import { transmission_bytes_max } from './channels/x12/read.ts';
import { type InboundInterchange, read_inbound, read_inbound_peppol } from './inbound.ts';
import type { SuppliersView } from './model.ts';
import { is_storable } from './operations.ts';
import type { SuppliersRoutesSettings } from './routes.ts';
import { interchange_schema } from './schemas.ts';
import { get_interchange, type SuppliersDesk } from './views.ts';

/** `/inbound/supplier` is that of the channel `rest`: suppliers were told so before there were others. */
export function inbound_routes(desk: SuppliersDesk, settings: SuppliersRoutesSettings): readonly Route[] {
  const common = { method: 'POST', scope: 'public', body: raw_body, not_idempotent: true } as const;
  return [
    {
      ...common,
      path: '/inbound/supplier',
      summary: 'Documents of suppliers: acknowledgments, ship notices, dates, invoices, answers to cancellations',
      replies: { 200: Type.Object({ received: Type.Boolean() }) },
      rejections: ['invalid_signature', 'malformed_json'],
      handle: request => take_documents(desk, request, settings.inbound_secret),
    },
    {
      ...common,
      path: '/inbound/supplier/:channel',
      body_bytes_max: transmission_bytes_max,
      own_credentials: true,
      summary:
        'The same by channel: rest as above; x12_http: X12 interchanges, answered by their functional acknowledgments (997); peppol: one document',
      replies: { 200: Type.Unsafe<string>({ type: 'string', contentMediaType: 'application/edi-x12' }) },
      rejections: ['invalid_signature', 'malformed_json', 'malformed_document', 'not_found'],
      handle(request) {
        const channel = request.params['channel'];
        if (channel === 'rest') return take_documents(desk, request, settings.inbound_secret);
        if (channel === 'x12_http') return take_interchanges(desk, request, settings.x12_secret ?? '');
        if (channel === 'peppol') return take_peppol(desk, request, settings.peppol_secret ?? '');
        throw not_found();
      },
    },
    {
      method: 'GET',
      path: '/v1/interchanges/:id',
      summary: 'An interchange of a supplier as it came, and why it waits for a person',
      scope: 'suppliers:read',
      replies: { 200: interchange_schema },
      rejections: ['not_found'],
      async handle({ params }) {
        const interchange = await get_interchange(desk, params['id'] ?? '');
        if (interchange === undefined) throw not_found();
        return { status: 200, body: interchange };
      },
    },
  ];
}

/** What we cannot use is answered with 2xx, too, or the supplier would send it for days; it became an exception for a person. */
async function take_documents(desk: SuppliersDesk, request: RouteRequest, secret: string): Promise<Reply> {
  const { facts } = verified(request, Date.parse(desk.now()), secret);
  for (const fact of facts) {
    const stray_id = derived_id('doc', `${fact.po_id}/${fact.document_ref}`, 0);
    await desk.submit({ type: 'record_supplier_fact', po_id: fact.po_id, stray_id, fact }, { request });
  }
  return { status: 200, body: { received: true } };
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

/** The answer is durable before it is given, and the same however often the same interchange comes. */
async function take_interchanges(desk: SuppliersDesk, request: RouteRequest, secret: string): Promise<Reply | StreamReply> {
  check_password(request, secret);
  const interchanges = read_inbound(request.body as Uint8Array);
  const { reply } = await desk.submit(
    { type: 'take_transmission', channel: 'x12_http', interchanges },
    {
      request,
      respond: view => ({ status: 200, body: { text: interchanges.map(one => kept(view, one)?.reply ?? '').join('') } }),
    },
  );
  const body = reply?.body as { readonly text: string } | undefined;
  // Kept for a person, and of no use to send again.
  if (interchanges.some(({ control }) => control === '')) throw new Problem(400, 'malformed_document', 'What came is no X12 interchange.');
  return text_reply(body?.text ?? '');
}

/** Taken or kept for a person: both are the end of it, and the same however often it comes. Only what names nobody is sent back. */
async function take_peppol(desk: SuppliersDesk, request: RouteRequest, secret: string): Promise<Reply> {
  check_password(request, secret);
  const interchanges = read_inbound_peppol(request.body as Uint8Array);
  const respond = (view: SuppliersView) => ({
    status: 200,
    body: { status: interchanges.map(one => kept(view, one)?.status ?? 'quarantined').join() },
  });
  const submitted = await desk.submit({ type: 'take_transmission', channel: 'peppol', interchanges }, { request, respond });
  if (interchanges.some(({ control }) => control === ''))
    throw new Problem(400, 'malformed_document', 'What came is no order response and no despatch advice of Peppol BIS 3.');
  return reply_of(submitted);
}

function kept(view: SuppliersView, one: InboundInterchange) {
  return [one.id, one.quarantine_id].map(id => view('interchange', id)).find(({ digest }) => digest === one.digest);
}

function check_password({ headers }: RouteRequest, secret: string): void {
  if (knows_password(headers['authorization'], secret)) return;
  throw new Problem(401, 'invalid_signature', 'The password is missing or another one than ours.', {
    headers: { 'www-authenticate': 'Basic' },
  });
}

function text_reply(text: string): StreamReply {
  return {
    status: 200,
    content_type: 'application/octet-stream',
    headers: { 'content-type': 'application/edi-x12' },
    stream: one_piece(text),
  };
}
async function* one_piece(text: string): AsyncIterable<string> {
  if (text !== '') yield text;
}

/** `Basic`, whatever the name: EDI gateways speak nothing else. Repeating what somebody overheard changes nothing: an interchange counts once. */
function knows_password(header: string | undefined, secret: string): boolean {
  const [, encoded = ''] = /^Basic ([A-Za-z0-9+/]{1,500}=*)$/i.exec(header ?? '') ?? [];
  const given = Buffer.from(encoded, 'base64').toString('utf8');
  const password = given.slice(given.indexOf(':') + 1);
  // Fingerprints are of one length whatever was given.
  return secret !== '' && given.includes(':') && timingSafeEqual(hash('sha256', password, 'buffer'), hash('sha256', secret, 'buffer'));
}
