/** 997, functional acknowledgment: a partner's of our groups, and ours of a partner's. */
import type { DocumentOf } from '../trade.ts';
import type { Group, TransactionSet } from './read.ts';
import { element } from './read.ts';
import { first_of, missing_segment, places, required, type SetRefusal } from './sets.ts';
import type { NewSet } from './write.ts';

/** AK901 and AK501: accepted, with errors noted, partly, or not: R, M, W, X. */
const taken = new Set(['A', 'E', 'P']);

export function read_receipt(set: TransactionSet, document_ref: string): DocumentOf<'receipt'> {
  const all = places(set);
  const number = required(first_of(all, 'AK1'), 2, 9);
  const ak9 = first_of(all, 'AK9');
  const refused = all.filter(({ segment }) => segment.id === 'AK5' && !taken.has(element(segment, 1)));
  const accepted = taken.has(required(ak9, 1, 1)) && refused.length === 0;
  const told = all.filter(({ segment }) => ['AK3', 'AK4', 'AK5', 'AK9'].includes(segment.id));
  const detail = told.map(({ segment }) => [segment.id, ...segment.elements].join(' ')).join('; ');
  if (!/^\d+$/.test(number)) throw missing_segment('AK1');
  return { document_ref, about: `#${Number(number)}`, kind: 'receipt', accepted, detail };
}

/** What became of a set: undefined, or why it cannot be used. */
export interface JudgedSet {
  readonly set: TransactionSet;
  readonly refusal?: SetRefusal | { readonly set_code: string };
}

/** Of one group. `whole`: nothing of the interchange counts, whatever its sets are like. */
export function write_receipt(group: Group, judged: readonly JudgedSet[], whole: boolean): NewSet {
  const sets = judged.flatMap(({ set, refusal }) => {
    const ak2 = ['AK2', set.code, set.control];
    if (set.fault !== undefined) return [ak2, ['AK5', 'R', set.fault.code]];
    if (refusal !== undefined && 'set_code' in refusal) return [ak2, ['AK5', 'R', refusal.set_code]];
    if (refusal !== undefined) return [ak2, ...errors_of(refusal), ['AK5', 'R', '5']];
    return [ak2, whole ? ['AK5', 'R', '5'] : ['AK5', 'A']];
  });
  const count = judged.length;
  const accepted = whole ? 0 : judged.filter(one => one.refusal === undefined && one.set.fault === undefined).length;
  const verdict = accepted === count && !whole ? 'A' : accepted === 0 ? 'R' : 'P';
  const ak9 = ['AK9', verdict, String(Math.max(group.told, 0)), String(count), String(accepted), group.fault?.code ?? ''];
  return { code: '997', segments: [['AK1', group.functional, group.control], ...sets, ak9] };
}

function errors_of({ segment, place, element: number, code }: SetRefusal): readonly (readonly string[])[] {
  const ak3 = ['AK3', segment, String(Math.max(place, 1)), '', number === undefined ? code : '8'];
  return number === undefined ? [ak3] : [ak3, ['AK4', String(number), '', code]];
}
