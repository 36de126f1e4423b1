/** T76, order response: what its codes say (UNCL 4343 and 1229, as the BIS has them). An order line may be answered by several lines: they are put together. */
import { child, children, text_at, type XmlElement } from '../../../../platform/xml/parse.ts';
import type { Answered, DocumentOf, ResponseLine, Verdict } from '../trade.ts';
import { instant_in, item_in, lines_max, period_in, quantity_in, required, Unusable } from './ubl.ts';

const verdicts: Readonly<Record<string, Verdict>> = { AP: 'accept', CA: 'lines', RE: 'reject' };
/** It came, and nothing is decided: what a 997 says in X12. */
const received = 'AB';

export function read_response(root: XmlElement, document_ref: string): readonly DocumentOf<'response' | 'receipt'>[] {
  const about = required(root, 'OrderReference', 'ID');
  const code = required(root, 'OrderResponseCode');
  if (code === received) return [{ document_ref, about, kind: 'receipt', accepted: true, detail: '' }];
  const verdict = verdicts[code] ?? 'unknown';
  const currency = text_at(root, 'DocumentCurrencyCode');
  const promised_at = period_in(child(root, 'Delivery', 'PromisedDeliveryPeriod')).last;
  const lines = children(root, 'OrderLine');
  if (lines.length > lines_max) throw new Unusable(`more than ${lines_max} lines`);
  // Who accepts with changes says which.
  if (verdict === 'lines' && lines.length === 0) throw new Unusable('CA, and no lines');
  const issued_at = instant_in(root, 'IssueDate', 'IssueTime');
  return [
    {
      ...{ document_ref, about, kind: 'response', verdict, code },
      ...(issued_at !== undefined && { issued_at }),
      ...(currency !== undefined && { currency }),
      ...(promised_at !== undefined && { promised_at }),
      lines: gathered(lines).map(group => line_of(group, currency, promised_at)),
    },
  ];
}

/** By the line of ours that they are about, in their order; a line that names none stands alone. */
function gathered(lines: readonly XmlElement[]): readonly (readonly [XmlElement, ...XmlElement[]])[] {
  const groups = new Map<string, [XmlElement, ...XmlElement[]]>();
  for (const [place, line] of lines.entries()) {
    const name = text_at(line, 'OrderLineReference', 'LineID') ?? `#${place}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [line]);
    else group.push(line);
  }
  return [...groups.values()];
}

const codes_of = (line: XmlElement) => item_in(child(line, 'OrderLineReference'), child(line, 'LineItem', 'Item'));

function line_of(
  group: readonly [XmlElement, ...XmlElement[]],
  currency: string | undefined,
  promised_at: string | undefined,
): ResponseLine {
  // An added line may be of another item: the ordered one names ours.
  const ours = group.find(line => status_of(line) !== added) ?? group[0];
  const item = codes_of(ours);
  const [seller_code] = item.codes;
  const told = group.map(line => answers_of(line, seller_code, promised_at));
  const answers = told.flat();
  const prices = new Set(group.flatMap(line => price_in(child(line, 'LineItem', 'Price'), currency) ?? []));
  const [price] = prices;
  if (prices.size > 1) answers.push({ answer: 'change', code: `several prices, ${[...prices].slice(0, 5).join(' and ')}`, quantity: 0 });
  return { item, answers: dated_whole(rejected_rest(answers)), ...(price !== undefined && { price }) };
}

const added = '1';
function status_of(line: XmlElement): string {
  return required(line, 'LineItem', 'LineStatusCode');
}

function answers_of(line: XmlElement, seller_code: string | undefined, promised_at: string | undefined): readonly Answered[] {
  const item = child(line, 'LineItem');
  const code = status_of(line);
  const told = quantity_in(item, 'Quantity');
  // In boxes, say: a person counts.
  if (typeof told === 'string') return [{ answer: 'change', code: `${code}, ${told}` }];
  const quantity = told === undefined ? {} : { quantity: told };
  const period = period_in(child(item, 'Delivery', 'PromisedDeliveryPeriod'));
  const promised = period.last ?? promised_at;
  const dated = promised === undefined ? {} : { promised_at: promised };
  const accepted = code === '5' || code === '42';
  // Accepted, and yet another item or later: what the line says counts more than its code.
  const is_changed = child(line, 'SellerSubstitutedLineItem') !== undefined || child(item, 'MaximumBackorderQuantity') !== undefined;
  if (code === '3' || (is_changed && (accepted || code === added))) return changed(line, code, told, period, promised_at);
  switch (code) {
    case added: {
      const [own_code] = codes_of(line).codes;
      const other = own_code !== undefined && seller_code !== undefined && own_code !== seller_code;
      return [
        other
          ? { answer: 'substitute', substitute: own_code, code, ...quantity, ...dated }
          : { answer: 'accept', code, ...quantity, ...dated },
      ];
    }
    case '5':
    case '42':
      return [{ answer: 'accept', code, ...quantity, ...dated }];
    case '7':
      return [{ answer: 'reject', code, ...quantity }];
    default:
      return [{ answer: 'unknown', code, ...quantity }];
  }
}

/**
 * Quantity will be delivered, MaximumBackorderQuantity later, and what is missing from both does not come. A period over both begins with the first and
 * ends with the last; a single date is that of the quantity, or of the backorder when there is nothing else.
 */
function changed(
  line: XmlElement,
  code: string,
  quantity: number | undefined,
  { first, last }: ReturnType<typeof period_in>,
  promised_at: string | undefined,
): readonly Answered[] {
  const item = child(line, 'LineItem');
  const later = quantity_in(item, 'MaximumBackorderQuantity');
  if (typeof later === 'string') return [{ answer: 'change', code: `${code}, backorder ${later}` }];
  const substituted = child(line, 'SellerSubstitutedLineItem');
  const date = later !== undefined && later > 0 && first !== last ? first : (last ?? promised_at);
  const dated = date === undefined ? {} : { promised_at: date };
  const now: Answered[] = [];
  if (substituted !== undefined) {
    const [substitute] = item_in(undefined, child(substituted, 'Item')).codes;
    now.push({
      answer: 'substitute',
      code,
      ...(substitute !== undefined && { substitute }),
      ...(quantity !== undefined && { quantity }),
      ...dated,
    });
  } else if (quantity !== undefined) now.push({ answer: 'quantity', code, quantity, ...dated });
  else now.push({ answer: what_else(item, last, later), code, ...dated });
  if (later === undefined || later === 0) return now;
  const later_at = quantity === 0 || first !== last ? last : undefined;
  return [...now, { answer: 'backorder', code, quantity: later, ...(later_at !== undefined && { promised_at: later_at }) }];
}

/** A change that names no quantity: a date, a price, or something that only people can see. */
function what_else(item: XmlElement | undefined, date: string | undefined, later: number | undefined): 'reschedule' | 'price' | 'change' {
  if (later !== undefined) return 'change';
  if (child(item, 'Price') !== undefined) return 'price';
  return date === undefined ? 'change' : 'reschedule';
}

/** Beside quantities that come, what is not accepted is the rest: documents name it, or all that was ordered. */
function rejected_rest(answers: readonly Answered[]): readonly Answered[] {
  const others = answers.some(({ answer, quantity }) => answer !== 'reject' && quantity !== undefined);
  return others
    ? answers.map(({ quantity, ...rest }) => (rest.answer === 'reject' || quantity === undefined ? rest : { ...rest, quantity }))
    : answers;
}

/** A line's promise is that of its last units: when those have none, nobody has promised the line. */
function dated_whole(answers: readonly Answered[]): readonly Answered[] {
  const open = answers.some(({ answer, promised_at }) => answer === 'backorder' && promised_at === undefined);
  return open ? answers.map(({ promised_at: _dropped, ...rest }) => rest) : answers;
}

/** Of one unit. A price of a hundred is a text that is no price: a person divides. */
function price_in(price: XmlElement | undefined, currency: string | undefined): string | undefined {
  const amount = text_at(price, 'PriceAmount');
  if (amount === undefined) return undefined;
  if (child(price, 'PriceAmount')?.attributes['currencyID'] !== currency)
    throw new Unusable('a price in another currency than the document');
  const base = quantity_in(price, 'BaseQuantity') ?? 1;
  return base === 1 ? amount.slice(0, 40) : `${amount.slice(0, 20)} per ${base}`;
}
