/** What a stock item may promise, opening stock, and what others tell of it (domain.md 5.1, 5.4). */
import type { InventoryEvent } from '../../../contracts/index.ts';
import type { Given, Handler } from '../../../platform/service.ts';
import type { HearReorderPolicy, ImportLine, ImportStock, ReportDrift, SetStockPolicy } from '../commands.ts';
import { available, item_id, levels_of, moved, type States, type StockItem } from '../model.ts';
import { type InventoryRejection, reject } from '../rejections.ts';
import { by_whom } from './adjust.ts';
import { type Draft, draft, nothing } from './draft.ts';
import { knows_location, locations_ref } from './touched.ts';

type Decides<C> = Handler<C, States, InventoryEvent, InventoryRejection>;

export const set_stock_policy: Decides<SetStockPolicy> = {
  touches: () => [locations_ref],
  then_touches: ({ sku, location_id }) => [{ kind: 'stock_item', id: item_id(sku, location_id) }],
  decide(command, view, given) {
    const { sku, location_id, if_version } = command;
    if (!knows_location(view, location_id)) return reject('unknown_location', `There is no location ${location_id}.`);
    const id = item_id(sku, location_id);
    const version = view.version('stock_item', id);
    if (if_version !== null && if_version !== version) return reject('version_conflict', `The version is ${version}.`, { version });
    const item = view('stock_item', id);
    const wanted = {
      ...item,
      safety: command.safety ?? item.safety,
      backorder_limit: command.backorder_limit ?? item.backorder_limit,
      low_threshold: command.low_threshold ?? item.low_threshold,
    };
    if (limit_too_low(wanted)) return limit_below_backordered(item);
    if (same_policy(item, wanted)) return nothing;
    const plan = draft(view, given);
    change_policy(plan, id, wanted, 'policy', given);
    return plan.decision();
  },
};

function limit_too_low(item: StockItem): boolean {
  return item.backorder_held + item.backordered > item.backorder_limit;
}
function limit_below_backordered(item: StockItem): InventoryRejection {
  const backordered = item.backorder_held + item.backordered;
  return reject('limit_below_backordered', `${backordered} units are on backorder already.`, { backordered });
}
function same_policy(item: StockItem, wanted: StockItem): boolean {
  const { safety, backorder_limit, low_threshold, reorder_point } = wanted;
  return (
    item.safety === safety &&
    item.backorder_limit === backorder_limit &&
    item.low_threshold === low_threshold &&
    item.reorder_point === reorder_point
  );
}

/** No unit moves: the quantity is what the change adds to the units that can be sold. */
function change_policy(plan: Draft, id: string, wanted: StockItem, reason: string, given: Given): void {
  const { sku, location_id } = wanted;
  const quantity = available(wanted) - available(plan.item(id));
  const about = { adjustment_id: given.id('adj'), kind: 'adjusted' as const, quantity, reason, ...by_whom(given) };
  plan.say_of_item(id, { type: 'stock.adjusted', data: { sku, location_id, ...about, levels: levels_of(wanted, plan.version(id)) } });
}

/** Suppliers decide when to buy; the level is kept here for the API's filter and the events. */
export const hear_reorder_policy: Decides<HearReorderPolicy> = {
  touches: () => [],
  then_touches: ({ sku, location_id }) => [{ kind: 'stock_item', id: item_id(sku, location_id) }],
  decide({ sku, location_id, reorder_point }, view, given) {
    const id = item_id(sku, location_id);
    const item = view('stock_item', id);
    if (item.reorder_point === reorder_point) return nothing;
    const plan = draft(view, given);
    change_policy(plan, id, { ...item, reorder_point }, 'reorder_policy', given);
    return plan.decision();
  },
};

export const import_stock: Decides<ImportStock> = {
  touches: () => [locations_ref],
  then_touches: ({ lines }) => lines.map(line => ({ kind: 'stock_item', id: item_id(line.sku, line.location_id) })),
  decide({ lines }, view, given) {
    const plan = draft(view, given);
    const adjustment_id = given.id('adj');
    for (const line of lines) {
      const item = plan.item(item_id(line.sku, line.location_id));
      if (import_problem(line, item, knows_location(view, line.location_id)) === undefined) apply(line, item, adjustment_id, plan, given);
    }
    return plan.decision();
  },
};

/** Why a line is not applied; asked again of the states after, it says which were not. */
export function import_problem(line: ImportLine, item: StockItem, location_known: boolean): InventoryRejection | undefined {
  if (!location_known) return reject('unknown_location', `There is no location ${line.location_id}.`);
  const promised = item.held + item.allocated;
  const sellable = line.on_hand - item.damaged - item.quality_control;
  if (sellable < promised) return reject('would_break_promises', `${promised} units are promised to orders, ${sellable} could be sold.`);
  if (limit_too_low({ ...item, backorder_limit: line.backorder_limit ?? item.backorder_limit })) return limit_below_backordered(item);
  return undefined;
}

function apply(line: ImportLine, item: StockItem, adjustment_id: string, plan: Draft, given: Given): void {
  const id = item_id(line.sku, line.location_id);
  const { sku, location_id } = item;
  const change = line.on_hand - item.on_hand;
  const from_account = change > 0 ? ('found' as const) : ('sellable' as const);
  const to_account = change > 0 ? ('sellable' as const) : ('loss' as const);
  const quantity = Math.abs(change);
  const counted = change === 0 ? item : moved(item, from_account, to_account, quantity);
  const wanted = { ...counted, safety: line.safety ?? item.safety, backorder_limit: line.backorder_limit ?? item.backorder_limit };
  if (change === 0 && same_policy(item, wanted)) return;
  const about = { adjustment_id, reason: 'import', ...by_whom(given) };
  const levels = levels_of(wanted, plan.version(id));
  if (change === 0) {
    plan.say_of_item(id, {
      type: 'stock.adjusted',
      data: { sku, location_id, ...about, kind: 'adjusted', quantity: available(wanted) - available(item), levels },
    });
    return;
  }
  plan.book({
    kind: 'counted',
    sku,
    location_id,
    from_account,
    to_account,
    quantity,
    cause_type: 'adjustment',
    cause_id: adjustment_id,
    reason: 'import',
  });
  plan.say_of_item(id, {
    type: 'stock.adjusted',
    data: { sku, location_id, ...about, kind: 'counted', quantity, from_account, to_account, levels },
  });
}

export const report_drift: Decides<ReportDrift> = {
  touches: () => [],
  then_touches: ({ sku, location_id }) => [{ kind: 'stock_item', id: item_id(sku, location_id) }],
  decide({ sku, location_id, measure, ledger, balance }, view, given) {
    const plan = draft(view, given);
    plan.say_of_item(item_id(sku, location_id), { type: 'stock.drift_detected', data: { sku, location_id, measure, ledger, balance } });
    return plan.decision();
  },
};
