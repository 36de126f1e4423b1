/** What is done with a payment's money is decided by its order (domain.md 0.1): capture, void and refund are commands of orders. */
import type { RefundReason } from '../../contracts/index.ts';
import { not_found } from '../../platform/http.ts';
import type { Reply, Route, RouteRequest } from '../../platform/route.ts';
import type { View } from '../../platform/service.ts';
import { answer, line_no_of, type OrdersDesk } from './answers.ts';
import type { OrdersStates } from './model.ts';
import { order_of_payment } from './reads.ts';
import { type CaptureBody, capture_body, type RefundBody, refund_body } from './schemas.ts';
import { order_payment_schema, refund_schema } from './schemas_replies.ts';
import { render_order_payment, render_refund } from './views.ts';

export function payment_routes(desk: OrdersDesk): Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/payments/:id/capture',
      summary: 'Take authorized money',
      audit: { action: 'payment.capture_requested' },
      scope: 'payments:write',
      body: capture_body,
      replies: { 200: order_payment_schema },
      rejections: ['capture_exceeds_authorized', 'order_held', 'invalid_transition', 'not_found'],
      async handle(request) {
        const named = await named_payment(desk, request);
        // Validated against `body`.
        const { amount, final } = request.body as CaptureBody;
        const command = { type: 'capture_order', ...named, amount: amount ?? null, final: final ?? false } as const;
        return answer(desk, command, request, view => payment_reply(view, named));
      },
    },
    {
      method: 'POST',
      path: '/v1/payments/:id/void',
      summary: 'Give back what is authorized and not captured',
      audit: { action: 'payment.void_requested' },
      scope: 'payments:write',
      replies: { 200: order_payment_schema },
      rejections: ['invalid_transition', 'not_found'],
      async handle(request) {
        const named = await named_payment(desk, request);
        return answer(desk, { type: 'void_payment', ...named }, request, view => payment_reply(view, named));
      },
    },
    {
      method: 'POST',
      path: '/v1/payments/:id/refunds',
      summary: 'Give captured money back',
      audit: { action: 'payment.refund_requested' },
      scope: 'payments:write',
      body: refund_body,
      replies: { 201: refund_schema },
      rejections: ['refund_exceeds_capture', 'invalid_transition', 'line_not_found', 'not_found'],
      handle: request => refund(desk, request),
    },
  ];
}

async function refund(desk: OrdersDesk, request: RouteRequest): Promise<Reply> {
  const named = await named_payment(desk, request);
  // Validated against `body`.
  const { amount, reason, lines } = request.body as RefundBody;
  const units = (lines ?? []).map(line => ({ line_no: line_no_of(line.line_id), quantity: line.quantity }));
  const command = { type: 'refund_order', ...named, amount, reason: refund_reason(reason), lines: units } as const;
  return answer(desk, command, request, (view, events) => {
    const order = view('order', named.order_id);
    const asked = events.find(event => event.type === 'payment.refund_requested');
    const refunded = order?.refunds.find(one => one.refund_id === asked?.data.refund_id);
    if (order === undefined || refunded === undefined) throw new Error(`the decision left no refund of ${named.payment_id}`);
    return { status: 201, headers: { Location: `/v1/payments/${named.payment_id}` }, body: render_refund(order, refunded) };
  });
}

/** Reasons of people; those of the saga (cancelled, overpaid …) leave the amount due alone and are not theirs to give. */
const peoples_reasons: readonly RefundReason[] = ['lost', 'sent_back', 'return', 'goodwill'];

function refund_reason(text: string): RefundReason {
  return peoples_reasons.find(reason => reason === text) ?? 'goodwill';
}

interface NamedPayment {
  readonly order_id: string;
  readonly payment_id: string;
}

async function named_payment(desk: OrdersDesk, request: RouteRequest): Promise<NamedPayment> {
  const payment_id = request.params['id'] ?? '';
  const order_id = await order_of_payment(desk, payment_id);
  if (order_id === undefined) throw not_found();
  return { order_id, payment_id };
}

function payment_reply(view: View<OrdersStates>, { order_id, payment_id }: NamedPayment): Reply {
  const order = view('order', order_id);
  const payment = order?.payments.find(one => one.payment_id === payment_id);
  if (order === undefined || payment === undefined) throw new Error(`the decision left no payment ${payment_id}`);
  return { status: 200, body: render_order_payment(order, payment) };
}
