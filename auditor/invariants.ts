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
import { walk_invariants } from './walks.ts';

const walks = ['inventory', 'payments', 'shipping', 'suppliers'].flatMap(log => walk_invariants(log, fold_checks(log)));

export const invariants: readonly Invariant[] = [
  ...stock_invariants,
  ...money_invariants,
  ...price_invariants,
  ...walk_invariants('orders', [postings, ...fold_checks('orders')]),
  ...operation_invariants,
  ...order_invariants,
  ...supply_invariants,
  ...location_invariants,
  ...log_invariants,
  ...walks,
  stock_fold,
  ...ledger_invariants,
];
