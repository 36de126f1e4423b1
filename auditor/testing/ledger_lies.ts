/** Lies of third parties' ledgers, or about what stands in them. */
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
];
