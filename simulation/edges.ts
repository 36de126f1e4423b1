/** The edges of the design's automata as decisions really take them: an aggregate's status before, what was decided about, its status after. */
import type { Step } from '../platform/testing/in_memory.ts';

export interface Edge {
  readonly aggregate: string;
  readonly from: string;
  /** A heard event, a command of people, `timer`, or what a provider answered: see `trigger_of`. */
  readonly trigger: string;
  readonly to: string;
}
export type Seen = Map<string, number>;

export const name_of = ({ aggregate, from, trigger, to }: Edge): string => `${aggregate}: ${from} – ${trigger} → ${to}`;

/** One edge per aggregate that the step changed, and per refund and return in it. A command that changed nothing took none. */
export function edges_of({ kind, command, before, after, is_new }: Step): Edge[] {
  if (before === after) return [];
  const trigger = trigger_of({ ...command });
  const was = is_new ? [] : statuses_in(kind, before);
  return statuses_in(kind, after).flatMap(({ aggregate, id, status }) => {
    const from = was.find(each => each.aggregate === aggregate && each.id === id)?.status ?? 'new';
    const is_inner = aggregate !== kind;
    return is_inner && from === status ? [] : [{ aggregate, from, trigger, to: status }];
  });
}

export function count_into(seen: Seen): (step: Step) => void {
  return step => {
    for (const edge of edges_of(step)) seen.set(name_of(edge), (seen.get(name_of(edge)) ?? 0) + 1);
  };
}

type Fields = { readonly [field: string]: unknown };
interface Status {
  readonly aggregate: string;
  readonly id: string;
  readonly status: string;
}

/** The states of services as their models have them; a kind without a status has no automaton. */
function statuses_in(kind: string, state: unknown): Status[] {
  if (typeof state !== 'object' || state === null) return [];
  const fields = state as Fields;
  const own = (status: unknown): Status[] => (typeof status === 'string' ? [{ aggregate: kind, id: '', status }] : []);
  const inner = (aggregate: string, list: unknown, id: string): Status[] =>
    (list as readonly Fields[]).map(one => ({ aggregate, id: String(one[id]), status: String(one['status']) }));
  switch (kind) {
    case 'order':
      return [
        ...own((fields['axes'] as Fields)['status']),
        ...inner('refund', fields['refunds'], 'refund_id'),
        ...inner('return', fields['returns'], 'return_id'),
      ];
    case 'payment':
    case 'reservation':
    case 'shipment':
    case 'proposal':
    case 'purchase_order':
      return own(fields['status']);
    default:
      return [];
  }
}

/** A webhook's fact, a reply and a poll are three ways to learn the same: the design calls it by what it says. */
const said: Readonly<Record<string, string>> = {
  authorized: 'ok',
  captured: 'ok',
  voided: 'ok',
  refunded: 'ok',
  lapsed: 'lapsed',
  refund_failed: 'refund_failed',
};

/** What the decision was about, in the design's words as far as a command has them. */
function trigger_of(command: Fields): string {
  const { type, fact, facts, outcome, change } = command;
  if (type === 'wake') return `timer ${String(command['timer'])}`;
  if (type === 'settle_operation') return `evidence ${String(outcome)}`;
  if (typeof outcome === 'object' && outcome !== null) return String((outcome as Fields)['outcome']);
  if (type === 'record_supplier_fact') return String((fact as Fields)['kind']);
  if (typeof fact === 'object' && fact !== null) return String((fact as Fields)['type']);
  if (type === 'record_webhook') {
    const [first] = facts as readonly Fields[];
    const name = String(first?.['fact']);
    return said[name] ?? name;
  }
  if (type === 'record_carrier_facts') return 'carrier scan';
  if (type === 'note_backorder') return `backorder.${String(change)}`;
  return String(type);
}
