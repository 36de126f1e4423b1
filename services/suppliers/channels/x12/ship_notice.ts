/** 856, ship notice: a tree of HL (shipment, order, tare, pack, item), of which the nearest PRF above an item names its order. One document per order. */
import { units_in } from '../amounts.ts';
import type { DocumentOf, NamedItem } from '../trade.ts';
import { instant_in } from './numbers.ts';
import { element, type TransactionSet } from './read.ts';
import { codes_from, first_of, item_of, loops, missing_segment, type Place, places, required, wrong_element } from './sets.ts';

interface Level {
  readonly id: string;
  readonly parent: string;
  readonly level: string;
  readonly inside: readonly Place[];
  readonly hl: Place;
}
interface Shipped {
  readonly item: NamedItem;
  readonly quantity: number;
}

export function read_ship_notice(set: TransactionSet, document_ref: string): readonly DocumentOf<'despatch'>[] {
  const all = places(set);
  const notice_ref = required(first_of(all, 'BSN'), 2, 30);
  const levels = levels_of(all);
  const head = {
    document_ref,
    kind: 'despatch' as const,
    notice_ref,
    ...date_of(all, '011', 'shipped_at'),
    ...date_of(all, '017', 'expected_at'),
    ...tracking_of(all),
  };
  const by_order = new Map<string, Shipped[]>();
  for (const level of levels.values()) {
    const sn1 = level.inside.find(({ segment }) => segment.id === 'SN1');
    if (level.level !== 'I' || sn1 === undefined) continue;
    const about = order_above(levels, level);
    by_order.set(about, [...(by_order.get(about) ?? []), shipped(level, sn1)]);
  }
  if (by_order.size === 0) throw missing_segment('SN1');
  return [...by_order].map(([about, lines]) => ({ ...head, about, lines }));
}

function levels_of(all: readonly Place[]): ReadonlyMap<string, Level> {
  const levels = new Map<string, Level>();
  for (const inside of loops(all, 'HL', ['CTT'])) {
    const [hl] = inside;
    if (hl === undefined) throw new Error('an empty loop');
    const id = required(hl, 1, 12);
    const parent = element(hl.segment, 2);
    // Parents come first (X12.59), so there is no way round in a circle.
    if (levels.has(id)) throw wrong_element(hl, 1, 'it stands twice');
    if (parent !== '' && !levels.has(parent)) throw wrong_element(hl, 2, 'there is no such level before it');
    levels.set(id, { id, parent, level: required(hl, 3, 2), inside, hl });
  }
  return levels;
}

function order_above(levels: ReadonlyMap<string, Level>, item: Level): string {
  for (let level: Level | undefined = item; level !== undefined; level = levels.get(level.parent)) {
    const prf = level.inside.find(({ segment }) => segment.id === 'PRF');
    if (prf !== undefined) return required(prf, 1, 22);
  }
  throw missing_segment('PRF');
}

function shipped({ inside }: Level, sn1: Place): Shipped {
  const lin = inside.find(({ segment }) => segment.id === 'LIN')?.segment;
  const quantity = units_in(element(sn1.segment, 2));
  if (quantity === undefined) throw wrong_element(sn1, 2, 'no whole units');
  const line = element(sn1.segment, 1) || (lin === undefined ? '' : element(lin, 1));
  return { item: item_of(line, lin === undefined ? [] : codes_from(lin, 2)), quantity };
}

function date_of(all: readonly Place[], qualifier: string, name: 'shipped_at' | 'expected_at'): { readonly [field: string]: string } {
  const dtm = all.find(({ segment }) => segment.id === 'DTM' && element(segment, 1) === qualifier);
  const at = dtm && instant_in(element(dtm.segment, 2), element(dtm.segment, 3));
  return at === undefined ? {} : { [name]: at };
}

/** The carrier's number (CN), else the bill of lading (BM). */
function tracking_of(all: readonly Place[]): { tracking_number?: string } {
  const named = (qualifier: string) => all.find(({ segment }) => segment.id === 'REF' && element(segment, 1) === qualifier)?.segment;
  const ref = named('CN') ?? named('BM');
  const number = ref === undefined ? '' : element(ref, 2);
  return number === '' ? {} : { tracking_number: number };
}
