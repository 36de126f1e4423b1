/** A small history that kept every promise, and lies planted in it: each must break its promise and no other, or the checker is worthless. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LedgerEntry } from '../../auditor/auditor.ts';
import { judge } from './end_checker.ts';
import type { Evidence, LabelRow, OrderRow, PaymentRow } from './evidence.ts';
import { type Call, create_history, type Deed, outcome_of, type Told } from './history.ts';

/** Evidence that a lie may change. */
interface Draft {
  calls: Call[];
  shelf: Map<string, { units: number; backorder_limit: number }>;
  stripe: LedgerEntry[];
  cybersource: LedgerEntry[];
  carriers: LedgerEntry[];
  orders: OrderRow[];
  payments: PaymentRow[];
  reserved: string[];
  parcels: string[];
  suppliers: LedgerEntry[];
  labels: LabelRow[];
  purchase_orders: { id: string; is_sent: boolean }[];
  drifts: { payment_id: string; drift: string; raised: boolean }[];
}

const lamps = [
  { sku: 'LAMP', quantity: 2 },
  { sku: 'BULB', quantity: 1 },
];
const cancelled_lines = (told: Told) => told.lines.map(line => ({ ...line, quantity_cancelled: line.quantity }));
function told_of(n: number, more: Partial<Told> = {}): Told {
  const lines = lamps.map(line => ({ ...line, quantity_cancelled: 0, total: line.quantity * 500 }));
  return { id: `ord_${n}`, number: 10_000 + n, currency: 'GBP', total: 1_800, status: 'placed', confirmed_at: null, lines, ...more };
}
function call(deed: Deed, n: number, status: number, body: object, lines = lamps): Call {
  const about = deed === 'read' || deed === 'cancel' ? `ord_${n}` : undefined;
  return { deed, basket: `B-${n}`, lines, order_id: about, outcome: outcome_of(status, status === 0 ? '' : JSON.stringify(body)) };
}
function row_of(n: number, is_open = false): OrderRow {
  const { id, number, currency, total, lines } = told_of(n);
  return { id, number, basket: `B-${n}`, currency, total, is_open, lines, has_contact: true, placed: 1 };
}
function entry(kind: string, n: number, amount = 1_800): LedgerEntry {
  const id = `pi_${n}`;
  const [reference, metadata] = [`ord_${n}`, { payment_id: `pay_${n}` }];
  return {
    at: '2026-03-01T10:00:00.000Z',
    kind,
    id,
    reference,
    amount,
    currency: 'GBP',
    idempotency_key: `op_${kind}_${n}`,
    payment_intent: id,
    metadata,
  };
}
function label(kind: string, parcel_id: string): LedgerEntry {
  return { at: '2026-03-01T10:00:00.000Z', kind, id: `shp_${parcel_id}`, reference: parcel_id, amount: 550, currency: 'GBP' };
}
function bought(n: number): LedgerEntry {
  return {
    at: '2026-03-01T10:00:00.000Z',
    kind: 'purchase_order_accepted',
    id: `so_${n}`,
    reference: `po_${n}`,
    amount: 9_000,
    currency: 'GBP',
  };
}
function parcel(n: number, label_status: string, cost: number): LabelRow {
  return { id: `pcl_${n}`, label_status, cost, is_asking: false };
}
function payment(n: number, sums: Partial<PaymentRow>): PaymentRow {
  const none = { gateway: 'stripe', op_ids: [], authorized: 0, captured: 0, voided: 0, refunded: 0, has_deadline: true, is_asking: false };
  return { id: `pay_${n}`, order_id: `ord_${n}`, currency: 'GBP', ...none, ...sums };
}

/** At CyberSource, in a round of its operation. */
function moved(kind: string, n: number, round = 1): LedgerEntry {
  const at = '2026-03-01T10:00:00.000Z';
  const op = kind === 'captured' ? 'capture' : 'authorize';
  return { at, kind, id: `${n}${round}`, reference: `ord_${n}`, amount: 1_800, currency: 'GBP', idempotency_key: `op_${op}_${n}-${round}` };
}
function by_soap(n: number, sums: Partial<PaymentRow>): PaymentRow {
  return payment(n, { gateway: 'cybersource', op_ids: [`op_authorize_${n}`, `op_capture_${n}`], authorized: 1_800, ...sums });
}

const confirmed = { status: 'completed', confirmed_at: '2026-03-01T10:00:05.000Z' };
const problem = (code: string) => ({ code });

/** 1 is bought at once, 2 after two time-outs, 3 is cancelled, 4 is refused, 5 is open, 6 came too late; 7 and 8 are paid at CyberSource, 7 in a second round, 8 is open. */
function truth(): Draft {
  const gone = told_of(3, { status: 'cancelled', confirmed_at: confirmed.confirmed_at });
  return {
    calls: [
      call('place', 1, 201, told_of(1)),
      call('place', 2, 0, {}),
      call('place', 2, 503, problem('unavailable')),
      call('place', 2, 409, problem('idempotency_in_progress')),
      call('place', 2, 201, told_of(2)),
      call('place', 3, 201, told_of(3, { ...confirmed, status: 'confirmed' })),
      call('cancel', 3, 200, told_of(3, { ...confirmed, status: 'cancelling' })),
      call('place', 4, 422, problem('unknown_sku'), [{ sku: 'NO-SUCH-THING', quantity: 1 }]),
      call('place', 5, 201, told_of(5)),
      call('place', 6, 201, told_of(6)),
      call('place', 7, 201, told_of(7)),
      call('place', 8, 201, told_of(8)),
      call('read', 1, 200, told_of(1, confirmed)),
      call('read', 2, 200, told_of(2, confirmed)),
      call('read', 3, 200, { ...gone, lines: cancelled_lines(gone) }),
      call('read', 5, 200, told_of(5, { ...confirmed, status: 'confirmed' })),
      call('read', 6, 200, told_of(6, { status: 'rejected' })),
      call('place_again', 1, 201, told_of(1)),
      call('place_another', 1, 422, problem('idempotency_key_reused')),
    ],
    shelf: new Map(['LAMP', 'BULB'].map((sku, place) => [sku, { units: 6 - 3 * place, backorder_limit: 0 }])),
    stripe: [
      ...[1, 2].flatMap(n => [entry('authorized', n), entry('captured', n)]),
      ...[entry('authorized', 3), entry('captured', 3), entry('refunded', 3)],
      entry('authorized', 5),
    ],
    cybersource: [
      ...[moved('authorized', 7, 1), moved('voided', 7, 1), moved('authorized', 7, 2), moved('captured', 7)],
      moved('authorized', 8),
    ],
    carriers: [label('label_purchased', 'pcl_1'), label('label_purchased', 'pcl_3'), label('label_refunded', 'pcl_3')],
    orders: [row_of(1), row_of(2), row_of(3), row_of(5, true), row_of(6), row_of(7), row_of(8, true)],
    payments: [
      ...[1, 2].map(n => payment(n, { authorized: 1_800, captured: 1_800 })),
      payment(3, { authorized: 1_800, captured: 1_800, refunded: 1_800 }),
      payment(5, { authorized: 1_800 }),
      by_soap(7, { captured: 1_800 }),
      by_soap(8, {}),
    ],
    reserved: ['ord_1', 'ord_2', 'ord_3', 'ord_5', 'ord_6', 'ord_7', 'ord_8'],
    parcels: ['pcl_1', 'pcl_3'],
    suppliers: [bought(1), bought(2)],
    labels: [parcel(1, 'purchased', 550), parcel(3, 'voided', 550), parcel(4, 'none', 0)],
    purchase_orders: [1, 2].map(n => ({ id: `po_${n}`, is_sent: true })),
    drifts: [{ payment_id: 'pay_1', drift: 'authorized', raised: true }],
  };
}

function evidence_of({ calls, shelf, stripe, cybersource, carriers, suppliers, ...tables }: Draft): Evidence {
  return { calls, shelf, stripe, cybersource, carriers, suppliers, tables };
}
function broken_in(draft: Draft): string[] {
  return judge(evidence_of(draft)).flatMap(({ promise, broken }) => (broken.length > 0 ? [promise] : []));
}

test('the true history keeps every promise, and has a case of each', () => {
  const verdicts = judge(evidence_of(truth()));
  assert.deepEqual(
    verdicts.map(({ promise, broken }) => [promise, broken]),
    ['S6', 'O2', 'O3', 'O4', 'O5', 'P3', 'P4', 'P5', 'O10', 'P3', 'P4', 'P5', 'O10', 'O11', 'F30'].map(promise => [promise, []]),
  );
  assert.ok(verdicts.every(({ checked }) => checked > 0));
});

/** The row of that order, or payment, with something else in it. */
const change = <T extends { readonly id: string }>(rows: T[], id: string, more: Partial<T>) =>
  rows.splice(
    rows.findIndex(row => row.id === id),
    1,
    { ...(rows.find(row => row.id === id) ?? assert.fail(id)), ...more },
  );
const forget = <T extends { readonly id: string }>(rows: T[], id: string) =>
  void rows.splice(
    rows.findIndex(row => row.id === id),
    1,
  );

const lies: readonly (readonly [promise: string, what: string, lie: (draft: Draft) => void])[] = [
  ['S6', 'a seventh and an eighth lamp are promised', draft => void draft.calls.push(call('read', 6, 200, told_of(6, confirmed)))],
  ['S6', 'a lamp was never there', ({ shelf }) => void shelf.set('LAMP', { units: 5, backorder_limit: 0 })],
  [
    'S6',
    'a cancellation that nobody was told gives no unit back',
    draft => {
      draft.calls = draft.calls.filter(({ deed, basket }) => deed !== 'read' || basket !== 'B-3');
    },
  ],
  ['O2', 'an order that was told is gone', ({ orders }) => change(orders, 'ord_1', { id: 'ord_9' })],
  ['O2', 'its total is another', ({ orders }) => change(orders, 'ord_2', { total: 1_900 })],
  [
    'O2',
    'a line is cheaper',
    ({ orders }) =>
      change(orders, 'ord_2', {
        lines: [
          { sku: 'LAMP', quantity: 2, total: 900 },
          { sku: 'BULB', quantity: 1, total: 500 },
        ],
      }),
  ],
  [
    'O2',
    'reading it tells of another number',
    draft => void draft.calls.push(call('read', 1, 200, told_of(1, { ...confirmed, number: 7 }))),
  ],
  ['O2', 'reading it says that there is none', draft => void draft.calls.push(call('read', 5, 404, problem('not_found')))],
  [
    'O3',
    'a refused basket has an order',
    ({ orders }) => void orders.push({ ...row_of(4), lines: [{ sku: 'NO-SUCH-THING', quantity: 1, total: 0 }] }),
  ],
  ['O3', 'stock is kept for no order', ({ reserved }) => void reserved.push('ord_4')],
  ['O4', 'an unanswered basket has two orders', ({ orders }) => void orders.push({ ...row_of(2), id: 'ord_2b', number: 7 })],
  [
    'O4',
    'a basket was never answered',
    draft => void draft.calls.push(call('place', 9, 0, {}), call('place', 9, 500, problem('internal'))),
  ],
  ['O4', 'half an order: no contact', ({ orders }) => change(orders, 'ord_2', { has_contact: false })],
  ['O4', 'half an order: no event', ({ orders }) => change(orders, 'ord_2', { placed: 0 })],
  ['O4', 'an order that nobody asked for', ({ orders }) => void orders.push({ ...row_of(8), basket: null })],
  ['O4', 'half an order: a line is missing', ({ orders }) => change(orders, 'ord_6', { lines: [] })],
  [
    'O5',
    'the same bytes are answered otherwise',
    draft => void draft.calls.push(call('place_again', 1, 201, told_of(1, { status: 'confirmed' }))),
  ],
  [
    'O5',
    'the same bytes are refused later',
    draft => void draft.calls.push(call('place_again', 2, 422, problem('idempotency_key_reused'))),
  ],
  ['O5', 'another body under the same key is taken', draft => void draft.calls.push(call('place_another', 1, 201, told_of(1)))],
  ['P3', 'we believe in a capture that was none', ({ payments }) => change(payments, 'pay_5', { captured: 1_800 })],
  ['P3', 'the currencies differ', ({ payments }) => change(payments, 'pay_1', { currency: 'EUR' })],
  ['P3', 'Stripe has a payment that we do not know', ({ payments }) => forget(payments, 'pay_2')],
  [
    'P3',
    'we have a payment that Stripe does not know',
    ({ payments }) => void payments.push(payment(6, { authorized: 1_800, voided: 1_800 })),
  ],
  [
    'P4',
    'a capture happened twice under one key, and our books agree',
    draft => {
      draft.stripe.push(entry('captured', 1));
      change(draft.payments, 'pay_1', { authorized: 1_800, captured: 3_600 });
    },
  ],
  [
    'P4',
    'one order was authorized twice, the second was let go',
    draft => {
      draft.stripe.push({ ...entry('authorized', 1), idempotency_key: 'op_other' }, { ...entry('voided', 1), idempotency_key: 'op_back' });
      change(draft.payments, 'pay_1', { authorized: 3_600, voided: 1_800 });
    },
  ],
  [
    'P4',
    'more was taken than the buyer was told',
    draft => {
      draft.stripe = draft.stripe.map(one => (one.reference === 'ord_1' ? { ...one, amount: 1_900 } : one));
      change(draft.payments, 'pay_1', { authorized: 1_900, captured: 1_900 });
    },
  ],
  ['P5', 'the order has ended and its money is still held', ({ orders }) => change(orders, 'ord_5', { is_open: false })],
  ['P5', 'an open order holds money without a deadline', ({ payments }) => change(payments, 'pay_5', { has_deadline: false })],
  [
    'P3',
    'a first round at CyberSource was not given back',
    ({ cybersource, payments }) => {
      cybersource.splice(1, 1);
      change(payments, 'pay_7', { authorized: 1_800, is_asking: false });
    },
  ],
  ['P3', 'CyberSource has a payment that we do not know', ({ cybersource }) => void cybersource.push(moved('refunded', 9))],
  [
    'P4',
    'CyberSource took twice under one name',
    draft => {
      draft.cybersource.push(moved('authorized', 8, 2), moved('captured', 8), moved('captured', 8), moved('refunded', 8));
      change(draft.payments, 'pay_8', { authorized: 3_600, captured: 3_600, refunded: 1_800 });
    },
  ],
  ['P5', 'an order has ended and CyberSource still holds its money', ({ orders }) => change(orders, 'ord_8', { is_open: false })],
  [
    'P5',
    'CyberSource holds the money of an open order without a deadline',
    ({ payments }) => change(payments, 'pay_8', { has_deadline: false }),
  ],
  ['O10', 'a parcel has two paid labels', ({ carriers }) => void carriers.push(label('label_purchased', 'pcl_1'))],
  ['O10', 'a label cost another price than we believe', ({ labels }) => change(labels, 'pcl_1', { cost: 551 })],
  ['O10', 'we have a label that the carrier never sold', ({ labels }) => change(labels, 'pcl_4', { label_status: 'purchased', cost: 550 })],
  [
    'O10',
    'a label was sold to a parcel that has none',
    draft => {
      draft.carriers.push(label('label_purchased', 'pcl_4'));
      draft.parcels.push('pcl_4');
    },
  ],
  ['O10', 'a label counts as given back and is still paid', ({ labels }) => change(labels, 'pcl_1', { label_status: 'voided' })],
  ['O11', 'the supplier took an order twice', ({ suppliers }) => void suppliers.push(bought(1))],
  ['O11', 'the supplier has an order of nobody', ({ suppliers }) => void suppliers.push(bought(9))],
  ['O11', 'an order counts as sent and never was', ({ purchase_orders }) => void purchase_orders.push({ id: 'po_3', is_sent: true })],
  ['F30', 'a lie that nobody was told of', ({ drifts }) => void drifts.push({ payment_id: 'pay_2', drift: 'captured', raised: false })],
  ['O10', 'a label of no parcel', ({ carriers }) => void carriers.push(label('label_purchased', 'pcl_9'))],
];
/** What else the same lie makes untrue, because it is the same thing seen from two sides. */
const also: Readonly<Record<string, readonly string[]>> = {
  'an order that was told is gone': ['O3', 'O4'],
  'half an order: a line is missing': ['O2'],
  'a first round at CyberSource was not given back': ['P4', 'P5'],
};

describe('a planted lie breaks its promise', () => {
  for (const [promise, what, lie] of lies) {
    test(`${promise}: ${what}`, () => {
      const draft = truth();
      lie(draft);
      assert.deepEqual(new Set(broken_in(draft)), new Set([promise, ...(also[what] ?? [])]));
    });
  }
});

describe('the history', () => {
  test('a call that nobody answered stays unknown', () => {
    const history = create_history();
    history.invoke({ deed: 'place', basket: 'B-1', lines: lamps, order_id: undefined });
    const answer = history.invoke({ deed: 'place', basket: 'B-2', lines: lamps, order_id: undefined });
    answer(outcome_of(422, '{"code":"unknown_sku"}'));
    assert.deepEqual(
      history.calls.map(({ outcome }) => outcome.is),
      ['info', 'fail'],
    );
  });
  for (const [status, text, is] of [
    [0, '', 'info'],
    [500, '{"code":"internal"}', 'info'],
    [503, '{"code":"unavailable"}', 'info'],
    [429, '{"code":"rate_limited"}', 'info'],
    [409, '{"code":"idempotency_in_progress"}', 'info'],
    [409, '{"code":"reference_taken"}', 'fail'],
    [422, '{"code":"unknown_sku"}', 'fail'],
    [422, '<html>', 'info'],
    [201, '{"id":"ord', 'info'],
    [201, '{"id":"ord_1"}', 'ok'],
  ] as const) {
    test(`${status} ${text} is ${is}`, () => assert.equal(outcome_of(status, text).is, is));
  }
});
