/** Every invariant, in the order in which the auditor checks them: stock, money, orders, supply, the logs, the rows against the logs, third parties. */
import type { Invariant } from './auditor.ts';
import { stock_fold } from './fold_stock.ts';
import { fold_checks } from './folds.ts';
import { ledger_invariants } from './ledgers.ts';
import { location_invariants } from './locations.ts';
import { log_invariants } from './logs.ts';
import { money_invariants } from './money.ts';
import { operation_invariants } from './operations.ts';
import { order_invariants } from './orders.ts';
import { postings } from './postings.ts';
import { price_invariants } from './prices.ts';
import { stock_invariants } from './stock.ts';
import { supply_invariants } from './supply.ts';
import { order_transitions, payment_transitions, shipment_transitions } from './transitions.ts';
import { walk_invariants } from './walks.ts';

const walks = [
  ...walk_invariants('inventory', fold_checks('inventory')),
  ...walk_invariants('payments', [payment_transitions, ...fold_checks('payments')]),
  ...walk_invariants('shipping', [shipment_transitions, ...fold_checks('shipping')]),
  ...walk_invariants('suppliers', fold_checks('suppliers')),
];

export const invariants: readonly Invariant[] = [
  ...stock_invariants,
  ...money_invariants,
  ...price_invariants,
  ...walk_invariants('orders', [postings, order_transitions, ...fold_checks('orders')]),
  ...operation_invariants,
  ...order_invariants,
  ...supply_invariants,
  ...location_invariants,
  ...log_invariants,
  ...walks,
  stock_fold,
  ...ledger_invariants,
];
