import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { audit, type Invariant, type Line } from './auditor.ts';
import { invariants } from './invariants.ts';
import { audit_with, type Ledgers, with_ledger } from './testing/corruption.ts';
import { type AuditedShop, audited_shop, type Ids } from './testing/shop.ts';
import { audit_pools } from './watch.ts';

/** One lie, and who must find it: the number of the invariant, what it is about, the ids it must name. */
interface Lie {
  readonly lie: string;
  readonly found_by: string;
  readonly ids: (ids: Ids) => readonly string[];
  readonly sql?: (ids: Ids) => string;
  readonly ledgers?: (ledgers: Ledgers, ids: Ids) => Ledgers;
}

const payment_of = (order: string) => `(select payment_id from orders.order_payment where order_id = '${order}')`;
const runs = (service: string) => `insert into ${service}.members values ('prc_test', now() - interval '1 hour', now());`;
const unchecked = (table: string) =>
  `do $$ declare name text; begin for name in select conname from pg_constraint where conrelid = '${table}'::regclass and contype in ('c', 'u') loop execute format('alter table ${table} drop constraint %I', name); end loop; end $$;`;
const last_event = (log: string, where: string) => `(select max(position) from ${log}.events where ${where})`;
const change_event = (log: string, where: string, path: string, value: string) =>
  `update ${log}.events set data = jsonb_set(data::jsonb, '${path}', '${value}')::json where position = ${last_event(log, where)}`;

const stock_lies: readonly Lie[] = [
  { found_by: 'S1', lie: 'a unit more on hand', ids: () => ['LAMP@near'], sql: () => `update inventory.stock_item set on_hand = on_hand + 1 where id = 'LAMP@near'` },
  { found_by: 'S1', lie: 'damaged units from nowhere', ids: () => ['LAMP@near'], sql: () => `update inventory.stock_item set damaged = 1 where id = 'LAMP@near'` },
  { found_by: 'S1', lie: 'a movement of nothing we have', ids: () => ['GHOST@near'], sql: () => `update inventory.stock_movement set sku = 'GHOST' where sku = 'RARE'` },
  { found_by: 'S2', lie: 'shipped units that were lost', ids: () => ['LAMP@near'], sql: () => `update inventory.stock_movement set to_account = 'loss' where kind = 'shipped' and sku = 'LAMP'` },
  { found_by: 'S3', lie: 'fewer than no units held', ids: () => ['LAMP@near'], sql: () => `${unchecked('inventory.stock_item')} update inventory.stock_item set held = -1 where id = 'LAMP@near'` },
  { found_by: 'S4', lie: 'more promised than there is', ids: () => ['LAMP@near'], sql: () => `${unchecked('inventory.stock_item')} update inventory.stock_item set allocated = 999 where id = 'LAMP@near'` },
  { found_by: 'S5', lie: 'a unit held for nobody', ids: () => ['LAMP@near'], sql: () => `update inventory.stock_item set held = held + 1 where id = 'LAMP@near'` },
  { found_by: 'S7', lie: 'a closed reservation keeps units', ids: ids => [ids.held], sql: ids => `update inventory.reservation set status = 'closed' where id = '${ids.held}'` },
  { found_by: 'S8', lie: 'a second live line', ids: ids => [ids.held], sql: ids => `insert into inventory.reservation_line select (json_populate_record(l, '{"reservation_no": 2}')).* from inventory.reservation_line l where order_id = '${ids.held}'` },
  { found_by: 'S9', lie: 'shipped twice because of one parcel', ids: () => ['LAMP@near'], sql: () => `${unchecked('inventory.stock_movement')} insert into inventory.stock_movement overriding user value select * from inventory.stock_movement where sku = 'LAMP' and kind = 'shipped'` },
  { found_by: 'S10', lie: 'consumed and never handed over', ids: ids => [ids.completed], sql: ids => `update shipping.shipment set lines = '[]' where order_id = '${ids.completed}'` },
  { found_by: 'S11', lie: 'free units while somebody waits', ids: () => ['LATE@near'], sql: () => `update inventory.stock_item set on_hand = on_hand + 5 where id = 'LATE@near'` },
  {
    found_by: 'S11', lie: 'somebody jumped the queue', ids: ids => [ids.backordered, 'ord_pushy'],
    sql: () => `insert into inventory.events select max(position) + 1, 0, 'ord_pushy', 'backorder.filled', 'evt_pushy', 'ord_pushy', 1, now(), 'test',
                '{"lines": [{"line_no": 1, "sku": "LATE", "location_id": "near", "quantity": 1, "priority": 9, "requested_at": "2099-01-01T00:00:00.000Z"}]}' from inventory.events`,
  },
  { found_by: 'S11', lie: 'promised more than is ordered', ids: ids => [ids.purchase_order, ids.backordered], sql: () => `update suppliers.peg_book set pegs = replace(pegs::text, '"quantity":', '"quantity":9')::json` },
  { found_by: 'S12', lie: 'a cancelled order keeps stock', ids: ids => [ids.held], sql: ids => `update orders.orders set status = 'cancelled', closed_at = now() where id = '${ids.held}'` },
  { found_by: 'S12', lie: 'a reservation nobody ends', ids: ids => [ids.unpaid], sql: ids => `${runs('inventory')} update inventory.reservation set expires_at = now() - interval '1 day' where id = '${ids.unpaid}'` },
];

const money_lies: readonly Lie[] = [
  { found_by: 'P1', lie: 'captured beyond the authorization', ids: ids => [ids.completed], sql: ids => `${unchecked('payments.payment')} update payments.payment set captured = authorized + 1 where order_id = '${ids.completed}'` },
  { found_by: 'P1', lie: 'the order believes so', ids: ids => [ids.completed], sql: ids => `${unchecked('orders.order_payment')} update orders.order_payment set captured = authorized + voided + 1 where order_id = '${ids.completed}'` },
  { found_by: 'P2', lie: 'completed and a penny short', ids: ids => [ids.completed], sql: ids => `update orders.orders set captured = captured - 1 where id = '${ids.completed}'` },
  { found_by: 'P6', lie: 'cancelled and money kept', ids: ids => [ids.cancelled], sql: ids => `update orders.orders set captured = 100, closed_at = '2020-01-01' where id = '${ids.cancelled}'` },
  { found_by: 'P6', lie: 'cancelled and money held', ids: ids => [ids.cancelled], sql: ids => `update orders.order_payment set voided = 0, release_requested = false where order_id = '${ids.cancelled}'` },
  { found_by: 'P6', lie: 'a release forgotten', ids: ids => [ids.cancelled], sql: ids => `update payments.payment set voided = 0 where order_id = '${ids.cancelled}'` },
  { found_by: 'P7', lie: 'paid, and the stock is gone', ids: ids => [ids.unpaid], sql: ids => `update orders.orders set captured = grand_total, reservation_state = 'lapsed' where id = '${ids.unpaid}'` },
  { found_by: 'P8', lie: 'the sums are not the payments', ids: ids => [ids.completed], sql: ids => `update orders.order_payment set refunded = refunded - 1 where order_id = '${ids.completed}'` },
  { found_by: 'P8', lie: 'an event takes money that no payment has', ids: ids => [ids.completed], sql: ids => change_event('orders', `key = '${ids.completed}' and data::jsonb ? 'money'`, '{money,captured}', '1') },
  { found_by: 'P9', lie: 'a line that does not add up', ids: ids => [ids.discounted], sql: ids => `update orders.order_line set line_subtotal = line_subtotal + 1 where order_id = '${ids.discounted}' and line_no = 1` },
  { found_by: 'P9', lie: 'a total that is not the sum', ids: ids => [ids.discounted], sql: ids => `update orders.orders set grand_total = grand_total + 1 where id = '${ids.discounted}'` },
  { found_by: 'P9', lie: 'a penny of discount on another line', ids: ids => [ids.discounted], sql: ids => `${unchecked('orders.order_line')} update orders.order_line set line_discount = line_discount + 3 - 2 * line_no, line_total = line_total - 3 + 2 * line_no where order_id = '${ids.discounted}' and line_no < 3` },
  { found_by: 'P9', lie: 'a penny of tax for another town', ids: ids => [ids.discounted], sql: ids => `update orders.order_line set taxes = (select json_agg(json_build_object('jurisdiction', t ->> 'jurisdiction', 'rate_ppm', (t ->> 'rate_ppm')::int, 'amount', (t ->> 'amount')::int + case when t ->> 'jurisdiction' = 'GB' then 1 else -1 end)) from json_array_elements(taxes) t) where order_id = '${ids.discounted}' and line_no = 1` },
  { found_by: 'P9', lie: 'a tax without a rate', ids: ids => [ids.discounted], sql: ids => `update orders.order_line set taxes = '[]' where order_id = '${ids.discounted}' and line_no = 1` },
  { found_by: 'P9', lie: 'units worth a penny less', ids: ids => [ids.completed], sql: ids => `update orders.order_line set shipped_value = shipped_value - 1 where order_id = '${ids.completed}' and line_no = 2` },
  { found_by: 'P9', lie: 'carriage given away', ids: ids => [ids.completed], sql: ids => `update orders.orders set shipping_cancelled = 1 where id = '${ids.completed}'` },
  { found_by: 'P10', lie: 'paid in dollars', ids: ids => [ids.completed], sql: ids => `update payments.payment set currency = 'USD' where order_id = '${ids.completed}'` },
  { found_by: 'P11', lie: 'a use nobody made', ids: () => ['SPRING'], sql: () => `update orders.discount set uses = uses + 1 where id = 'SPRING'` },
  { found_by: 'P11', lie: 'a discount without a code', ids: ids => [ids.completed], sql: ids => `update orders.orders set discount_total = 1 where id = '${ids.completed}'` },
  { found_by: 'P12', lie: 'a capture without a fact', ids: ids => [ids.completed], sql: ids => `delete from payments.gateway_fact where fact = 'captured' and payment_id = ${payment_of(ids.completed)}` },
  { found_by: 'P13', lie: 'an unknown that nobody asks about', ids: ids => ['op_lost', ids.purchase_order], sql: ids => `delete from suppliers.timers; update suppliers.purchase_order set exceptions = '[]'; insert into suppliers.operations (op_id, kind, provider, subject, key, request, state, next_at, requested_at) values ('op_lost', 'send_order', 'rest', '${ids.purchase_order}', '${ids.purchase_order}', '{}', 'unknown', '9999-01-01', now())` },
  { found_by: 'P13', lie: 'an operation that nobody runs', ids: ids => ['op_idle', ids.completed], sql: ids => `${runs('payments')} insert into payments.operations (op_id, kind, provider, subject, key, request, state, next_at, requested_at) values ('op_idle', 'void', 'stripe', '${ids.completed}', 'k', '{}', 'requested', '2020-01-01', now())` },
  { found_by: 'P13', lie: 'an unknown payment without an operation', ids: ids => [ids.completed], sql: ids => `update payments.payment set status = 'unknown' where order_id = '${ids.completed}'` },
  { found_by: 'D3', lie: 'two minds about a payment', ids: ids => [ids.completed], sql: ids => `update orders.order_payment set status = 'voided' where order_id = '${ids.completed}'` },
];

const order_lies: readonly Lie[] = [
  { found_by: 'O1', lie: 'an order nobody waits for', ids: ids => [ids.held], sql: ids => `delete from orders.timers where id = '${ids.held}'` },
  { found_by: 'O1', lie: 'a reservation nobody waits for', ids: ids => [ids.unpaid], sql: ids => `delete from inventory.timers where id = '${ids.unpaid}'` },
  { found_by: 'O5', lie: 'a quote nobody used', ids: ids => [ids.discounted], sql: () => `update orders.quote set order_id = null` },
  { found_by: 'O6', lie: 'placed again after its end', ids: ids => [ids.completed], sql: ids => change_event('orders', `key = '${ids.completed}'`, '{axes,status}', '"placed"') },
  { found_by: 'O6', lie: 'captured, then processing', ids: () => [], sql: ids => change_event('payments', `key = '${ids.completed}'`, '{state}', '"processing"') },
  { found_by: 'O6', lie: 'delivered, then planned', ids: () => [], sql: ids => change_event('shipping', `key = '${ids.completed}' and type = 'parcel.delivered'`, '{shipment_status}', '"planned"') },
  { found_by: 'O7', lie: 'a unit that is nowhere', ids: ids => [ids.held], sql: ids => `update orders.order_line set quantity_allocated = quantity_allocated - 1, quantity_in_fulfillment = quantity_in_fulfillment - 1 where order_id = '${ids.held}'` },
  { found_by: 'O8', lie: 'more shipped than ordered', ids: ids => [ids.completed], sql: ids => `${unchecked('orders.order_line')} update orders.order_line set quantity_shipped = quantity + 1 where order_id = '${ids.completed}' and line_no = 1` },
  { found_by: 'O8', lie: 'at its end with units promised', ids: ids => [ids.held], sql: ids => `update orders.orders set status = 'completed', closed_at = now() where id = '${ids.held}'` },
  { found_by: 'D1', lie: 'inventory gave a unit away', ids: ids => [ids.held], sql: ids => `update inventory.reservation_line set allocated = allocated - 1, released = released + 1 where order_id = '${ids.held}'` },
];

const supply_lies: readonly Lie[] = [
  { found_by: 'O11', lie: 'two proposals for one item', ids: () => ['prp_second', 'LATE@near'], sql: () => `drop index suppliers.proposal_open; update suppliers.proposal set status = 'proposed', po_id = null; insert into suppliers.proposal select (json_populate_record(p, '{"id": "prp_second"}')).* from suppliers.proposal p` },
  { found_by: 'O11', lie: 'more received than ordered', ids: ids => [ids.purchase_order], sql: () => `${unchecked('suppliers.purchase_order_line')} update suppliers.purchase_order_line set received = quantity + 1` },
  { found_by: 'D2', lie: 'units on order nobody ordered', ids: () => ['LATE@near'], sql: () => 'update suppliers.supply_item set on_order = on_order + 1' },
  { found_by: 'D2', lie: 'an expected line forgotten', ids: ids => ['LATE@near', ids.purchase_order], sql: () => `update suppliers.supply_item set open_lines = '[]'` },
  { found_by: 'D2', lie: 'a proposal that is not there', ids: () => ['LATE@near', 'prp_ghost'], sql: () => `update suppliers.supply_item set proposal_id = 'prp_ghost', proposed = 3` },
  { found_by: 'D2', lie: 'other stock than inventory has', ids: () => ['LATE@near'], sql: () => 'update suppliers.supply_item set on_hand = on_hand + 1' },
  { found_by: 'D2', lie: 'somebody waits unheard', ids: ids => [ids.backordered], sql: () => 'update suppliers.backorder_line set quantity = quantity + 1' },
  { found_by: 'D2', lie: 'goods that vanished at the dock', ids: ids => [ids.purchase_order], sql: () => `update inventory.stock_movement set quantity = quantity + 1 where cause_type = 'receipt'` },
];

const log_lies: readonly Lie[] = [
  { found_by: 'E1', lie: 'a row changed without an event', ids: ids => [ids.held], sql: ids => `update orders.orders set version = version + 1 where id = '${ids.held}'` },
  { found_by: 'E1', lie: 'a row that was deleted', ids: ids => [ids.held], sql: ids => `delete from orders.orders where id = '${ids.held}'` },
  { found_by: 'E2', lie: 'a hearer who fell behind', ids: ids => [ids.completed], sql: ids => `update inventory.positions set position = 0 where source = 'orders' and partition = (select min(partition) from orders.events where key = '${ids.completed}')` },
  { found_by: 'E4', lie: 'a gap', ids: () => [], sql: () => 'update payments.events set position = position + 1 where position = (select max(position) from payments.events)' },
  { found_by: 'E4', lie: 'an id twice', ids: () => ['evt_twin'], sql: () => `update shipping.events set id = 'evt_twin' where position in (1, 2)` },
  { found_by: 'E5', lie: 'a service may change the past', ids: () => ['cartwright_orders'], sql: () => 'grant update on orders.events to cartwright_orders' },
  { found_by: 'E6', lie: 'a version left out', ids: ids => [ids.completed], sql: ids => `update orders.events set sequence = sequence + 5 where position = ${last_event('orders', `key = '${ids.completed}'`)}` },
  { found_by: 'E6', lie: 'versions in another order', ids: ids => [ids.completed], sql: ids => `update orders.events set sequence = case sequence when 2 then 100 else 2 end where key = '${ids.completed}' and sequence in (2, 3); update orders.events set sequence = 3 where sequence = 100` },
  { found_by: 'E9', lie: 'beyond the end', ids: () => ['inventory.positions'], sql: () => `update inventory.positions set position = 999999 where source = 'orders' and partition = 3` },
  { found_by: 'E9', lie: 'in another cluster', ids: () => ['shipping.positions'], sql: () => `update shipping.positions set timeline = '0000000F' where partition = 3` },
  { found_by: 'E10', lie: 'in two partitions', ids: ids => [ids.completed], sql: ids => `update orders.events set partition = (partition + 1) % 16 where position = ${last_event('orders', `key = '${ids.completed}'`)}` },
  { found_by: 'E12', lie: 'a key in quarantine', ids: ids => [ids.held], sql: ids => `insert into payments.blocked values ('orders', '${ids.held}', 1, 8, now(), now(), true, 'cannot'); insert into payments.parked values ('orders', 1, '${ids.held}', '{}')` },
  { found_by: 'E12', lie: 'parked and forgotten', ids: ids => [ids.held], sql: ids => `insert into payments.parked values ('orders', 1, '${ids.held}', '{}')` },
  { found_by: 'E12', lie: 'held back for nothing', ids: ids => [ids.held], sql: ids => `insert into payments.blocked values ('orders', '${ids.held}', 1, 1, now(), now(), false, 'once')` },
  { found_by: 'V1', lie: 'a timer that does not fire', ids: ids => [ids.held], sql: ids => `${runs('orders')} update orders.timers set due_at = '2020-01-01' where id = '${ids.held}'` },
];

const fold_lies: readonly Lie[] = [
  { found_by: 'E13', lie: 'an order changed by hand', ids: ids => [ids.held], sql: ids => `update orders.orders set shipping_service = 'express' where id = '${ids.held}'` },
  { found_by: 'E13', lie: 'a line changed by hand', ids: ids => [ids.held], sql: ids => `update orders.order_line set name = 'Sun' where order_id = '${ids.held}'` },
  { found_by: 'E13', lie: 'a quote changed by hand', ids: () => [], sql: () => `update orders.quote set currency = 'USD'` },
  { found_by: 'E13', lie: 'a reservation changed by hand', ids: ids => [ids.held], sql: ids => `update inventory.reservation set priority = 1 where id = '${ids.held}'` },
  { found_by: 'E13', lie: 'a payment changed by hand', ids: () => [], sql: ids => `update payments.payment set attempt_no = 7 where order_id = '${ids.completed}'` },
  { found_by: 'E13', lie: 'a fulfillment changed by hand', ids: ids => [ids.completed], sql: ids => `update shipping.fulfillment set service = 'express' where id = '${ids.completed}'` },
  { found_by: 'E13', lie: 'a shipment changed by hand', ids: () => [], sql: ids => `update shipping.parcel set weight_grams = 1 where shipment_id in (select id from shipping.shipment where order_id = '${ids.completed}')` },
  { found_by: 'E13', lie: 'a purchase order changed by hand', ids: ids => [ids.purchase_order], sql: () => 'update suppliers.purchase_order_line set cost = cost + 1' },
  { found_by: 'E13', lie: 'a proposal changed by hand', ids: () => [], sql: () => 'update suppliers.proposal set target = target + 1' },
  { found_by: 'E13', lie: 'a policy changed by hand', ids: () => ['LATE@near'], sql: () => 'update suppliers.supply_item set target = target + 1' },
  { found_by: 'E13', lie: 'a promise changed by hand', ids: ids => [ids.backordered], sql: () => `update suppliers.peg_book set pegs = '[]'` },
  { found_by: 'E13', lie: 'a stock item changed by hand', ids: () => ['LAMP@near'], sql: () => `update inventory.stock_item set safety = 1 where id = 'LAMP@near'` },
  { found_by: 'E13', lie: 'levels that never were', ids: () => ['LAMP@near'], sql: () => change_event('inventory', `type = 'stock.levels_changed' and data -> 'levels' -> 0 ->> 'sku' = 'LAMP'`, '{levels,0,allocated}', '3') },
  { found_by: 'E13', lie: 'an event that cannot be', ids: ids => [ids.held], sql: ids => `update orders.events set type = 'order.updated' where key = '${ids.held}' and type = 'order.placed'` },
];

const theirs = (lie: string, found_by: string, ledger: string, change: Parameters<typeof with_ledger>[2], ids: Lie['ids'] = () => []): Lie => ({ lie, found_by, ids, ledgers: ledgers => with_ledger(ledgers, ledger, change) });
const without_first = (kind: string): Parameters<typeof with_ledger>[2] => entries => entries.filter(entry => entry !== entries.find(one => one.kind === kind));
const first_twice = (kind: string, more: object = {}): Parameters<typeof with_ledger>[2] => entries => [...entries, ...entries.filter(entry => entry.kind === kind).slice(0, 1).map(entry => ({ ...entry, ...more }))];

const ledger_lies: readonly Lie[] = [
  { found_by: 'P3', lie: 'a refund we do not know of', ids: ids => [ids.completed], sql: ids => `update payments.payment set refunded = refunded - 1 where order_id = '${ids.completed}'` },
  theirs('a capture that did not happen', 'P3', 'stripe', without_first('captured'), ids => [ids.completed]),
  theirs('a payment of nobody', 'P3', 'stripe', first_twice('authorized', { payment_intent: 'pi_ghost', metadata: {} }), () => ['pi_ghost']),
  theirs('captured twice', 'P4', 'stripe', first_twice('captured')),
  theirs('authorized twice', 'P4', 'stripe', first_twice('authorized', { payment_intent: 'pi_twin' }), () => ['pi_twin']),
  theirs('still held for a cancelled order', 'P5', 'stripe', without_first('voided'), ids => [ids.cancelled]),
  theirs('a key of nobody', 'P14', 'stripe', first_twice('captured', { idempotency_key: 'op_ghost' }), () => ['op_ghost']),
  theirs('two labels for one parcel', 'O10', 'easypost', first_twice('label_purchased', { id: 'shp_twin' }), () => ['shp_twin']),
  theirs('a label of no parcel', 'O10', 'easypost', first_twice('label_purchased', { id: 'shp_ghost', reference: 'pcl_ghost' }), () => ['shp_ghost', 'pcl_ghost']),
  theirs('a label nobody paid for', 'O10', 'easypost', without_first('label_purchased')),
  { found_by: 'O10', lie: 'a label that will not leave', ids: () => [], sql: ids => `update shipping.shipment set status = 'cancelled', dispatched_at = null where order_id = '${ids.completed}'` },
  theirs('ordered twice', 'D4', 'supplier', first_twice('purchase_order_accepted'), ids => [ids.purchase_order]),
  theirs('never ordered', 'D4', 'supplier', () => [], ids => [ids.purchase_order]),
];

const lies = [...stock_lies, ...money_lies, ...order_lies, ...supply_lies, ...log_lies, ...fold_lies, ...ledger_lies];

describe('the auditor', () => {
  let shop: AuditedShop;
  let client: pg.Client;
  const given = (ledgers: Ledgers) => ({ ledgers, now: new Date().toISOString(), at_rest: true, incremental: false });
  before(async () => {
    shop = await audited_shop();
    client = new pg.Client({ connectionString: shop.url, options: '-c timezone=UTC' });
    await client.connect();
  });
  after(async () => {
    await client.end();
    await shop.drop();
  });

  for (const incremental of [false, true]) {
    test(`finds nothing in a shop at rest${incremental ? ', beside running services' : ''}`, async t => {
      const pools = audit_pools(() => shop.url);
      const lines = await audit({ ...given(shop.ledgers), pool_of: pools.pool_of, incremental }, invariants);
      await pools.end();
      assert.deepEqual(said(lines), []);
      t.diagnostic(`${lines.filter(line => !line.skipped).length} invariants in ${lines.reduce((sum, line) => sum + line.milliseconds, 0).toFixed(0)} ms`);
    });
  }

  test('finds nothing where each service has a database of its own', async () => {
    const pools = new Map<string, ReturnType<typeof audit_pools>>();
    const pool_of = (service: string) => {
      const known = pools.get(service) ?? audit_pools(() => shop.url);
      pools.set(service, known);
      return known.pool_of(service);
    };
    const lines = await audit({ ...given(shop.ledgers), pool_of }, invariants);
    await Promise.all([...pools.values()].map(one => one.end()));
    assert.deepEqual(said(lines), []);
  });

  const finders = new Set<Invariant>();
  for (const { lie, found_by, ids, sql, ledgers } of lies) {
    test(`${found_by} finds ${lie}`, async () => {
      const checks = invariants.filter(invariant => invariant.name === found_by);
      const lines = await audit_with(client, sql?.(shop.ids) ?? 'select 1', given(ledgers?.(shop.ledgers, shop.ids) ?? shop.ledgers), checks);
      assert.deepEqual(lines.flatMap(line => line.error ?? []), []);
      const wanted = ids(shop.ids);
      const found = lines.filter(line => line.findings.some(finding => wanted.every(id => finding.ids.includes(id))));
      assert.ok(found.length > 0, `nobody named ${wanted.join(', ')}: ${said(lines).join('\n')}`);
      for (const line of found) finders.add(line.invariant);
    });
  }

  test('every invariant has found a lie', () => {
    assert.deepEqual(invariants.filter(invariant => !finders.has(invariant)).map(invariant => `${invariant.name} ${invariant.says}`), []);
  });
});

function said(lines: readonly Line[]): string[] {
  return lines.flatMap(line => line.findings.map(finding => `${finding.invariant}: ${finding.detail} (${finding.ids.join(' ')})`));
}
