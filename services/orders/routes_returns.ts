/** Returns (api.md 3): asked for on an order, received or cancelled by themselves. */
import { not_found } from '../../platform/http.ts';
import { page_reply, page_schema, read_page, text_part } from '../../platform/pages.ts';
import type { Reply, Route, RouteRequest } from '../../platform/route.ts';
import type { View } from '../../platform/service.ts';
import { answer, line_no_of, type OrdersDesk } from './answers.ts';
import type { OrdersStates } from './model.ts';
import { list_returns, order_of_return, read_order } from './reads.ts';
import { type ReceiveBody, type ReturnBody, receive_body, return_body, returns_query } from './schemas.ts';
import { return_schema } from './schemas_replies.ts';
import { render_return } from './views.ts';

export function return_routes(desk: OrdersDesk): Route[] {
  return [request_route(desk), receive_route(desk), cancel_route(desk), ...reading_routes(desk)];
}

function request_route(desk: OrdersDesk): Route {
  return {
    method: 'POST',
    path: '/v1/orders/:id/returns',
    summary: 'Announce units that come back',
    audit: { action: 'return.requested' },
    scope: 'orders:write',
    body: return_body,
    replies: { 201: return_schema },
    rejections: ['return_exceeds_delivered', 'invalid_transition', 'line_not_found', 'version_conflict', 'not_found'],
    handle(request) {
      const order_id = request.params['id'] ?? '';
      // Validated against `body`.
      const lines = (request.body as ReturnBody).lines.map(line => ({
        line_no: line_no_of(line.line_id),
        quantity: line.quantity,
        reason: line.reason,
      }));
      return answer(desk, { type: 'request_return', order_id, lines, if_match: request.if_match ?? null }, request, view => {
        const returned = view('order', order_id)?.returns.at(-1);
        if (returned === undefined) throw new Error(`the decision left no return of ${order_id}`);
        const { body } = return_reply(view, order_id, returned.return_id);
        return { status: 201, headers: { Location: `/v1/returns/${returned.return_id}` }, body };
      });
    },
  };
}

function receive_route(desk: OrdersDesk): Route {
  return {
    method: 'POST',
    path: '/v1/returns/:id/receive',
    summary: 'Take returned units in: they are restocked and refunded',
    audit: { action: 'return.received' },
    scope: 'orders:write',
    body: receive_body,
    replies: { 200: return_schema },
    rejections: ['return_exceeds_delivered', 'invalid_transition', 'line_not_found', 'not_found'],
    async handle(request) {
      const { order_id, return_id } = await named_return(desk, request);
      // Validated against `body`.
      const lines = (request.body as ReceiveBody).lines.map(line => ({
        line_no: line_no_of(line.line_id),
        quantity: line.quantity,
        condition: line.condition,
        location_id: line.location ?? null,
      }));
      const command = { type: 'receive_return', order_id, return_id, lines } as const;
      return answer(desk, command, request, view => return_reply(view, order_id, return_id));
    },
  };
}

function cancel_route(desk: OrdersDesk): Route {
  return {
    method: 'POST',
    path: '/v1/returns/:id/cancel',
    summary: 'Nothing will come back',
    audit: { action: 'return.cancelled' },
    scope: 'orders:write',
    replies: { 200: return_schema },
    rejections: ['invalid_transition', 'not_found'],
    async handle(request) {
      const { order_id, return_id } = await named_return(desk, request);
      const command = { type: 'cancel_return', order_id, return_id } as const;
      return answer(desk, command, request, view => return_reply(view, order_id, return_id));
    },
  };
}

function reading_routes(desk: OrdersDesk): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/returns/:id',
      summary: 'A return',
      scope: 'orders:read',
      replies: { 200: return_schema },
      rejections: ['not_found'],
      async handle(request) {
        const { order_id, return_id } = await named_return(desk, request);
        const stored = await read_order(desk, order_id);
        const returned = stored?.order.returns.find(one => one.return_id === return_id);
        if (stored === undefined || returned === undefined) throw not_found();
        return { status: 200, body: render_return(stored.order, returned) };
      },
    },
    {
      method: 'GET',
      path: '/v1/returns',
      summary: 'All returns',
      scope: 'orders:read',
      query: returns_query,
      replies: { 200: page_schema(return_schema) },
      rejections: [],
      async handle(request) {
        const page = read_page(request, [text_part]);
        const rows = await list_returns(desk, request.query, page);
        return page_reply(
          rows,
          page,
          row => [row.returned.return_id],
          row => render_return(row.order, row.returned),
        );
      },
    },
  ];
}

async function named_return(desk: OrdersDesk, request: RouteRequest): Promise<{ order_id: string; return_id: string }> {
  const return_id = request.params['id'] ?? '';
  const order_id = await order_of_return(desk, return_id);
  if (order_id === undefined) throw not_found();
  return { order_id, return_id };
}

function return_reply(view: View<OrdersStates>, order_id: string, return_id: string): Reply {
  const order = view('order', order_id);
  const returned = order?.returns.find(one => one.return_id === return_id);
  if (order === undefined || returned === undefined) throw new Error(`the decision left no return ${return_id}`);
  return { status: 200, body: render_return(order, returned) };
}
