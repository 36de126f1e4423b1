/** Every invariant, in the order in which the auditor checks them: stock, money, orders, supply, the logs, the rows against the logs, third parties. */
import type { Invariant } from './auditor.ts';
import { stock_fold } from './fold_stock.ts';
import { fold_invariants } from './folds.ts';
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

export const invariants: readonly Invariant[] = [
  ...stock_invariants,
  ...money_invariants,
  ...price_invariants,
  postings,
  ...operation_invariants,
  ...order_invariants,
  ...supply_invariants,
  ...location_invariants,
  ...log_invariants,
  ...fold_invariants,
  stock_fold,
  ...ledger_invariants,
];
