/** What a problem means to a shopper, and what to do next. By its code: the texts of the API are for developers and may change. */
import type { Problem } from './transport.ts';

export interface Advice {
  readonly title: string;
  readonly next: string;
}

const advice_by_code: Readonly<Record<string, Advice>> = {
  no_answer: { title: 'The shop does not answer', next: 'Check your connection and try again. Nothing is ordered or paid twice.' },
  overloaded: { title: 'Many people are ordering right now', next: 'Wait a few seconds and try again.' },
  rate_limited: { title: 'That was a little fast', next: 'Wait a few seconds and try again.' },
  too_many_attempts: {
    title: 'Too many tries',
    next: 'Wait a few minutes, then try again with the number and code from your order’s page.',
  },
  unauthenticated: {
    title: 'The shop’s own key is not accepted',
    next: 'If this is your shop: start it again with CARTWRIGHT_PUBLISHABLE_KEY set.',
  },
  not_found: { title: 'We found nothing here', next: 'Check what you entered, or go back to the shop.' },
  unknown_sku: { title: 'Something in your cart is no longer sold', next: 'Take it out of the cart and try again.' },
  currency_mismatch: {
    title: 'Something in your cart has no price in this shop’s currency',
    next: 'Take it out of the cart and try again.',
  },
  discount_code_invalid: { title: 'This code does not apply', next: 'Check its spelling, or go on without it.' },
  discount_code_used: { title: 'This code has been used up', next: 'Go on without it.' },
  quote_invalid: { title: 'This offer is over', next: 'We made you a new one. Look at the total and order again.' },
  price_changed: { title: 'The price has changed', next: 'Look at the new total. If it suits you, order again.' },
  too_many_unpaid_orders: {
    title: 'You have several orders that are not paid',
    next: 'Pay or cancel one of them under “Your orders”, then order again.',
  },
  card_data_forbidden: {
    title: 'Please type no card number here',
    next: 'This shop never takes one. Choose a test card below; take the number out of the address.',
  },
  payment_in_progress: { title: 'A payment is already under way', next: 'Wait a moment: its outcome appears here by itself.' },
  attempts_exhausted: { title: 'This order has had all its tries', next: 'Order again: your goods are free for a new order.' },
  already_paid: { title: 'This order is paid', next: 'There is nothing to do.' },
  not_cancellable: { title: 'Your parcel has already left', next: 'Wait for it, then ask us to take it back.' },
  invalid_transition: { title: 'The order has moved on in the meantime', next: 'What is shown here is up to date now. Look again.' },
  format: { title: 'Something is not in the form it should be', next: 'Check the fields, the email address first.' },
  too_long: { title: 'Something is too long', next: 'Shorten it and try again.' },
};
const by_status = (status: number): Advice =>
  status >= 500
    ? { title: 'Something broke on our side', next: 'Try again in a moment. Nothing is ordered or paid twice.' }
    : { title: 'That did not work', next: 'Check what you entered and try again.' };

export function advice_on({ code, status }: Problem): Advice {
  return (Object.hasOwn(advice_by_code, code) ? advice_by_code[code] : undefined) ?? by_status(status);
}
