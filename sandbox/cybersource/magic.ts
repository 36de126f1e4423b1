/** Means of payment, and the amounts whose cents decide (the vendor's own triggers differ from processor to processor). */
import { at, text_at } from '../soap.ts';

export const test_card = '4111111111111111';

/** `undefined`: none that is understood. `sim_visa`, a subscription's id, a transient token (a JWT), or, for foreign clients, a card. */
export function means_of_payment(message: Element): string | undefined {
  const subscription = text_at(message, 'recurringSubscriptionInfo', 'subscriptionID');
  if (subscription !== undefined) return /^(sim_visa|\d{16,26})$/.test(subscription) ? subscription : undefined;
  const transient = text_at(message, 'tokenSource', 'transientToken');
  if (transient !== undefined) return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(transient) ? 'transient' : undefined;
  const card = at(message, 'card');
  if (card === undefined) return undefined;
  return text_at(card, 'accountNumber') === test_card && text_at(card, 'expirationMonth') !== undefined ? 'card' : undefined;
}

export interface Verdict {
  readonly decision: 'ACCEPT' | 'REJECT' | 'REVIEW' | 'ERROR';
  readonly code: string;
  /** Of the authorization itself, where it differs. */
  readonly auth_code?: string;
  /** The money is held, or taken, all the same. */
  readonly effect?: 'all' | 'half';
  /** Nobody answers, after the effect. */
  readonly silent?: true;
}
const refused = (code: string): Verdict => ({ decision: 'REJECT', code });

const by_cents: Readonly<Record<string, Verdict>> = {
  '02': refused('202'),
  '04': refused('204'),
  '05': refused('205'),
  '07': refused('207'),
  '10': { decision: 'ACCEPT', code: '110', auth_code: '110', effect: 'half' },
  '11': refused('211'),
  '20': { decision: 'ACCEPT', code: '120', auth_code: '100', effect: 'all' },
  '30': { decision: 'REJECT', code: '230', effect: 'all' },
  '50': { decision: 'ERROR', code: '150' },
  '51': { decision: 'ERROR', code: '151', effect: 'all' },
  '59': { decision: 'ACCEPT', code: '100', effect: 'all', silent: true },
  '76': refused('476'),
  '80': { decision: 'REVIEW', code: '480', auth_code: '100', effect: 'all' },
  '81': { decision: 'REJECT', code: '481', auth_code: '100', effect: 'all' },
  '99': refused('999'),
};
export const approved: Verdict = { decision: 'ACCEPT', code: '100', effect: 'all' };
/** These ask for the payer's word, unless it was given. */
export const cents_of_payer = '75';

export function verdict_of(amount_text: string): Verdict {
  return by_cents[cents_of(amount_text)] ?? approved;
}
export function cents_of(amount_text: string): string {
  return /\.(\d\d)$/.exec(amount_text)?.[1] ?? '';
}
