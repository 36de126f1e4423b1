/** The routes of shipping (api.md 4): what a warehouse reads and does, and where carriers' webhooks come in. */
import type { ShippingEvent } from '../../contracts/index.ts';
import { not_found } from '../../platform/http.ts';
import { type Desk, Problem, type Reply, type Route, type RouteRequest, type StreamReply } from '../../platform/route.ts';
import type { ShippingCommand } from './commands.ts';
import { inbound_routes } from './inbound.ts';
import { label_document } from './label_document.ts';
import type { ParcelLine, ShippingSettings, ShippingStates } from './model.ts';
import type { ShippingRejection } from './rejections.ts';
import {
  type CancelBody,
  cancel_body,
  label_query,
  type PackBody,
  pack_body,
  page_rows_default,
  type ReceiveBody,
  receive_body,
  type ShortPickBody,
  shipment_schema,
  shipments_query,
  shipments_schema,
  short_pick_body,
} from './schemas.ts';
import { list_shipments, read_parcel, read_ship_from, read_ship_to, read_shipment, render_shipment } from './views.ts';

export type ShippingDesk = Desk<ShippingStates, ShippingCommand, ShippingEvent, ShippingRejection>;

export interface ShippingRoutesGiven {
  readonly settings: ShippingSettings;
  /** By carrier; one without a secret takes no webhooks. */
  readonly webhook_secrets: Readonly<Record<string, string>>;
}

export function shipping_routes(desk: ShippingDesk, given: ShippingRoutesGiven): Route[] {
  return [
    ...reading_routes(desk),
    ...shipment_routes(desk),
    label_route(desk, given.settings),
    receive_route(desk),
    ...inbound_routes(desk, given),
  ];
}

function reading_routes(desk: ShippingDesk): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/shipments',
      summary: 'All shipments, the newest first',
      scope: 'shipments:read',
      query: shipments_query,
      replies: { 200: shipments_schema },
      rejections: [],
      async handle({ query }) {
        const limit = Number(query['limit'] ?? page_rows_default);
        const rows = await list_shipments(desk, query, limit);
        const data = rows.slice(0, limit).map(({ shipment, version }) => render_shipment(shipment, version));
        const last = rows[limit - 1]?.shipment.shipment_id;
        return { status: 200, body: { data, next_cursor: rows.length > limit && last !== undefined ? last : null } };
      },
    },
    {
      method: 'GET',
      path: '/v1/shipments/:id',
      summary: 'A shipment with its parcels',
      scope: 'shipments:read',
      replies: { 200: shipment_schema },
      rejections: ['not_found'],
      async handle(request) {
        const stored = await read_shipment(desk, request.params['id'] ?? '');
        if (stored === undefined) throw not_found();
        return { status: 200, body: render_shipment(stored.shipment, stored.version) };
      },
    },
  ];
}

/** Who is asked about: the order's row is locked before the shipment's, so it must be named. */
interface Named {
  readonly shipment_id: string;
  readonly order_id: string;
  readonly if_match: number | null;
}

/** Of each deed of a person, what the audit log calls it. */
const audited_as = {
  pack: 'packed',
  label: 'labels_bought',
  dispatch: 'dispatched',
  cancel: 'cancelled',
  'short-pick': 'short_picked',
} as const;

function shipment_routes(desk: ShippingDesk): Route[] {
  const route = (
    deed: keyof typeof audited_as,
    summary: string,
    more: Pick<Route, 'body' | 'rejections'>,
    command: (named: Named, body: unknown) => ShippingCommand,
  ): Route => ({
    method: 'POST',
    path: `/v1/shipments/:id/${deed}`,
    summary,
    audit: { action: `shipment.${audited_as[deed]}` },
    scope: 'shipments:write',
    replies: { 200: shipment_schema },
    ...more,
    async handle(request) {
      const stored = await read_shipment(desk, request.params['id'] ?? '');
      if (stored === undefined) throw not_found();
      const { shipment_id, order_id } = stored.shipment;
      return answer(desk, command({ shipment_id, order_id, if_match: request.if_match ?? null }, request.body), request, shipment_id);
    },
  });
  const open = ['already_dispatched', 'invalid_transition', 'version_conflict', 'not_found'];
  // Each body is validated against the schema beside it.
  return [
    route(
      'pack',
      'Pack by hand: which units go into which parcel',
      { body: pack_body, rejections: ['units_mismatch', ...open] },
      (named, body) => ({
        type: 'pack_shipment',
        ...named,
        parcels: (body as PackBody).parcels.map(({ weight_grams, dimensions_mm, lines }) => ({
          weight_grams,
          dimensions_mm: dimensions_mm ?? null,
          lines: lines_of(lines),
        })),
      }),
    ),
    route('label', 'Buy the labels now', { rejections: ['order_held', ...open] }, named => ({ type: 'buy_labels', ...named })),
    route('dispatch', 'The parcels were handed over', { rejections: ['order_held', 'not_labeled', ...open] }, named => ({
      type: 'dispatch_shipment',
      ...named,
    })),
    route('cancel', 'Give this shipment up: another one takes over its units', { body: cancel_body, rejections: open }, (named, body) => ({
      type: 'cancel_shipment',
      ...named,
      reason: (body as CancelBody).reason ?? 'cancelled_by_hand',
      replacement_id: desk.fresh_id('shp'),
    })),
    route('short-pick', 'Units were not found', { body: short_pick_body, rejections: ['units_mismatch', ...open] }, (named, body) => ({
      type: 'report_short_pick',
      ...named,
      reason: (body as ShortPickBody).reason,
      lines: lines_of((body as ShortPickBody).lines),
    })),
  ];
}

function lines_of(lines: readonly { readonly line_id: string; readonly quantity: number }[]): ParcelLine[] {
  return lines.map(({ line_id, quantity }) => ({ line_no: Number(line_id), quantity }));
}

/** The reply is the shipment as the decision left it, made in its batch. */
async function answer(desk: ShippingDesk, command: ShippingCommand, request: RouteRequest, shipment_id: string): Promise<Reply> {
  const { reply } = await desk.submit(command, {
    request,
    respond(view) {
      const shipment = view('shipment', shipment_id);
      if (shipment === undefined) throw new Error(`the decision left no shipment ${shipment_id}`);
      return { status: 200, body: render_shipment(shipment, view.version('shipment', shipment_id)) };
    },
  });
  if (reply === undefined) throw new Error(`${command.type} was answered without a reply`);
  return reply;
}

function label_route(desk: ShippingDesk, settings: ShippingSettings): Route {
  return {
    method: 'GET',
    path: '/v1/parcels/:id/label',
    summary: 'The label as a printer takes it: PDF, or ZPL',
    scope: 'shipments:read',
    query: label_query,
    // A file: the reply's type is the document's.
    replies: {},
    rejections: ['not_labeled', 'carrier_unavailable', 'not_found'],
    async handle(request): Promise<StreamReply> {
      const found = await read_parcel(desk, request.params['id'] ?? '');
      if (found === undefined) throw not_found();
      const { parcel, shipment } = found;
      if (parcel.tracking_number === null || parcel.label_status === 'voided')
        throw new Problem(409, 'not_labeled', 'The parcel has no label.');
      const format = request.query['format'] === 'zpl' ? 'zpl' : 'pdf';
      const carrier = settings.carriers[parcel.provider ?? ''];
      const bytes =
        parcel.label_ref === null || carrier?.label_document === undefined
          ? await label_document(
              {
                parcel,
                shipment,
                ship_to: await read_ship_to(desk, shipment.order_id),
                ship_from: await read_ship_from(desk, shipment.location_id),
              },
              format,
            )
          : (
              await carrier.label_document(
                { label_ref: parcel.label_ref, tracking_number: parcel.tracking_number },
                format,
                AbortSignal.any([request.signal, AbortSignal.timeout(carrier.adapter.timeout_ms)]),
              )
            )?.bytes;
      if (bytes === undefined)
        throw new Problem(503, 'carrier_unavailable', 'The carrier does not hand out the label now.', { headers: { 'Retry-After': '5' } });
      const headers = { 'content-disposition': `inline; filename="${parcel.parcel_id}.${format}"` };
      return { status: 200, content_type: format === 'pdf' ? 'application/pdf' : 'text/plain', headers, stream: once(bytes) };
    },
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function receive_route(desk: ShippingDesk): Route {
  return {
    method: 'POST',
    path: '/v1/parcels/:id/receive',
    summary: 'A parcel came back to our dock, unit by unit with its condition',
    audit: { action: 'parcel.received' },
    scope: 'shipments:write',
    body: receive_body,
    replies: { 200: shipment_schema },
    rejections: ['units_mismatch', 'invalid_transition', 'version_conflict', 'not_found'],
    async handle(request) {
      const parcel_id = request.params['id'] ?? '';
      const found = await read_parcel(desk, parcel_id);
      if (found === undefined) throw not_found();
      const { shipment_id, order_id } = found.shipment;
      // Validated against `body`.
      const lines = (request.body as ReceiveBody).lines.map(({ line_id, quantity, condition }) => ({
        line_no: Number(line_id),
        quantity,
        condition,
      }));
      return answer(
        desk,
        { type: 'receive_sent_back', shipment_id, order_id, parcel_id, lines, if_match: request.if_match ?? null },
        request,
        shipment_id,
      );
    },
  };
}
