/** 855, purchase order acknowledgment: what the codes of BAK02 and ACK01 say (004010, elements 587 and 668). */
import { units_in } from '../amounts.ts';
import type { Answered, DocumentOf, LineAnswer, ResponseLine, Verdict } from '../trade.ts';
import { instant_in } from './numbers.ts';
import { element, type TransactionSet } from './read.ts';
import { codes_from, first_of, item_of, loops, type Place, places, required, wrong_element } from './sets.ts';

export const verdicts: Readonly<Record<string, Verdict>> = {
  AC: 'lines', // with detail and change
  AD: 'lines', // with detail, no change
  AE: 'exceptions', // with exception detail only
  AH: 'hold',
  AK: 'accept', // no detail or change
  AP: 'accept',
  AT: 'accept',
  RD: 'reject', // with detail
  RF: 'reject', // with exception detail only
  RJ: 'reject', // no detail
  RO: 'counter_offer',
};
export const answers: Readonly<Record<string, LineAnswer>> = {
  AC: 'accept', // and shipped
  AR: 'accept', // and released for shipment
  BP: 'partial', // some now, the balance backordered
  DR: 'reschedule',
  IA: 'accept',
  IB: 'backorder',
  IC: 'change',
  ID: 'reject', // deleted
  IE: 'price_pending',
  IF: 'hold', // incomplete description
  IH: 'hold',
  IP: 'price',
  IQ: 'quantity',
  IR: 'reject',
  IS: 'substitute',
  IW: 'hold', // waiver required
  R1: 'reject', // not a contract item
  R2: 'reject', // invalid product number
  R3: 'reject', // invalid unit of issue
  R4: 'reject', // contract item not available
  R5: 'reject', // just-in-time shipping
  R6: 'reject', // not a stocked item
  SP: 'accept', // date pending
};

export function read_response(set: TransactionSet, document_ref: string): DocumentOf<'response'> {
  const all = places(set);
  const bak = first_of(all, 'BAK');
  const code = required(bak, 2, 2);
  const currency = all.find(({ segment }) => segment.id === 'CUR');
  const told = currency && element(currency.segment, 2);
  const issued_at = instant_in(element(bak.segment, 9)) ?? instant_in(element(bak.segment, 4));
  return {
    document_ref,
    about: required(bak, 3, 22),
    kind: 'response',
    // 01 cancels an acknowledgment: what holds then, a person finds out.
    verdict: element(bak.segment, 1) === '01' ? 'unknown' : (verdicts[code] ?? 'unknown'),
    code,
    ...(issued_at && { issued_at }),
    ...(told && { currency: told }),
    lines: loops(all, 'PO1', ['CTT']).map(line_of),
  };
}

function line_of(loop: readonly Place[]): ResponseLine {
  const [po1] = loop;
  // Each loop begins with its PO1.
  if (po1 === undefined) throw new Error('an empty loop');
  const price = new_price(loop) ?? element(po1.segment, 4);
  return {
    item: item_of(element(po1.segment, 1), codes_from(po1.segment, 6)),
    answers: answers_in(loop),
    ...(price !== '' && { price }),
  };
}

function new_price(loop: readonly Place[]): string | undefined {
  const ctp = loop.find(({ segment }) => segment.id === 'CTP');
  const price = ctp === undefined ? '' : element(ctp.segment, 3);
  return price === '' ? undefined : price;
}

/** A promise stands in ACK05, or in the SCH that follow an ACK; of several the last one counts. */
function answers_in(loop: readonly Place[]): readonly Answered[] {
  const answered: Answered[] = [];
  for (const at of loop) {
    const { id } = at.segment;
    if (id === 'ACK') answered.push(answer_of(at));
    const last = answered.at(-1);
    if (id !== 'SCH' || last === undefined) continue;
    const promised_at = [instant_in(element(at.segment, 6)), instant_in(element(at.segment, 9)), last.promised_at]
      .filter(date => date !== undefined)
      .sort()
      .at(-1);
    answered[answered.length - 1] = { ...last, ...(promised_at && { promised_at }) };
  }
  return answered;
}

function answer_of(ack: Place): Answered {
  const { segment } = ack;
  const code = required(ack, 1, 2);
  const answer = answers[code] ?? 'unknown';
  const told = element(segment, 2);
  const quantity = told === '' ? undefined : units_in(told);
  if (told !== '' && quantity === undefined) throw wrong_element(ack, 2, 'no whole units');
  const date = element(segment, 5);
  const promised_at = date === '' ? undefined : instant_in(date);
  if (date !== '' && promised_at === undefined) throw wrong_element(ack, 5, 'no date');
  const [substitute] = answer === 'substitute' ? codes_from(segment, 7, 26) : [];
  return {
    answer,
    code,
    ...(quantity !== undefined && { quantity }),
    ...(promised_at && { promised_at }),
    ...(substitute !== undefined && { substitute }),
  };
}
