/** The magic payment methods, under Stripe's own names, and what the card behind each does. */

export interface Card {
  readonly brand: string;
  readonly last4: string;
  /** The issuer refuses every charge. */
  readonly decline?: { readonly code: string; readonly decline_code: string; readonly message: string };
  /** 3D Secure is needed before the charge. */
  readonly authentication?: 'required';
  /** Not a card at all: the bank answers later. */
  readonly processing?: 'succeeds' | 'fails';
  /** What happens once money was taken. */
  readonly dispute?: 'dispute' | 'inquiry';
  readonly refund?: 'pending' | 'fails_later';
  readonly multicapture: boolean;
}

const visa: Card = { brand: 'visa', last4: '4242', multicapture: true };
const declined = (last4: string, code: string, decline_code: string, message: string): Card => ({
  ...visa,
  last4,
  decline: { code, decline_code, message },
});
const card_declined = (last4: string, decline_code: string, message = 'Your card was declined.') =>
  declined(last4, 'card_declined', decline_code, message);

const cards: Readonly<Record<string, Card>> = {
  pm_card_visa: visa,
  pm_card_visa_debit: { ...visa, last4: '5556' },
  pm_card_mastercard: { ...visa, brand: 'mastercard', last4: '4444' },
  pm_card_amex: { ...visa, brand: 'amex', last4: '8431' },
  pm_card_discover: { ...visa, brand: 'discover', last4: '1117' },
  // Brands that this stand-in lets capture only once.
  pm_card_diners: { brand: 'diners', last4: '0004', multicapture: false },
  pm_card_jcb: { brand: 'jcb', last4: '0505', multicapture: false },
  pm_card_unionpay: { brand: 'unionpay', last4: '0005', multicapture: false },
  pm_card_chargeDeclined: card_declined('0002', 'generic_decline'),
  pm_card_chargeDeclinedInsufficientFunds: card_declined('9995', 'insufficient_funds', 'Your card has insufficient funds.'),
  pm_card_chargeDeclinedLostCard: card_declined('9987', 'lost_card'),
  pm_card_chargeDeclinedStolenCard: card_declined('9979', 'stolen_card'),
  pm_card_chargeDeclinedFraudulent: card_declined('0019', 'fraudulent'),
  pm_card_chargeDeclinedExpiredCard: declined('0069', 'expired_card', 'expired_card', 'Your card has expired.'),
  pm_card_chargeDeclinedIncorrectCvc: declined('0127', 'incorrect_cvc', 'incorrect_cvc', "Your card's security code is incorrect."),
  pm_card_chargeDeclinedProcessingError: declined(
    '0119',
    'processing_error',
    'processing_error',
    'An error occurred while processing your card. Try again in a little bit.',
  ),
  pm_card_chargeCustomerFail: card_declined('0341', 'generic_decline'),
  pm_card_threeDSecure2Required: { ...visa, last4: '3220', authentication: 'required' },
  pm_card_authenticationRequired: { ...visa, last4: '3184', authentication: 'required' },
  pm_card_createDispute: { ...visa, last4: '0259', dispute: 'dispute' },
  pm_card_createDisputeInquiry: { ...visa, last4: '1976', dispute: 'inquiry' },
  pm_usBankAccount_success: { ...visa, last4: '6789', processing: 'succeeds' },
  pm_usBankAccount_insufficientFunds: { ...visa, last4: '2227', processing: 'fails' },
  pm_card_pendingRefund: { ...visa, last4: '7726', refund: 'pending' },
  pm_card_refundFail: { ...visa, last4: '5126', refund: 'fails_later' },
};

/** All of them, for whoever wants to try. */
export const card_names: readonly string[] = Object.keys(cards);

/** Only for foreign clients that send a test card's number; ours never carry one. */
const numbers: Readonly<Record<string, string>> = {
  '4242424242424242': 'pm_card_visa',
  '5555555555554444': 'pm_card_mastercard',
  '378282246310005': 'pm_card_amex',
  '4000000000000002': 'pm_card_chargeDeclined',
  '4000000000009995': 'pm_card_chargeDeclinedInsufficientFunds',
  '4000000000009987': 'pm_card_chargeDeclinedLostCard',
  '4000000000009979': 'pm_card_chargeDeclinedStolenCard',
  '4000000000000069': 'pm_card_chargeDeclinedExpiredCard',
  '4000000000000127': 'pm_card_chargeDeclinedIncorrectCvc',
  '4000000000000119': 'pm_card_chargeDeclinedProcessingError',
  '4100000000000019': 'pm_card_chargeDeclinedFraudulent',
  '4000000000000341': 'pm_card_chargeCustomerFail',
  '4000000000003220': 'pm_card_threeDSecure2Required',
  '4000002760003184': 'pm_card_authenticationRequired',
  '4000000000000259': 'pm_card_createDispute',
  '4000000000001976': 'pm_card_createDisputeInquiry',
  '4000000000007726': 'pm_card_pendingRefund',
  '4000000000005126': 'pm_card_refundFail',
};

/** Declines carry the brand in some of their names (`pm_card_visa_chargeDeclined`), and both forms are in use. A fault may be named behind (`pm_card_visa_sim_reset_after`). */
export function card_of(payment_method: string): Card | undefined {
  const name = payment_method.replace(/_sim_\w+$/, '').replace(/^pm_card_visa_charge/, 'pm_card_charge');
  return Object.hasOwn(cards, name) ? cards[name] : undefined;
}
/** The magic payment method for a test card's number. */
export function method_of_number(number: string): string | undefined {
  const digits = number.replaceAll(' ', '');
  return Object.hasOwn(numbers, digits) ? numbers[digits] : undefined;
}
