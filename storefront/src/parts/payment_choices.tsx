/**
 * Ways to pay in the sandbox. A real shop shows its gateway's own form here, which turns a card into a token in the gateway's frame; the token is all that
 * Cartwright ever sees. The stand-in knows Stripe's own test tokens, so that no form is needed: each does something else.
 */
import type { PaymentChoice } from '../api_types.ts';

export interface Way {
  readonly id: string;
  readonly label: string;
  readonly what_happens: string;
  readonly payment: PaymentChoice;
}
const card = (id: string, label: string, what_happens: string): Way => ({
  id,
  label,
  what_happens,
  payment: { gateway: 'stripe', method: id },
});
export const first_way: Way = card('pm_card_visa', 'Visa ·· 4242', 'Goes through at once.');
const ways: readonly Way[] = [
  first_way,
  card('pm_card_threeDSecure2Required', 'Visa ·· 3220', 'Your bank asks who you are (3-D Secure).'),
  card('pm_card_visa_chargeDeclined', 'Visa ·· 0002', 'Is declined. You can pay again.'),
  card('pm_card_chargeDeclinedInsufficientFunds', 'Visa ·· 9995', 'Is declined: not enough money.'),
  {
    id: 'bank',
    label: 'Bank account ·· 6789',
    what_happens: 'Is debited; the bank confirms a little later.',
    payment: { gateway: 'stripe', method: 'pm_usBankAccount_success', method_kind: 'bank' },
  },
  { id: 'manual', label: 'Pay by hand', what_happens: 'No gateway: the shop takes the money itself.', payment: { gateway: 'manual' } },
];

export function PaymentChoices({ chosen, choose }: { chosen: Way; choose: (way: Way) => void }) {
  return (
    <fieldset class="choices">
      <legend>How would you like to pay?</legend>
      {ways.map(way => (
        <label key={way.id} class="choice">
          <input type="radio" name="payment" value={way.id} checked={way.id === chosen.id} onChange={() => choose(way)} />
          <span>
            <strong>{way.label}</strong>
            <small>{way.what_happens}</small>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
