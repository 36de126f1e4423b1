/** Lies of third parties' ledgers, or about what stands in them. */
import type { LedgerEntry } from '../auditor.ts';
import { with_ledger } from './corruption.ts';
import type { Lie } from './lies.ts';

const theirs = (
  lie: string,
  found_by: string,
  ledger: string,
  change: Parameters<typeof with_ledger>[2],
  ids: Lie['ids'] = () => [],
): Lie => ({ lie, found_by, ids, ledgers: ledgers => with_ledger(ledgers, ledger, change) });
const without_first =
  (kind: string): Parameters<typeof with_ledger>[2] =>
  entries =>
    entries.filter(entry => entry !== entries.find(one => one.kind === kind));
const first_twice =
  (kind: string, more: object = {}): Parameters<typeof with_ledger>[2] =>
  entries => [
    ...entries,
    ...entries
      .filter(entry => entry.kind === kind)
      .slice(0, 1)
      .map(entry => ({ ...entry, ...more })),
  ];

const first_says =
  (kind: string, more: (entry: LedgerEntry) => object): Parameters<typeof with_ledger>[2] =>
  entries => {
    const first = entries.find(entry => entry.kind === kind);
    return entries.map(entry => (entry === first ? { ...entry, ...more(entry) } : entry));
  };
/** The same money in all: each line of the other's quantity and price. */
const lines_exchanged = (entry: LedgerEntry) => {
  // As the stand-in writes them.
  const lines = entry['lines'] as readonly { readonly quantity: number; readonly cost: number }[];
  return { lines: lines.map((line, place) => ({ ...line, quantity: lines.at(-1 - place)?.quantity, cost: lines.at(-1 - place)?.cost })) };
};

const parcels_of = (order: string) => `shipment_id in (select id from shipping.shipment where order_id = '${order}')`;

export const ledger_lies: readonly Lie[] = [
  {
    found_by: 'P3',
    lie: 'a refund we do not know of',
    ids: ids => [ids.completed],
    sql: ids => `update payments.payment set refunded = refunded - 1 where order_id = '${ids.completed}'`,
  },
  theirs('a capture that did not happen', 'P3', 'stripe', without_first('captured'), ids => [ids.completed]),
  theirs('a payment of nobody', 'P3', 'stripe', first_twice('authorized', { payment_intent: 'pi_ghost', metadata: {} }), () => [
    'pi_ghost',
  ]),
  theirs('captured twice', 'P4', 'stripe', first_twice('captured')),
  theirs('authorized twice', 'P4', 'stripe', first_twice('authorized', { payment_intent: 'pi_twin' }), () => ['pi_twin']),
  theirs('still held for a cancelled order', 'P5', 'stripe', without_first('voided'), ids => [ids.cancelled]),
  theirs('a key of nobody', 'P14', 'stripe', first_twice('captured', { idempotency_key: 'op_ghost' }), () => ['op_ghost']),
  theirs(
    'an authorization at CyberSource of nobody',
    'P3',
    'cybersource',
    first_twice('authorized', { idempotency_key: 'op_ghost-1' }),
    () => ['op_ghost'],
  ),
  theirs('CyberSource still holds for a cancelled order', 'P5', 'cybersource', without_first('voided'), ids => [ids.cancelled_soap]),
  theirs('two labels for one parcel', 'O10', 'easypost', first_twice('label_purchased', { id: 'shp_twin' }), () => ['shp_twin']),
  theirs('a label of no parcel', 'O10', 'easypost', first_twice('label_purchased', { id: 'shp_ghost', reference: 'pcl_ghost' }), () => [
    'shp_ghost',
    'pcl_ghost',
  ]),
  theirs('a label nobody paid for', 'O10', 'easypost', without_first('label_purchased')),
  theirs(
    'two labels of Purolator for one parcel',
    'O10',
    'purolator',
    first_twice('label_purchased', { id: 'pin_twin', tracking_code: 'pin_twin' }),
    () => ['pin_twin'],
  ),
  theirs(
    'a label of Purolator of no parcel',
    'O10',
    'purolator',
    first_twice('label_purchased', { id: 'pin_ghost', reference: 'pcl_ghost' }),
    () => ['pin_ghost', 'pcl_ghost'],
  ),
  theirs('a label that Purolator never sold', 'O10', 'purolator', without_first('label_purchased')),
  theirs('a label that Purolator did not void', 'O10', 'purolator', without_first('label_voided')),
  theirs('Purolator voided what we sent away', 'O10', 'purolator', entries =>
    entries.flatMap(entry =>
      entry.kind === 'label_voided' || entries.some(one => one.kind === 'label_voided' && one.id === entry.id)
        ? [entry]
        : [entry, { ...entry, kind: 'label_voided' }],
    ),
  ),
  theirs(
    'Purolator took a cent more',
    'O10',
    'purolator',
    first_says('label_purchased', ({ amount = 0 }) => ({ amount: amount + 1 })),
  ),
  theirs(
    'Purolator was paid in another currency',
    'O10',
    'purolator',
    first_says('label_purchased', () => ({ currency: 'USD' })),
  ),
  {
    found_by: 'O10',
    lie: 'Purolator sold a label that we think it refused',
    ids: () => [],
    sql: ids => `update shipping.parcel set label_status = 'failed', tracking_number = null where ${parcels_of(ids.snow)}`,
  },
  {
    found_by: 'O10',
    lie: 'a label that we think another sold',
    ids: () => [],
    sql: ids => `update shipping.parcel set provider = 'manual' where ${parcels_of(ids.snow)}`,
  },
  {
    found_by: 'O10',
    lie: 'a label that will not leave',
    ids: () => [],
    sql: ids => `update shipping.shipment set status = 'cancelled', dispatched_at = null where order_id = '${ids.completed}'`,
  },
  theirs('ordered twice', 'D4', 'supplier', first_twice('purchase_order_accepted'), ids => [ids.purchase_order]),
  theirs(
    'never ordered',
    'D4',
    'supplier',
    () => [],
    ids => [ids.purchase_order],
  ),
  theirs('ordered twice over X12', 'D4', 'x12_supplier', first_twice('purchase_order_accepted'), ids => [ids.purchase_order_x12]),
  theirs(
    'never ordered over X12',
    'D4',
    'x12_supplier',
    () => [],
    ids => [ids.purchase_order_x12],
  ),
  theirs('an order over X12 of nobody', 'D4', 'x12_supplier', first_twice('purchase_order_accepted', { reference: 'PO-GHOST' }), () => [
    'PO-GHOST',
  ]),
  theirs('lines exchanged on the way', 'D4', 'x12_supplier', first_says('purchase_order_accepted', lines_exchanged), ids => [
    ids.purchase_order_x12,
  ]),
  theirs(
    'taken under a number that we did not give',
    'D4',
    'x12_supplier',
    first_says('purchase_order_accepted', () => ({ idempotency_key: '000000999' })),
    ids => [ids.purchase_order_x12],
  ),
  {
    found_by: 'D4',
    lie: 'an order over X12 that we think its supplier cannot read',
    ids: ids => [ids.purchase_order_x12],
    sql: ids => `update suppliers.purchase_order set receipt = 'rejected' where id = '${ids.purchase_order_x12}'`,
  },
];
