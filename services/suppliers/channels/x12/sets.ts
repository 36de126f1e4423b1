/** What every reader of a transaction set needs: its segments in turn, items by their codes, and a refusal that a 997 can name. */
import type { NamedItem } from '../trade.ts';
import { element, type Segment, type TransactionSet } from './read.ts';

/** Why a set cannot be used: AK3 and AK4 of its 997. */
export interface SetRefusal {
  readonly segment: string;
  /** Of the segment in its set, ST being 1; 0: it is missing. */
  readonly place: number;
  readonly element?: number;
  /** Of AK4 (element 723) with an element, else of AK3 (720). */
  readonly code: string;
  readonly detail: string;
}
/** Thrown by readers and caught by `documents_of`, nowhere else: a set has dozens of places where it can be wrong. */
export class Unusable extends Error {
  readonly refusal: SetRefusal;
  constructor(refusal: SetRefusal) {
    super(refusal.detail);
    this.refusal = refusal;
  }
}

export const lines_max = 1_000;

export interface Place {
  readonly segment: Segment;
  readonly place: number;
}
export function places(set: TransactionSet): readonly Place[] {
  return set.segments.map((segment, index) => ({ segment, place: index + 2 }));
}

export function missing_segment(id: string): Unusable {
  return new Unusable({ segment: id, place: 0, code: '3', detail: `there is no ${id}` });
}
export function wrong_element({ segment, place }: Place, number: number, detail: string): Unusable {
  const absent = element(segment, number) === '';
  return new Unusable({
    segment: segment.id,
    place,
    element: number,
    code: absent ? '1' : '7',
    detail: `${segment.id}${String(number).padStart(2, '0')}: ${detail}`,
  });
}

export function first_of(all: readonly Place[], id: string): Place {
  const found = all.find(({ segment }) => segment.id === id);
  if (found === undefined) throw missing_segment(id);
  return found;
}
export function required(at: Place, number: number, length_max: number): string {
  const text = element(at.segment, number);
  if (text === '' || text.length > length_max) throw wrong_element(at, number, `1 to ${length_max} characters are needed`);
  return text;
}

/** Segments from each one named `id` up to the next, or up to one that ends them all. */
export function loops(all: readonly Place[], id: string, ends: readonly string[]): readonly (readonly Place[])[] {
  const found: Place[][] = [];
  let open: Place[] | undefined;
  for (const at of all) {
    if (at.segment.id === id) {
      open = [];
      found.push(open);
    } else if (ends.includes(at.segment.id)) open = undefined;
    open?.push(at);
  }
  if (found.length > lines_max) throw new Unusable({ segment: id, place: 0, code: '4', detail: `more than ${lines_max} times ${id}` });
  return found;
}

/** Pairs of qualifier and code from an element on: vendor's, buyer's, barcodes alike; which one is whose, our order tells. */
export function codes_from({ elements }: Segment, first: number, last = Number.POSITIVE_INFINITY): readonly string[] {
  const codes: string[] = [];
  for (let number = first; number + 1 <= Math.min(elements.length, last); number += 2) {
    const code = elements[number]?.trimEnd() ?? '';
    if (code !== '' && !codes.includes(code)) codes.push(code);
  }
  return codes;
}

export function item_of(line: string, codes: readonly string[]): NamedItem {
  return /^\d{1,6}$/.test(line) && Number(line) > 0 ? { line_no: Number(line), codes } : { codes };
}
