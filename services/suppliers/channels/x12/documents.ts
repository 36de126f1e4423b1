/** What an interchange says: its documents, what of it cannot be used, and the 997 that answers it. */
import type { TradeDocument } from '../trade.ts';
import { read_invoice } from './invoice.ts';
import type { Group, Interchange, TransactionSet } from './read.ts';
import { type JudgedSet, read_receipt, write_receipt } from './receipt.ts';
import { read_response } from './response.ts';
import { Unusable } from './sets.ts';
import { read_ship_notice } from './ship_notice.ts';
import { is_writable, type NewSet } from './write.ts';

type Reader = (set: TransactionSet, document_ref: string) => readonly TradeDocument[];

/** By ST01: the functional group in which such a set travels (GS01), and its reader. */
const readers: Readonly<Record<string, { readonly functional: string; readonly read: Reader }>> = {
  '810': { functional: 'IN', read: (set, ref) => [read_invoice(set, ref)] },
  // Stock of the supplier: taken, and nothing is decided from it yet.
  '846': { functional: 'IB', read: () => [] },
  '855': { functional: 'PR', read: (set, ref) => [read_response(set, ref)] },
  '856': { functional: 'SH', read: read_ship_notice },
  '997': { functional: 'FA', read: (set, ref) => [read_receipt(set, ref)] },
};

export interface ReadInterchange {
  readonly documents: readonly TradeDocument[];
  /** Sets that cannot be used, for a person. */
  readonly refused: readonly string[];
  /** The 997 of every group but those of 997s, which nobody answers. */
  readonly receipts: readonly NewSet[];
}

export function documents_of(interchange: Interchange): ReadInterchange {
  const documents: TradeDocument[] = [];
  const refused: string[] = [];
  const receipts: NewSet[] = [];
  const whole = interchange.fault !== undefined;
  for (const group of interchange.groups) {
    const judged = group.sets.map(set => judge(interchange, group, set));
    for (const { set, refusal, documents: told } of judged) {
      if (refusal === undefined) documents.push(...told);
      else refused.push(`${set.code} ${group.control}/${set.control}: ${refusal.detail}`);
    }
    // What could not be read cannot be named back either.
    const nameable = [group.functional, group.control, ...group.sets.flatMap(set => [set.code, set.control])].every(is_writable);
    if (group.functional !== 'FA' && nameable) receipts.push(write_receipt(group, judged, whole));
  }
  return whole ? { documents: [], refused: [], receipts } : { documents, refused, receipts };
}

type Judged = Omit<JudgedSet, 'refusal'> & {
  readonly documents: readonly TradeDocument[];
  readonly refusal?: Unusable['refusal'] | { readonly set_code: string; readonly detail: string };
};

function judge({ sender, receiver, control }: Interchange, group: Group, set: TransactionSet): Judged {
  const reader = Object.hasOwn(readers, set.code) ? readers[set.code] : undefined;
  const none = { set, documents: [] };
  if (reader === undefined) return { ...none, refusal: { set_code: '1', detail: 'such sets are not taken' } };
  if (reader.functional !== group.functional)
    return { ...none, refusal: { set_code: '6', detail: `it stands in a group ${group.functional}` } };
  const from = [sender, receiver].map(({ qualifier, id }) => `${qualifier}:${id}`).join('/');
  try {
    return { set, documents: reader.read(set, `${from}/${control}/${group.control}/${set.control}`) };
  } catch (error) {
    if (error instanceof Unusable) return { ...none, refusal: error.refusal };
    throw error;
  }
}
