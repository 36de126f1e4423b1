/** Of runs in which third parties themselves misbehave: their books and ours agree on labels and purchase orders, and who lied is on somebody's list. */
import type { LedgerEntry } from '../../auditor/auditor.ts';
import type { Check } from './checks_clients.ts';
import type { LabelRow } from './evidence.ts';

/** Paid and not given back; nothing for a label that was. */
function paid_by_parcel(carriers: readonly LedgerEntry[]): Map<string, number> {
  const paid = new Map<string, number>();
  for (const { kind, reference, amount = 0 } of carriers) {
    const sign = kind === 'label_purchased' ? 1 : kind === 'label_refunded' || kind === 'label_voided' ? -1 : 0;
    paid.set(reference ?? '', (paid.get(reference ?? '') ?? 0) + sign * amount);
  }
  return paid;
}
const is_settled = ({ is_asking, label_status }: LabelRow) =>
  !is_asking && !['requested', 'unknown', 'void_requested'].includes(label_status);

const same_labels: Check = {
  promise: 'O10',
  says: "the carriers' ledgers equal ours, per parcel, to the cent, both ways",
  run({ carriers, tables }) {
    const paid = paid_by_parcel(carriers);
    const settled = tables.labels.filter(is_settled);
    const broken = settled.flatMap(({ id, label_status, cost }) => {
      const ours = label_status === 'purchased' || label_status === 'void_refused' ? cost : 0;
      const theirs = paid.get(id) ?? 0;
      return ours === theirs ? [] : [`${id} is ${label_status} for ${ours}; the carrier was paid ${theirs}`];
    });
    return { checked: settled.length, broken };
  },
};

const same_purchase_orders: Check = {
  promise: 'O11',
  says: "the suppliers' ledgers equal ours: each purchase order once, none strange, none missing",
  run({ suppliers, tables }) {
    const accepted = Map.groupBy(
      suppliers.filter(({ kind }) => kind === 'purchase_order_accepted'),
      ({ reference }) => reference ?? '',
    );
    const ours = new Map(tables.purchase_orders.map(order => [order.id, order]));
    const twice = [...accepted].flatMap(([id, entries]) => (entries.length > 1 ? [`${id} was taken ${entries.length} times`] : []));
    const strange = [...accepted.keys()].flatMap(id => (ours.has(id) ? [] : [`the supplier has ${id}, which is no order of ours`]));
    const missing = tables.purchase_orders.flatMap(({ id, is_sent }) =>
      is_sent && !accepted.has(id) ? [`${id} counts as sent, and the supplier has no such order`] : [],
    );
    return { checked: accepted.size, broken: [...twice, ...strange, ...missing] };
  },
};

const lies_are_seen: Check = {
  promise: 'F30',
  says: 'a gateway that contradicts what was asked is an exception with an owner',
  run({ tables }) {
    const broken = tables.drifts.flatMap(({ payment_id, drift, raised }) =>
      raised ? [] : [`${payment_id}: another ${drift} than asked was told, and nobody was`],
    );
    return { checked: tables.drifts.length, broken };
  },
};

export const third_party_checks: readonly Check[] = [same_labels, same_purchase_orders, lies_are_seen];
