/** Whatever happens in whatever order: each unit that orders asked for is in exactly one place (domain.md 8, O7 to O10). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Compile } from 'typebox/compile';
import { contracts_of } from '../../contracts/index.ts';
import { evolve_fulfillment, evolve_shipment } from './evolve.ts';
import { type Fulfillment, is_current, is_open, no_fulfillment, type Shipment } from './model.ts';
import {
  cancellation_requested,
  fulfillment_requested,
  hold,
  minute,
  open_shop,
  order_id,
  type Shop,
  type Wanted,
} from './testing/shop.ts';

type Step =
  | { readonly step: 'request' | 'cancel'; readonly line_no: number; readonly quantity: number; readonly location_id: string }
  | { readonly step: 'short'; readonly place: number; readonly line_no: number; readonly quantity: number }
  | { readonly step: 'buy_labels' | 'dispatch_shipment' | 'cancel_shipment' | 'scan' | 'due'; readonly place: number }
  | { readonly step: 'rates' | 'labels' | 'refuse' | 'unknown' | 'void' | 'hold' | 'release' };

const line_no = fc.integer({ min: 1, max: 2 });
const place = fc.nat({ max: 3 });
const step = <S extends Step['step']>(...steps: readonly S[]) => fc.constantFrom(...steps);
const location_id = fc.constantFrom('leeds', 'london');
/** Labels come in more often than anything goes wrong, else no shipment gets far. */
const any_step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ step: step('request'), line_no, quantity: fc.integer({ min: 1, max: 120 }), location_id }) },
  { weight: 1, arbitrary: fc.record({ step: step('cancel'), line_no, quantity: fc.integer({ min: 1, max: 60 }), location_id }) },
  { weight: 1, arbitrary: fc.record({ step: step('short'), place, line_no, quantity: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 3, arbitrary: fc.record({ step: step('buy_labels', 'dispatch_shipment', 'cancel_shipment', 'scan', 'due'), place }) },
  { weight: 6, arbitrary: fc.record({ step: step('rates', 'rates', 'labels', 'labels', 'void', 'release') }) },
  { weight: 1, arbitrary: fc.record({ step: step('refuse', 'unknown', 'hold') }) },
);

interface Counts {
  requests: number;
  cancellations: number;
  steps: number;
}

function take(shop: Shop, step: Step, counts: Counts): void {
  counts.steps += 1;
  const shipment = 'place' in step ? shop.shipment(step.place % Math.max(1, shop.shipment_ids().length)) : undefined;
  const nth = 'place' in step ? step.place % Math.max(1, shop.shipment_ids().length) : 0;
  switch (step.step) {
    case 'request':
      return void shop.hear(fulfillment_requested([wanted(step)], { fulfillment_no: ++counts.requests }));
    case 'cancel':
      return void shop.hear(cancellation_requested(++counts.cancellations, [wanted(step)]));
    case 'hold':
      return void shop.hear(hold('order.held'));
    case 'release':
      return void shop.hear(hold('order.hold_released'));
    case 'rates':
    case 'labels':
    case 'refuse':
    case 'unknown':
    case 'void':
      return void answer(shop, step.step);
    default:
      if (shipment === undefined) return;
      if (step.step === 'short')
        return void shop.ask('report_short_pick', { lines: [{ line_no: step.line_no, quantity: step.quantity }], reason: 'x' }, nth);
      if (step.step === 'scan') return void shop.scan('in_transit', minute(counts.steps), { place: nth });
      if (step.step === 'due')
        return void (
          shop.timers.has(`shipment ${shipment.shipment_id}`) && shop.fire('shipment', shipment.shipment_id, minute(counts.steps))
        );
      return void shop.ask(step.step, { reason: 'x', replacement_id: `shp_${counts.steps}` }, nth);
  }
}
const wanted = ({ line_no, quantity, location_id }: { line_no: number; quantity: number; location_id: string }): Wanted => ({
  line_no,
  quantity,
  location_id,
});

/** The oldest operation without an answer gets one. */
function answer(shop: Shop, how: 'rates' | 'labels' | 'refuse' | 'unknown' | 'void'): void {
  const kind = how === 'rates' ? 'quote_rates' : how === 'void' ? 'void_label' : 'buy_label';
  const open = [...shop.operations.values()].find(
    operation => operation.kind === kind && (operation.state === 'requested' || operation.state === 'unknown'),
  );
  if (open === undefined) return;
  const parcels = open.request['parcels'] as { parcel_id: string; provider_shipment_ref: string }[];
  const common = { carrier: 'RoyalMail', service: 'T48', currency: 'GBP' };
  switch (how) {
    case 'rates':
      return void shop.outcome(open.op_id, {
        outcome: 'ok',
        value: {
          messages: [],
          rates: parcels.map(({ parcel_id }) => ({
            ...common,
            parcel_id,
            provider_shipment_ref: `ep_${parcel_id}_${open.op_id}`,
            rate_ref: 'r',
            amount: 4,
          })),
        },
      });
    case 'labels':
      return void shop.outcome(open.op_id, {
        outcome: 'ok',
        value: {
          labels: parcels.map(parcel => ({
            ...common,
            parcel_id: parcel.parcel_id,
            tracking_number: `N${parcel.provider_shipment_ref}`,
            tracking_url: null,
            cost: 4,
            label_ref: parcel.provider_shipment_ref,
            adopted: false,
          })),
        },
      });
    case 'refuse':
      return void shop.outcome(open.op_id, { outcome: 'declined', code: 'refused', retryable: false });
    case 'unknown':
      return void shop.outcome(open.op_id, { outcome: 'unknown', detail: 'reset' });
    case 'void':
      return void shop.outcome(open.op_id, {
        outcome: 'ok',
        value: { voided: parcels.map(parcel => parcel.parcel_id), refused: [], submitted: [] },
      });
  }
}

type Units = Map<string, number>;
function add(units: Units, line: { readonly line_no: number; readonly location_id?: string | null }, quantity: number): void {
  const key = `${line.line_no}@${line.location_id}`;
  units.set(key, (units.get(key) ?? 0) + quantity);
}
const present = (units: Units) => new Map([...units].filter(([, quantity]) => quantity !== 0).sort());

/** Every unit asked for is still here, gone, not found, or cancelled; those of a shipment that a person gave up went to another one. */
function check_units(shop: Shop, requested: readonly Wanted[]): void {
  const asked: Units = new Map();
  for (const line of requested) add(asked, line, line.quantity);
  const found: Units = new Map();
  const cancelled: Units = new Map();
  for (const shipment of shipments_of(shop)) {
    const { location_id } = shipment;
    const is_replacement = shipment.shipment_id.length < 10;
    for (const { line_no, quantity, quantity_shorted, quantity_cancelled } of shipment.lines) {
      const all = quantity + quantity_shorted + quantity_cancelled;
      add(found, { line_no, location_id }, is_replacement ? 0 : all);
      add(cancelled, { line_no, location_id }, quantity_cancelled - (is_replacement ? all : 0));
    }
    check_parcels(shipment);
  }
  assert.deepEqual(present(found), present(asked));
  // Units that were nowhere any more (shorted) are answered on top of those taken out.
  for (const event of shop.log) {
    if (event.type !== 'fulfillment.cancellation_answered') continue;
    for (const line of (event.data as Answered).cancelled) add(cancelled, line, -line.quantity);
  }
  for (const [key, more] of cancelled) assert.ok(more <= 0, `${key}: ${more} cancelled and never answered`);
}
type Answered = {
  cancellation_no: number;
  cancelled: { line_no: number; location_id: string; quantity: number }[];
  refused: { quantity: number }[];
};

function check_parcels(shipment: Shipment): void {
  const packed: Units = new Map();
  for (const parcel of shipment.parcels.filter(each => is_current(shipment, each)))
    for (const line of parcel.lines) add(packed, line, line.quantity);
  const left: Units = new Map();
  for (const line of shipment.lines) add(left, { line_no: line.line_no }, line.quantity);
  assert.deepEqual(present(packed), present(left), 'parcels hold the units of their shipment');
}

function shipments_of(shop: Shop): Shipment[] {
  return shop.shipment_ids().map(id => shop.state<Shipment>('shipment', id));
}

/** Each cancellation is answered once, with exactly its units. */
function check_answers(shop: Shop, cancelled: readonly Wanted[]): void {
  const answers = shop.log
    .filter(event => event.type === 'fulfillment.cancellation_answered')
    .map(event => event.data as { cancellation_no: number; cancelled: { quantity: number }[]; refused: { quantity: number }[] });
  assert.deepEqual(
    answers.map(({ cancellation_no, cancelled: some, refused }) => [
      cancellation_no,
      [...some, ...refused].reduce((sum, line) => sum + line.quantity, 0),
    ]),
    cancelled.map((line, index) => [index + 1, line.quantity]),
  );
}

/** Rows are the fold of the log, but for what only notes tell. */
function check_fold(shop: Shop): void {
  let fulfillment: Fulfillment = no_fulfillment;
  const shipments = new Map<string, Shipment>();
  for (const event of shop.log) {
    // In this log every event is shipping's.
    const said = event as never as Parameters<typeof evolve_shipment>[1];
    if (said.type === 'fulfillment.cancellation_answered' || said.type === 'shipment.planned')
      fulfillment = evolve_fulfillment(fulfillment, said);
    if (event.subject !== order_id) shipments.set(event.subject, evolve_shipment(shipments.get(event.subject), said));
  }
  const told = (shipment: Shipment): unknown => ({
    ...shipment,
    held: null,
    asked: [],
    address_check: null,
    considered: null,
    parcels: shipment.parcels.map(parcel => ({ ...parcel, facts: [], label_op_id: null })),
  });
  for (const shipment of shipments_of(shop)) assert.deepEqual(told(shipment), told(shipments.get(shipment.shipment_id) ?? shipment));
  const { shipment_ids, answers } = shop.state<Fulfillment>('fulfillment', order_id);
  assert.deepEqual([shipment_ids, answers], [fulfillment.shipment_ids, fulfillment.answers]);
}

function check_labels(shop: Shop): void {
  for (const shipment of shipments_of(shop)) {
    for (const parcel of shipment.parcels) {
      if (parcel.label_status === 'purchased') assert.ok(is_current(shipment, parcel), 'a label nobody needs is being voided');
      if (parcel.label_status !== 'void_requested') continue;
      assert.ok(shop.timers.has(`voids ${shipment.shipment_id}`));
      assert.equal(shop.operations.get(parcel.label_op_id ?? '')?.kind, 'void_label', 'an unneeded label is asked back');
    }
    if (is_open(shipment) || shipment.status === 'dispatched')
      assert.ok(shop.timers.has(`shipment ${shipment.shipment_id}`), `a ${shipment.status} shipment has a timer`);
  }
  const bought = shop.log.flatMap(event =>
    event.type === 'parcel.label_purchased'
      ? (event.data as { parcels: { parcel_id: string }[] }).parcels.map(parcel => parcel.parcel_id)
      : [],
  );
  assert.equal(new Set(bought).size, bought.length, 'no parcel has two labels');
}

const contracts = new Map(Object.values(contracts_of.shipping).map(({ type, data }) => [type as string, Compile(data)]));
function check_contracts(shop: Shop): void {
  for (const { type, data } of shop.log)
    assert.ok(contracts.get(type)?.Check(data), `${type} is as its contract says: ${JSON.stringify(data)}`);
}

for (const carrier of ['manual', 'easypost'] as const) {
  for (const fulfillment of ['auto', 'manual'] as const) {
    test(`each unit is in one place, each row the fold of its events: carrier ${carrier}, fulfillment ${fulfillment}`, () => {
      fc.assert(
        fc.property(fc.array(any_step, { minLength: 1, maxLength: 40, size: 'max' }), steps => {
          const shop = open_shop({ sellers: carrier === 'manual' ? [] : [carrier], fulfillment });
          const counts = { requests: 0, cancellations: 0, steps: 0 };
          for (const step of steps) take(shop, step, counts);
          const named = (which: 'request' | 'cancel') => steps.flatMap(step => (step.step === which ? [wanted(step)] : []));
          check_units(shop, named('request'));
          check_answers(shop, named('cancel'));
          check_labels(shop);
          check_fold(shop);
          check_contracts(shop);
        }),
        { seed: 7, numRuns: 200 },
      );
    });
  }
}
