/** The fold of a payment's events. Sums and state are absolute in each, so the row is the last one's word. */
import type { ExceptionRaised, ExceptionResolved, PaymentsEvent } from '../../contracts/index.ts';
import { unreachable } from '../../platform/service.ts';
import type { OpenException, Payment, Watch, Webhook } from './model.ts';

type PaymentEvent = Exclude<PaymentsEvent, ExceptionRaised | ExceptionResolved>;

export function evolve_payment(payment: Payment, event: PaymentsEvent): Payment {
  switch (event.type) {
    case 'exception.raised':
      return { ...payment, exceptions: [...payment.exceptions, open_exception(event)] };
    case 'exception.resolved':
      return { ...payment, exceptions: payment.exceptions.filter(each => each.exception_id !== event.data.exception_id) };
    case 'payment.started':
    case 'payment.action_required':
    case 'payment.pending':
      return { ...told(payment, event), deadline: event.data.deadline, decline_code: null };
    case 'payment.authorized':
      return {
        ...told(payment, event),
        decline_code: null,
        authorization_expires_at: event.data.authorization_expires_at ?? payment.authorization_expires_at,
      };
    case 'payment.declined':
    case 'payment.failed':
      return { ...told(payment, event), decline_code: event.data.decline_code ?? null };
    case 'payment.abandoned':
    case 'payment.captured':
      return { ...told(payment, event), decline_code: null };
    case 'payment.outcome_unknown':
    case 'payment.outcome_resolved':
    case 'payment.capture_failed':
    case 'payment.voided':
    case 'payment.authorization_expired':
    case 'payment.refunded':
    case 'payment.refund_failed':
    case 'payment.disputed':
    case 'payment.drift_detected':
      return told(payment, event);
    default:
      return unreachable(event);
  }
}

function told(payment: Payment, { data }: PaymentEvent): Payment {
  const first =
    payment.status === 'new'
      ? {
          order_id: data.order_id,
          gateway: data.gateway,
          method_kind: data.method_kind,
          currency: data.currency,
          tender_no: data.tender_no ?? payment.tender_no,
          attempt_no: data.attempt_no ?? payment.attempt_no,
          intent: data.intent ?? payment.intent,
        }
      : {};
  return { ...payment, ...first, ...data.sums, status: data.state, gateway_ref: data.gateway_ref ?? payment.gateway_ref };
}

function open_exception({ data }: ExceptionRaised): OpenException {
  const { exception_id, reason, owner, deadline, detail } = data;
  return { exception_id, reason, owner, deadline, detail };
}

/** No event tells of it: notes keep it. */
export function evolve_watch(watch: Watch): Watch {
  return watch;
}

export function evolve_webhook(webhook: Webhook, event: PaymentsEvent): Webhook {
  if (event.type === 'exception.raised') return { ...webhook, exception: open_exception(event) };
  return event.type === 'exception.resolved' ? { ...webhook, exception: null } : webhook;
}
