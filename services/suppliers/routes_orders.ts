/** The routes of purchase orders (api.md 5). */
import type { SuppliersEvent } from '../../contracts/index.ts';
import { not_found } from '../../platform/http.ts';
import { page_reply, page_schema, read_page } from '../../platform/pages.ts';
import type { Reply, Route, RouteRequest } from '../../platform/route.ts';
import type { View } from '../../platform/service.ts';
import { invalid, reply_of } from './answers.ts';
import type { SuppliersCommand } from './commands.ts';
import type { States } from './model.ts';
import {
  type AcknowledgmentBody,
  acknowledgment_body,
  type PurchaseOrderBody,
  purchase_order_body,
  purchase_order_detail_schema,
  purchase_order_schema,
  purchase_orders_query,
  type ReasonBody,
  type ReceiptBody,
  reason_body,
  receipt_body,
  receipt_schema,
} from './schemas.ts';
import {
  created_key,
  created_key_of,
  get_purchase_order,
  list_purchase_orders,
  type SuppliersDesk,
  shown_purchase_order,
  shown_receipt,
  shown_row,
} from './views.ts';

const by_person = 'by_person';

export function purchase_order_routes(desk: SuppliersDesk): Route[] {
  return [...making_routes(desk), ...reading_routes(desk), ...acting_routes(desk), receipt_route(desk)];
}

function making_routes(desk: SuppliersDesk): Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/purchase-orders',
      summary: 'Draft a purchase order',
      audit: { action: 'purchase_order.drafted' },
      scope: 'suppliers:write',
      body: purchase_order_body,
      replies: { 201: purchase_order_schema },
      rejections: ['unknown_supplier', 'unknown_sku', 'total_too_large', 'invalid'],
      handle: request => create(desk, request),
    },
  ];
}

async function create(desk: SuppliersDesk, request: RouteRequest): Promise<Reply> {
  // Validated against `body`, here and below.
  const { supplier, location, lines } = request.body as PurchaseOrderBody;
  const seen = new Set<string>();
  for (const [place, { sku }] of lines.entries()) {
    if (seen.has(sku)) throw invalid(`/lines/${place}/sku`, 'invalid', 'A SKU stands once in a purchase order.');
    seen.add(sku);
  }
  const po_id = desk.fresh_id('po');
  const command = { type: 'create_purchase_order', po_id, supplier_id: supplier, location_id: location, lines } as const;
  const headers = { Location: `/v1/purchase-orders/${po_id}` };
  return reply_of(await desk.submit(command, { request, respond: view => ({ status: 201, body: order_in(view, po_id), headers }) }));
}

function order_in(view: View<States>, po_id: string) {
  return shown_purchase_order(view('purchase_order', po_id), view.version('purchase_order', po_id));
}

function reading_routes(desk: SuppliersDesk): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/purchase-orders',
      summary: 'Purchase orders, newest first',
      scope: 'suppliers:read',
      query: purchase_orders_query,
      replies: { 200: page_schema(purchase_order_schema) },
      rejections: [],
      async handle(request) {
        const page = read_page(request, created_key);
        const { status = null, supplier = null, location = null, sku = null } = request.query;
        return page_reply(await list_purchase_orders(desk, { status, supplier, location, sku }, page), page, created_key_of, shown_row);
      },
    },
    {
      method: 'GET',
      path: '/v1/purchase-orders/:id',
      summary: 'A purchase order with its ship notices and receipts',
      scope: 'suppliers:read',
      replies: { 200: purchase_order_detail_schema },
      rejections: ['not_found'],
      async handle({ params }) {
        const order = await get_purchase_order(desk, params['id'] ?? '');
        if (order === undefined) throw not_found();
        return { status: 200, body: order };
      },
    },
  ];
}

interface About {
  readonly po_id: string;
  readonly if_version: number | null;
}
function about(request: RouteRequest): About {
  return { po_id: request.params['id'] ?? '', if_version: request.if_match ?? null };
}

function acting_routes(desk: SuppliersDesk): Route[] {
  const act = async (request: RouteRequest, command: SuppliersCommand & About) =>
    reply_of(await desk.submit(command, { request, respond: view => ({ status: 200, body: order_in(view, command.po_id) }) }));
  const route = { method: 'POST', scope: 'suppliers:write', replies: { 200: purchase_order_schema } } as const;
  return [
    {
      ...route,
      path: '/v1/purchase-orders/:id/approve',
      summary: 'Approve a purchase order: it is sent to its supplier',
      audit: { action: 'purchase_order.approved' },
      rejections: ['not_found', 'invalid_transition', 'over_limit', 'version_conflict'],
      handle: request => act(request, { type: 'approve_purchase_order', ...about(request) }),
    },
    {
      ...route,
      path: '/v1/purchase-orders/:id/cancel',
      summary: 'Cancel a purchase order; once it is sent the supplier is asked',
      audit: { action: 'purchase_order.cancelled' },
      body: reason_body,
      rejections: ['not_found', 'invalid_transition', 'already_sent', 'version_conflict'],
      handle: request => act(request, { type: 'cancel_purchase_order', ...about(request), reason: reason_in(request) }),
    },
    {
      ...route,
      path: '/v1/purchase-orders/:id/close',
      summary: 'Close a purchase order: what is outstanding is not awaited any more',
      audit: { action: 'purchase_order.closed' },
      body: reason_body,
      rejections: ['not_found', 'invalid_transition', 'nothing_outstanding', 'version_conflict'],
      handle: request => act(request, { type: 'close_purchase_order', ...about(request), reason: reason_in(request) }),
    },
    {
      ...route,
      path: '/v1/purchase-orders/:id/acknowledgment',
      summary: 'Decide on a price or substitute; say what a supplier without a channel answered',
      audit: { action: 'purchase_order.acknowledgment_decided' },
      body: acknowledgment_body,
      rejections: ['not_found', 'invalid_transition', 'already_sent', 'version_conflict'],
      handle(request) {
        const { decision } = request.body as AcknowledgmentBody;
        return act(request, { type: 'decide_acknowledgment', ...about(request), decision });
      },
    },
  ];
}

function reason_in(request: RouteRequest): string {
  return (request.body as ReasonBody).reason ?? by_person;
}

function receipt_route(desk: SuppliersDesk): Route {
  return {
    method: 'POST',
    path: '/v1/purchase-orders/:id/receipts',
    summary: 'Say what came of a purchase order',
    audit: { action: 'purchase_order.received' },
    scope: 'suppliers:write',
    body: receipt_body,
    replies: { 201: receipt_schema },
    rejections: ['not_found', 'invalid_transition', 'nothing_outstanding', 'unknown_sku', 'over_receipt', 'required', 'version_conflict'],
    handle: request => receive(desk, request),
  };
}

async function receive(desk: SuppliersDesk, request: RouteRequest): Promise<Reply> {
  const body = request.body as ReceiptBody;
  const lines = body.lines.map(({ sku, accepted, rejected, reason }) => ({
    sku,
    accepted,
    rejected: rejected ?? 0,
    reason: reason ?? null,
  }));
  if (lines.every(line => line.accepted + line.rejected === 0)) {
    throw invalid('/lines/0/accepted', 'required', 'A receipt names at least one unit.');
  }
  const command = { type: 'post_receipt', ...about(request), lines, force: body.force ?? false } as const;
  const headers = { Location: `/v1/purchase-orders/${command.po_id}` };
  return reply_of(
    await desk.submit(command, { request, respond: (_view, events) => ({ status: 201, body: receipt_in(events), headers }) }),
  );
}

function receipt_in(events: readonly SuppliersEvent[]) {
  const received = events.find(event => event.type === 'goods.received');
  if (received === undefined) throw new Error('a receipt was posted without goods.received');
  const { receipt_id, po_id, received_at, lines } = received.data;
  return shown_receipt({ id: receipt_id, po_id, posted_at: received_at, lines });
}
