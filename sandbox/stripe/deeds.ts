/** What happens at Stripe without our asking: in its dashboard, or at a bank (POST /__sim/deeds, fault `behind_back`). */
import type { Deeds, Webhook } from '../stand_in.ts';
import { type Books, by_itself, type Cause } from './books.ts';
import { answer_of_bank, cancel, open_dispute } from './intents.ts';
import type { Dispute, Intent } from './objects.ts';
import { end_dispute, fail_refund } from './refunds.ts';

export function deeds_of(books: Books): Deeds {
  const told = (deed: string, run: (cause: Cause) => boolean): readonly Webhook[] | undefined => {
    const cause = by_itself(`/__sim/deeds/${deed}`);
    return run(cause) ? cause.webhooks : undefined;
  };
  const with_intent = (deed: string, id: string, run: (cause: Cause, intent: Intent) => boolean) => {
    const intent = books.intents.get(id);
    return intent && told(deed, cause => run(cause, intent));
  };
  const ended = (deed: string, id: string, status: Dispute['status']) => {
    const dispute = books.disputes.get(id);
    return dispute && told(deed, cause => end_dispute(books, cause, dispute, status));
  };
  return {
    /** Of a PaymentIntent. */
    cancel: id =>
      with_intent('cancel', id, (cause, intent) => cancel(books, cause, intent, 'requested_by_customer', new Set()).status === 200),
    dispute: id =>
      with_intent('dispute', id, (cause, intent) => {
        if (intent.charge === null || intent.charge.disputed || intent.amount_received === 0) return false;
        open_dispute(books, cause, intent, intent.charge.id);
        return true;
      }),
    /** Of one that is `processing`: its bank answers now. */
    bank_answers: id => with_intent('bank_answers', id, (cause, intent) => answer_of_bank(books, cause, intent)),
    /** Of a dispute. */
    win_dispute: id => ended('win_dispute', id, 'won'),
    lose_dispute: id => ended('lose_dispute', id, 'lost'),
    /** Of a refund. */
    fail_refund: id => {
      const refund = books.refunds.get(id);
      return refund && told('fail_refund', cause => fail_refund(books, cause, refund));
    },
  };
}
