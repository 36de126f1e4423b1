/**
 * Amounts in the texts of exceptions, as money. The services write `1999 GBP minor units`; texts of before that stand in the logs for ever, and their
 * amounts are bare, in the currency of their order.
 */
import { money } from './format.ts';

const named = /(?<![\w.-])(-?\d{1,15}) ([A-Z]{3}) minor units\b/g;
const bare: readonly RegExp[] = [
  /\b\d{1,15} (?:could not be given back|is disputed|of the due is not captured|is uncovered)\b/g,
  // A reference may be of digits alone, too.
  /\b(?!gateway_ref|operation_id)\w+: we have \d[\d or]*, the gateway says \d[\d and]*/g,
  /\bcontradicts what was asked: (?!gateway_ref|operation_id)\w+ \d+, not \d[\d or]*/g,
  /\badd up to \d+, not to \d+/g,
  /\bcosts \d+, not \d+/g,
  /\bis above \d+, the most\b/g,
];

/** Without a currency, bare amounts stay as they are. */
export function with_money(detail: string, currency?: string): string {
  const told = currency === undefined ? detail : bare.reduce((text, phrase) => text.replaceAll(phrase, in_currency(currency)), detail);
  return told.replaceAll(named, (_all, amount: string, code: string) => money(Number(amount), code));
}

function in_currency(currency: string) {
  return (phrase: string) => phrase.replaceAll(/\d{1,15}/g, amount => money(Number(amount), currency));
}

export function has_bare_amounts(detail: string): boolean {
  return bare.some(phrase => detail.search(phrase) >= 0);
}

/** Fields of events that hold minor units, as their contracts name them. */
const amount_line =
  /^ *"(?:amount|amount_due|unit_price|cost|subtotal|tax|discount|authorized|captured|refunded|voided|credited|(?:refund|capture)_pending|\w+_(?:amount|total|tax|value)|line_(?:subtotal|discount))": (-?\d{1,15}),?$/gm;

/** An event's data as it is, with its amounts as money beside them: in its own currency, else its order's. */
export function json_with_money(data: Readonly<Record<string, unknown>>, currency: string): string {
  const { currency: own } = data;
  const code = typeof own === 'string' ? own : currency;
  return with_money(JSON.stringify(data, null, 2)).replaceAll(
    amount_line,
    (line, amount: string) => `${line}  = ${money(Number(amount), code)}`,
  );
}
