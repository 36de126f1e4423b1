/** What became of the calls to a supplier (domain.md 3.5): reply, answer to our question, or an operator's evidence. */

import { type Json, unreachable } from '../../../platform/service.ts';
import type { RecordCancelling, RecordSending, SettleOperation } from '../commands.ts';
import type { SuppliersHandler, SuppliersSettings } from '../model.ts';
import { facts_in, instant_in, text_in } from '../operations.ts';
import { reject } from '../rejections.ts';
import { close_draft } from './close.ts';
import { type Draft, nothing, open_draft, order_in, say_of_order } from './draft.ts';
import { raise_of_order } from './exceptions.ts';
import { answer_cancellation, record_fact } from './facts.ts';
import { note_receipt } from './partners.ts';
import { order_touches, say_sent } from './purchase_orders.ts';

export function sending_handlers(settings: SuppliersSettings) {
  return {
    record_sending: record_sending(settings),
    record_cancelling: record_cancelling(settings),
    settle_operation: settle_operation(settings),
  };
}

function record_sending(settings: SuppliersSettings): SuppliersHandler<RecordSending> {
  return {
    ...order_touches,
    decide({ po_id, op_id, outcome }, view, given) {
      const draft = open_draft(view, given, settings);
      if (order_in(draft, po_id).send_op_id !== op_id) return nothing;
      note_sending(draft, po_id, op_id, outcome);
      return close_draft(draft);
    },
  };
}

function note_sending(draft: Draft, po_id: string, op_id: string, outcome: RecordSending['outcome']): void {
  switch (outcome.outcome) {
    case 'ok':
      if (is_being_sent(draft, po_id)) say_sent(draft, po_id, instant_in(outcome.value, 'expected_at'));
      note_receipt_in(draft, po_id, outcome.value['receipt']);
      for (const fact of facts_in(outcome.value)) if (fact.po_id === po_id) record_fact(draft, po_id, fact);
      break;
    case 'declined':
    case 'permanent_error':
      if (is_being_sent(draft, po_id)) say_send_failed(draft, po_id, op_id, outcome.code);
      break;
    case 'unknown':
      if (is_being_sent(draft, po_id) && order_in(draft, po_id).sending === 'open') {
        say_of_order(draft, po_id, { type: 'purchase_order.outcome_unknown', data: { po_id, op_id, kind: 'send_order' } });
      }
      break;
    case 'pending':
    case 'action_required':
      break;
    default:
      unreachable(outcome);
  }
}

/** A partner's 997 that came in the reply. */
function note_receipt_in(draft: Draft, po_id: string, receipt: Json | undefined): void {
  if (typeof receipt !== 'object' || receipt === null || !('accepted' in receipt)) return;
  note_receipt(draft, po_id, receipt.accepted === true, text_in(receipt, 'detail') ?? '');
}

/** A supplier's document may have proven before the reply that the order is there. */
function is_being_sent(draft: Draft, po_id: string): boolean {
  return order_in(draft, po_id).status === 'approved';
}

function say_send_failed(draft: Draft, po_id: string, op_id: string, code: string): void {
  say_of_order(draft, po_id, { type: 'purchase_order.send_failed', data: { po_id, op_id, code, kind: 'send_order' } });
  raise_of_order(draft, po_id, 'send_failed', `The channel answers ${code}. Approve it again to send it again, or cancel it.`);
}

function record_cancelling(settings: SuppliersSettings): SuppliersHandler<RecordCancelling> {
  return {
    ...order_touches,
    decide({ po_id, op_id, outcome }, view, given) {
      const draft = open_draft(view, given, settings);
      const order = order_in(draft, po_id);
      // The answer may have come as a document before.
      if (order.cancel_op_id !== op_id || order.status !== 'cancelling') return nothing;
      note_cancelling(draft, po_id, op_id, outcome);
      return close_draft(draft);
    },
  };
}

function note_cancelling(draft: Draft, po_id: string, op_id: string, outcome: RecordCancelling['outcome']): void {
  switch (outcome.outcome) {
    case 'ok':
      answer_cancellation(draft, po_id, 'agreed', 'agreed');
      break;
    case 'declined':
      answer_cancellation(draft, po_id, 'refused', text_in(outcome.value, 'reason') ?? outcome.code);
      break;
    case 'permanent_error':
      say_of_order(draft, po_id, { type: 'purchase_order.send_failed', data: { po_id, op_id, code: outcome.code, kind: 'cancel_order' } });
      raise_of_order(draft, po_id, 'cancellation_failed', `The channel answers ${outcome.code}. Cancel it again to ask again.`);
      break;
    case 'unknown':
      if (order_in(draft, po_id).cancelling === 'open') {
        say_of_order(draft, po_id, { type: 'purchase_order.outcome_unknown', data: { po_id, op_id, kind: 'cancel_order' } });
      }
      break;
    case 'pending':
    case 'action_required':
      break;
    default:
      unreachable(outcome);
  }
}

function settle_operation(settings: SuppliersSettings): SuppliersHandler<SettleOperation> {
  return {
    touches: ({ subject }) => order_touches.touches({ po_id: subject }),
    then_touches: ({ subject }, view) => order_touches.then_touches({ po_id: subject }, view),
    decide({ subject: po_id, op_id, outcome, evidence }, view, given) {
      const draft = open_draft(view, given, settings);
      const order = order_in(draft, po_id);
      const failed = { outcome: 'permanent_error', code: 'settled_by_operator', detail: evidence } as const;
      const learned = outcome === 'succeeded' ? ({ outcome: 'ok', value: {} } as const) : failed;
      if (order.send_op_id === op_id) note_sending(draft, po_id, op_id, learned);
      else if (order.cancel_op_id !== op_id) return reject('not_found', 'No such operation belongs to this purchase order.');
      else if (order.status === 'cancelling' && outcome === 'succeeded') answer_cancellation(draft, po_id, 'agreed', evidence);
      // What certainly did not happen is an order that goes on.
      else if (order.status === 'cancelling') answer_cancellation(draft, po_id, 'refused', evidence);
      draft.settled.push({ op_id, state: outcome });
      return close_draft(draft);
    },
  };
}
