/** The routes of orders (api.md 2 to 4): quotes and orders here, the rest by subject beside. */
import Type from 'typebox';
import type { Reply, Route, RouteRequest } from '../../platform/route.ts';
import { answer, answer_and_wait, check_order_access, line_no_of, type OrdersDesk, order_reply } from './answers.ts';
import { type OrderSettings, order_command, placed_contact, quote_command, tender_command } from './asked_order.ts';
import type { CancelLines, CancelOrder, PlaceOrder } from './commands.ts';
import type { StoredOrder } from './reads.ts';
import { catalog_routes } from './routes_catalog.ts';
import { discount_routes } from './routes_discounts.ts';
import { import_route } from './routes_import.ts';
import { payment_routes } from './routes_payments.ts';
import { reading_routes } from './routes_reading.ts';
import { return_routes } from './routes_returns.ts';
import {
  type CancelBody,
  cancel_body,
  type HoldBody,
  hold_body,
  type OrderBody,
  order_body,
  type PaymentBody,
  payment_body,
  type QuoteBody,
  quote_body,
} from './schemas.ts';
import { hold_schema, order_schema, placed_order_schema, quote_schema } from './schemas_replies.ts';
import { render_hold, render_order, render_quote } from './views.ts';

/** What the process gives that orders does not know: the makers and readers of tokens (platform/tokens.ts under the server's secret), and settings. */
export interface OrdersRoutesGiven {
  order_token(order_id: string): string;
  track_token(order_id: string): string;
  /** undefined: not one of ours. */
  order_of_track_token(token: string): string | undefined;
  readonly settings?: Partial<OrderSettings>;
}

const default_settings: OrderSettings = { tax_mode: 'exclusive', browser_gateways: new Set(['manual', 'stripe', 'cybersource']) };

export function orders_routes(desk: OrdersDesk, given: OrdersRoutesGiven): Route[] {
  const settings = { ...default_settings, ...given.settings };
  return [
    ...catalog_routes(desk),
    ...discount_routes(desk),
    quote_route(desk, settings),
    place_route(desk, given, settings),
    import_route(desk, given, settings),
    ...reading_routes(desk, given),
    cancel_route(desk),
    pay_route(desk, settings),
    ...hold_routes(desk),
    ...return_routes(desk),
    ...payment_routes(desk),
  ];
}

const priced_rejections = ['unknown_sku', 'currency_mismatch', 'discount_code_invalid', 'total_too_large'];

function quote_route(desk: OrdersDesk, settings: OrderSettings): Route {
  return {
    method: 'POST',
    path: '/v1/quotes',
    summary: 'Fix prices, taxes, discount and shipping charges for 30 minutes',
    audit: { none: 'A quote binds nobody, holds nothing, and lapses; shoppers ask for them by the thousand.' },
    scope: 'quotes:write',
    also: ['pk'],
    body: quote_body,
    replies: { 201: quote_schema },
    rejections: priced_rejections,
    handle(request) {
      const quote_id = desk.fresh_id('quo');
      // Validated against `body`.
      const command = quote_command(request.body as QuoteBody, { quote_id, principal: request.principal, settings });
      return answer(desk, command, request, view => {
        const quote = view('quote', quote_id);
        if (quote === undefined) throw new Error(`the decision left no quote ${quote_id}`);
        return { status: 201, body: render_quote(quote) };
      });
    },
  };
}

function place_route(desk: OrdersDesk, given: OrdersRoutesGiven, settings: OrderSettings): Route {
  return {
    method: 'POST',
    path: '/v1/orders',
    summary: 'Place an order',
    audit: { none: 'Shops place them for their shoppers; the log of orders names who placed each, and the way there has one commit.' },
    scope: 'orders:write',
    also: ['pk'],
    body: order_body,
    replies: { 201: placed_order_schema },
    rejections: [
      ...priced_rejections,
      'discount_code_used',
      'quote_invalid',
      'price_changed',
      'unknown_shipping_service',
      'reference_taken',
      'destination_required',
      'customer_required',
      'too_many_unpaid_orders',
      'invalid_transition',
    ],
    handle(request) {
      const order_id = desk.fresh_id('ord');
      const token = given.order_token(order_id);
      const { principal } = request;
      // Validated against `body`.
      const command = order_command(request.body as OrderBody, { order_id, principal, token, now: desk.now(), settings });
      const tokens = { order_token: token, track_token: given.track_token(order_id) };
      return answer_and_wait(
        desk,
        command,
        request,
        view => placed_reply(order_reply(view, order_id, 201, placed_contact(command)), tokens, order_id),
        stored => placed_reply({ status: 201, body: render_order(stored.order, stored) }, tokens, order_id),
      );
    },
  };
}

/** The tokens stand in this one reply, and in what repeats it. */
function placed_reply(reply: Reply, tokens: { order_token: string; track_token: string }, order_id: string): Reply {
  // order_reply and render_order make objects.
  return { ...reply, headers: { Location: `/v1/orders/${order_id}` }, body: { ...(reply.body as object), ...tokens } };
}

function cancel_route(desk: OrdersDesk): Route {
  return {
    method: 'POST',
    path: '/v1/orders/:id/cancel',
    summary: 'Cancel an order, or units of it, as far as nothing was dispatched',
    audit: { action: 'order.cancelled' },
    scope: 'orders:write',
    also: ['order'],
    body: cancel_body,
    replies: { 200: order_schema },
    rejections: ['not_cancellable', 'invalid_transition', 'line_not_found', 'version_conflict', 'not_found'],
    handle(request) {
      const order_id = order_of(request);
      // Validated against `body`.
      const { reason, lines } = request.body as CancelBody;
      const of_order = { order_id, reason, if_match: request.if_match ?? null };
      const command: CancelOrder | CancelLines = lines
        ? { ...of_order, type: 'cancel_lines', lines: lines.map(line => ({ line_no: line_no_of(line.line_id), quantity: line.quantity })) }
        : { ...of_order, type: 'cancel_order' };
      return changed_order(desk, command, request);
    },
  };
}

function pay_route(desk: OrdersDesk, settings: OrderSettings): Route {
  return {
    method: 'POST',
    path: '/v1/orders/:id/payments',
    summary: 'Pay an order: the first tender, or another after a decline or a lapsed authorization',
    audit: { action: 'order.payment_requested' },
    scope: 'orders:write',
    also: ['order'],
    body: payment_body,
    replies: { 200: order_schema },
    rejections: ['payment_in_progress', 'attempts_exhausted', 'already_paid', 'invalid_transition', 'version_conflict', 'not_found'],
    handle(request) {
      const order_id = order_of(request);
      // Validated against `body`.
      const tender = tender_command(request.body as PaymentBody, request.principal, settings);
      return changed_order(desk, { type: 'pay_order', order_id, tender, if_match: request.if_match ?? null }, request);
    },
  };
}

function hold_routes(desk: OrdersDesk): Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/orders/:id/holds',
      summary: 'Hold an order: nothing more is asked of shipping or of the payment',
      audit: { action: 'order.held' },
      scope: 'orders:write',
      body: hold_body,
      replies: { 201: hold_schema },
      rejections: ['invalid_transition', 'version_conflict', 'not_found'],
      handle(request) {
        const order_id = order_of(request);
        // Validated against `body`.
        const { reason } = request.body as HoldBody;
        return answer(desk, { type: 'hold_order', order_id, reason, if_match: request.if_match ?? null }, request, view => {
          const hold = view('order', order_id)?.holds.at(-1);
          if (hold === undefined) throw new Error(`the decision left no hold of ${order_id}`);
          return { status: 201, headers: { Location: `/v1/orders/${order_id}` }, body: render_hold(hold) };
        });
      },
    },
    {
      method: 'DELETE',
      path: '/v1/orders/:id/holds/:hold_id',
      summary: 'Release a hold; the order goes on when it was the last',
      audit: { action: 'order.hold_released', object: 'id' },
      scope: 'orders:write',
      replies: { 204: Type.Null() },
      rejections: ['version_conflict', 'not_found'],
      handle(request) {
        const order_id = order_of(request);
        const hold_id = request.params['hold_id'] ?? '';
        return answer(desk, { type: 'release_hold', order_id, hold_id, if_match: request.if_match ?? null }, request, () => ({
          status: 204,
          body: null,
        }));
      },
    },
  ];
}

/** The order the address names, when the asker may know it. */
function order_of(request: RouteRequest): string {
  const order_id = request.params['id'] ?? '';
  check_order_access(request, order_id);
  return order_id;
}

function changed_order(
  desk: OrdersDesk,
  command: Exclude<Parameters<typeof answer_and_wait>[1], PlaceOrder>,
  request: RouteRequest,
): Promise<Reply> {
  const shown = (stored: StoredOrder): Reply => ({ status: 200, body: render_order(stored.order, stored) });
  return answer_and_wait(desk, command, request, view => order_reply(view, command.order_id, 200), shown);
}
