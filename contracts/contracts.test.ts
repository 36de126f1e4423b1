import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Compile } from 'typebox/compile';
import { ids } from './examples.ts';
import {
  type AnyEvent,
  contract_of,
  contracts_of,
  type EventType,
  event_contracts,
  is_event_type,
  type OrderPlaced,
  source_of,
} from './index.ts';
import { is_personal, is_sealing, logged_schema, opened_by, opened_types } from './personal.ts';

const types = Object.keys(event_contracts).filter(is_event_type);

/** Who acts on what, copied from domain.md 4; what is not here, nobody but the gateway and analytics hears. */
const acting: { readonly [type: string]: readonly string[] } = {
  'order.placed': ['inventory'],
  'order.rejected': ['inventory'],
  'order.expired': ['inventory'],
  'stock.reservation_requested': ['inventory'],
  'payment.requested': ['payments', 'inventory'],
  'order.confirmed': ['inventory'],
  'fulfillment.requested': ['shipping'],
  'payment.capture_requested': ['payments'],
  'payment.release_requested': ['payments'],
  'payment.refund_requested': ['payments'],
  'order.cancellation_requested': ['shipping'],
  'order.lines_cancelled': ['inventory'],
  'personal_data.erased': ['payments', 'shipping'],
  'order.held': ['shipping'],
  'order.hold_released': ['shipping'],
  'return.received': ['inventory'],
  'stock.reserved': ['orders'],
  'stock.reservation_failed': ['orders', 'suppliers'],
  'stock.reservation_expired': ['orders'],
  'stock.allocated': ['orders', 'suppliers'],
  'stock.released': ['orders'],
  'stock.shortfall_detected': ['orders'],
  'backorder.queued': ['orders', 'suppliers'],
  'backorder.filled': ['orders', 'suppliers'],
  'backorder.cancelled': ['suppliers'],
  'stock.received': ['suppliers'],
  'stock.levels_changed': ['suppliers'],
  'payment.action_required': ['orders', 'inventory'],
  'payment.pending': ['orders', 'inventory'],
  'payment.authorized': ['orders'],
  'payment.declined': ['orders'],
  'payment.failed': ['orders'],
  'payment.abandoned': ['orders'],
  'payment.outcome_unknown': ['orders', 'inventory'],
  'payment.outcome_resolved': ['orders'],
  'payment.captured': ['orders'],
  'payment.capture_failed': ['orders'],
  'payment.voided': ['orders'],
  'payment.authorization_expired': ['orders'],
  'payment.refunded': ['orders'],
  'payment.refund_failed': ['orders'],
  'payment.disputed': ['orders'],
  'shipment.dispatched': ['orders', 'inventory'],
  'shipment.shorted': ['inventory'],
  'fulfillment.cancellation_answered': ['orders'],
  'parcel.delivered': ['orders'],
  'parcel.lost': ['orders'],
  'parcel.sent_back': ['orders', 'inventory'],
  'location.changed': ['shipping'],
  'reorder_policy.changed': ['inventory'],
  'goods.received': ['inventory'],
  'backorder.pegged': ['orders'],
};
/** How many types each service has in domain.md 4, exception.raised and exception.resolved included. */
const counts = { orders: 27, inventory: 21, payments: 19, shipping: 16, suppliers: 24 };

test('each service says the events of its table, each under its own name', () => {
  const said = Object.entries(contracts_of).map(([publisher, contracts]) => [publisher, Object.keys(contracts).length]);
  assert.deepEqual(Object.fromEntries(said), counts);
  assert.equal(types.length, Object.values(counts).reduce((sum, count) => sum + count) - 2 * (Object.keys(counts).length - 1));
  for (const type of types) assert.equal(contract_of(type).type, type);
});

test('a name belongs to one service, but for the exceptions that all share', () => {
  for (const [publisher, contracts] of Object.entries(contracts_of)) {
    for (const contract of Object.values(contracts)) {
      if (!contract.type.startsWith('exception.')) assert.equal(contract.service, publisher, contract.type);
    }
  }
});

test('a name is a noun, a dot, and what happened in whole words', () => {
  // Participles that do not end in -ed, and the states that a counter, a payment or a parcel came to.
  const happened = /(ed|held|lost|sent|chosen|sent_back|low|pending|outcome_unknown)$/;
  for (const type of types) {
    assert.match(type, /^[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*$/);
    assert.match(type, happened);
  }
});

test('who acts on an event is who domain.md says', () => {
  for (const type of types) assert.deepEqual(contract_of(type).heard_by, acting[type] ?? [], type);
  assert.deepEqual(
    Object.keys(acting).filter(type => !is_event_type(type)),
    [],
  );
});

test('every recorded example validates', () => {
  for (const type of types) {
    const { data, example } = contract_of(type);
    const check = Compile(data);
    assert.ok(check.Check(example), `${type}: ${JSON.stringify(check.Errors(example))}`);
  }
});

test('every event carries its partition key', () => {
  for (const type of types) {
    const { key, example } = contract_of(type);
    const keyed = type === 'stock.levels_changed' ? event_contracts['stock.levels_changed'].example.levels[0] : example;
    assert.ok(keyed !== undefined && key in keyed, type);
  }
});

test('field names are whole words in snake case, and times say so', () => {
  for (const type of types)
    walk(contract_of(type).data, (name, schema) => {
      assert.match(name, /^[a-z]+[a-z0-9]*(_[a-z]+)*$/, type);
      if (name.endsWith('_at') || name.endsWith('_until') || name === 'deadline')
        assert.match(JSON.stringify(schema), /pattern/, `${type} ${name}`);
    });
});

test('hearers ignore what they do not know, take null for absent, and refuse what is not meant', () => {
  const check = Compile(contract_of('order.placed').data);
  const { example } = contract_of('order.placed');
  assert.ok(check.Check({ ...example, invented_later: true }));
  assert.ok(check.Check({ ...example, reference: null, quote_id: undefined }));
  assert.ok(!check.Check({ ...example, subtotal: 79.05 }));
  assert.ok(!check.Check({ ...example, placed_at: '2026-05-04 09:12' }));
  assert.ok(!check.Check({ ...example, axes: { ...example.axes, status: 'open' } }));
});

test('personal data stands in three events only, marked, and never needed', () => {
  const marked: string[] = [];
  for (const type of types) {
    const { data } = contract_of(type);
    walk(data, (name, schema) => {
      if (name !== 'personal') return;
      assert.match(JSON.stringify(schema), /"x-personal":true/, type);
      marked.push(type);
    });
    const { personal: _erased, ...erased } = { personal: undefined, ...contract_of(type).example };
    assert.ok(Compile(data).Check(erased), type);
  }
  assert.deepEqual(marked.sort(), ['fulfillment.requested', 'parcel.delivered', 'payment.requested']);
});

test('who may open what is personal hears it, and the log has a sealed form in its place', () => {
  for (const type of types) {
    if (!is_personal(type)) {
      assert.equal(logged_schema(type), contract_of(type).data, type);
      continue;
    }
    const { heard_by, example } = contract_of(type);
    for (const opener of opened_by[type]) assert.ok(heard_by.includes(opener), `${opener} may open ${type} and does not hear it`);
    const check = Compile(logged_schema(type));
    const { personal: _clear, ...rest } = { personal: undefined, ...example };
    assert.ok(check.Check({ ...rest, personal: { key: ids.customer, sealed: 'AAAA' } }), type);
    assert.ok(check.Check(rest), type);
    assert.ok(!check.Check(example), `${type} in the clear`);
  }
  assert.deepEqual(['orders', 'inventory', 'payments', 'shipping', 'suppliers', 'analytics'].map(opened_types), [
    ['parcel.delivered'],
    [],
    ['payment.requested'],
    ['fulfillment.requested'],
    [],
    [],
  ]);
  assert.deepEqual(['orders', 'inventory', 'payments', 'shipping', 'suppliers'].filter(is_sealing), ['orders', 'shipping']);
});

test('the recorded order adds up to the penny', () => {
  const placed = event_contracts['order.placed'].example;
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  for (const line of placed.lines) {
    assert.equal(line.line_subtotal, line.unit_price * line.quantity);
    assert.equal(line.line_total, line.line_subtotal - line.line_discount);
    assert.equal(line.line_tax, sum(line.taxes.map(tax => tax.amount)));
    assert.equal(line.line_tax, line.line_total - Number((BigInt(line.line_total) * 2_000_000n + 1_200_000n) / 2_400_000n));
  }
  assert.equal(placed.subtotal, sum(placed.lines.map(line => line.line_subtotal)));
  assert.equal(placed.tax_total, sum(placed.lines.map(line => line.line_tax)) + placed.shipping_tax);
  assert.equal(placed.grand_total, sum(placed.lines.map(line => line.line_total)) + placed.shipping_total);
  assert.equal(event_contracts['payment.requested'].example.amount, placed.grand_total);
});

test('ids of the examples are TypeIDs', () => {
  for (const id of Object.values(ids)) assert.match(id, /^[a-z]{2,3}_[0-7][0-9a-hjkmnp-tv-z]{25}$/);
});

test('the source is the log that an event stands in', () => {
  assert.equal(source_of('order.confirmed'), '/cartwright/orders');
  assert.equal(source_of('goods.received'), '/cartwright/suppliers');
  assert.equal(source_of('exception.raised', 'shipping'), '/cartwright/shipping');
});

test('a switch over events narrows their data, and nobody can change it', () => {
  const name_of = (event: AnyEvent): string => {
    if (event.type === 'order.placed') return event.data.lines[0]?.name ?? '';
    return event.type === 'stock.low' ? event.data.sku : event.type;
  };
  const placed: OrderPlaced = { type: 'order.placed', data: event_contracts['order.placed'].example };
  // @ts-expect-error data is read-only
  const change = () => placed.data.lines.push();
  // @ts-expect-error no such status
  const status: typeof placed.data.axes.status = 'open';
  // @ts-expect-error no such event
  const type: EventType = 'order.opened';
  assert.deepEqual(
    [name_of(placed), status, type, typeof change],
    ['White hanging heart T-light holder', 'open', 'order.opened', 'function'],
  );
});

/** Visits every named field of a schema. */
function walk(schema: unknown, visit: (name: string, field: unknown) => void): void {
  if (typeof schema !== 'object' || schema === null) return;
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'properties') for (const [name, field] of Object.entries(value)) visit(name, field);
    if (keyword === 'properties') for (const field of Object.values(value)) walk(field, visit);
    else walk(value, visit);
  }
}
