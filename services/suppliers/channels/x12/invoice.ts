/** 810, invoice. TDS and SAC have two implied decimals, IT1 and TXI an explicit point. */
import { units_in } from '../amounts.ts';
import type { BilledLine, ChargeOrAllowance, DocumentOf } from '../trade.ts';
import { with_implied_decimals } from './numbers.ts';
import { element, type TransactionSet } from './read.ts';
import { codes_from, first_of, item_of, loops, type Place, places, required, wrong_element } from './sets.ts';

/** SAC02 (element 1300) of what moves the goods, and of taxes. */
const freight = new Set(['D240', 'D500', 'G830', 'I170']);
const tax = new Set(['H620', 'H660', 'H730', 'H740', 'H750', 'H770', 'H850']);

export function read_invoice(set: TransactionSet, document_ref: string): DocumentOf<'bill'> {
  const all = places(set);
  const big = first_of(all, 'BIG');
  // A credit memo asks for nothing: it is a person's.
  if (['CR', 'CN', 'CA'].includes(element(big.segment, 7))) throw wrong_element(big, 7, 'credits are not taken here');
  const currency = all.find(({ segment }) => segment.id === 'CUR');
  const told = currency && element(currency.segment, 2);
  return {
    document_ref,
    kind: 'bill',
    about: required(big, 4, 22),
    invoice_ref: required(big, 2, 22),
    ...(told && { currency: told }),
    total: with_implied_decimals(required(first_of(all, 'TDS'), 1, 18)),
    charges: all.flatMap(charge_of),
    lines: loops(all, 'IT1', ['TDS', 'CTT']).map(line_of),
  };
}

function charge_of({ segment }: Place): readonly ChargeOrAllowance[] {
  if (segment.id === 'TXI') return element(segment, 2) === '' ? [] : [{ kind: 'tax', amount: element(segment, 2) }];
  if (segment.id !== 'SAC' || element(segment, 5) === '') return [];
  const code = element(segment, 2);
  const amount = with_implied_decimals(element(segment, 5));
  const kind = freight.has(code) ? 'freight' : tax.has(code) ? 'tax' : 'other';
  // C charge, A allowance; N and others cost nothing.
  if (element(segment, 1) === 'C') return [{ kind, amount }];
  return element(segment, 1) === 'A' ? [{ kind, amount: `-${amount}` }] : [];
}

function line_of([it1]: readonly Place[]): BilledLine {
  if (it1 === undefined) throw new Error('an empty loop');
  const quantity = units_in(element(it1.segment, 2));
  if (quantity === undefined) throw wrong_element(it1, 2, 'no whole units');
  return {
    item: item_of(element(it1.segment, 1), codes_from(it1.segment, 6)),
    quantity,
    price: required(it1, 4, 17),
  };
}
