/**
 * Coverage of the design: every event of the contracts with its producer, its hearers and what took it, and every change of status that the
 * state machines of domain.md 3 name. Evidence is a seeded run that took it, or a test beside the service that names the event of the transition.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { event_contracts, is_event_type } from '../contracts/index.ts';
import { compose } from '../main/compose.ts';
import { third_parties } from '../main/sandbox.ts';
import { read_settings } from '../main/settings.ts';
import { real_clock } from '../platform/clock.ts';
import { run_saga } from './saga.ts';

const root = join(import.meta.dirname, '..');
const seeds = 200;
const seen_events = new Map<string, number>();
const seen_transitions = new Set<string>();
/** Test files by the service whose folder they are in; journeys and attacks under `journeys`. */
const tests = new Map<string, { path: string; text: string }[]>();

function test_files(folder: string): { path: string; text: string }[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.ts') && (path.endsWith('.test.ts') || path.includes('testing/') || /test_\w+\.ts$/.test(path)))
    .map(path => ({ path: `${folder}/${path}`, text: readFileSync(join(root, folder, path), 'utf8') }));
}

before(() => {
  for (let seed = 1; seed <= seeds; seed++) {
    const run = run_saga(seed);
    for (const [type, count] of run.events) seen_events.set(type, (seen_events.get(type) ?? 0) + count);
    for (const transition of run.transitions) seen_transitions.add(transition);
  }
  for (const service of ['orders', 'inventory', 'payments', 'shipping', 'suppliers']) tests.set(service, test_files(`services/${service}`));
  tests.set('journeys', test_files('journeys'));
});

function evidence(type: string, services: readonly string[]): string | undefined {
  const count = seen_events.get(type);
  if (count !== undefined) return `${count} times in ${seeds} seeded runs`;
  const named = new RegExp(`['"\`]${type.replaceAll('.', '\\.')}['"\`]`);
  return services.flatMap(service => tests.get(service) ?? []).find(file => named.test(file.text))?.path;
}

describe('every event', () => {
  const settings = read_settings({});
  const areas = compose({ settings, signing_secret: 'x'.repeat(32), third_parties: third_parties(settings, {}), clock: real_clock });
  for (const [type, contract] of Object.entries(event_contracts)) {
    test(`${type}, published by ${contract.service}`, () => {
      assert.ok(is_event_type(type));
      const hearers = [...areas.values()].filter(area => area.service.reactions[type] !== undefined).map(area => area.service.name);
      const missing = contract.heard_by.filter(name => name !== 'analytics' && !hearers.includes(name));
      assert.deepEqual(missing, [], 'a service that the design says hears it does not react');
      const own = type.startsWith('exception.') ? ['orders', 'payments', 'shipping', 'suppliers'] : [contract.service];
      assert.ok(evidence(type, [...own, 'journeys']) !== undefined, 'no run and no test of its producer takes it');
    });
  }
});

/** [who, from, to, the event that says so]: the rows of domain.md 3.1, 3.2, 3.4 and 3.5 that change a status. */
const transitions: readonly (readonly [string, string, string, string])[] = [
  ['orders', 'new', 'placed', 'order.placed'],
  ['orders', 'placed', 'awaiting_payment', 'payment.requested'],
  ['orders', 'placed', 'confirmed', 'order.confirmed'],
  ['orders', 'placed', 'rejected', 'order.rejected'],
  ['orders', 'awaiting_payment', 'rejected', 'order.rejected'],
  ['orders', 'awaiting_payment', 'confirmed', 'order.confirmed'],
  ['orders', 'awaiting_payment', 'expired', 'order.expired'],
  ['orders', 'placed', 'cancelling', 'order.cancellation_requested'],
  ['orders', 'awaiting_payment', 'cancelling', 'order.cancellation_requested'],
  ['orders', 'confirmed', 'cancelling', 'order.cancellation_requested'],
  ['orders', 'confirmed', 'in_fulfillment', 'shipment.dispatched'],
  ['orders', 'cancelling', 'in_fulfillment', 'order.cancellation_refused'],
  ['orders', 'cancelling', 'cancelled', 'order.cancelled'],
  ['orders', 'in_fulfillment', 'completed', 'order.completed'],
  ['payments', 'new', 'authorized', 'payment.authorized'],
  ['payments', 'new', 'processing', 'payment.started'],
  ['payments', 'processing', 'authorized', 'payment.authorized'],
  ['payments', 'processing', 'action_required', 'payment.action_required'],
  ['payments', 'processing', 'pending', 'payment.pending'],
  ['payments', 'processing', 'unknown', 'payment.outcome_unknown'],
  ['payments', 'processing', 'declined', 'payment.declined'],
  ['payments', 'processing', 'failed', 'payment.failed'],
  ['payments', 'unknown', 'authorized', 'payment.outcome_resolved'],
  ['payments', 'action_required', 'abandoned', 'payment.abandoned'],
  ['payments', 'authorized', 'partially_captured', 'payment.captured'],
  ['payments', 'authorized', 'captured', 'payment.captured'],
  ['payments', 'partially_captured', 'captured', 'payment.captured'],
  ['payments', 'authorized', 'voided', 'payment.voided'],
  ['payments', 'authorized', 'lapsed', 'payment.authorization_expired'],
  ['payments', 'captured', 'partially_refunded', 'payment.refunded'],
  ['payments', 'captured', 'refunded', 'payment.refunded'],
  ['inventory', 'new', 'held', 'stock.reserved'],
  ['inventory', 'new', 'failed', 'stock.reservation_failed'],
  ['inventory', 'held', 'expired', 'stock.reservation_expired'],
  ['inventory', 'held', 'allocated', 'stock.allocated'],
  ['inventory', 'held', 'released', 'stock.released'],
  ['inventory', 'allocated', 'closed', 'stock.consumed'],
  ['shipping', 'new', 'labeled', 'shipment.planned'],
  ['shipping', 'new', 'planned', 'shipment.planned'],
  ['shipping', 'planned', 'labeling', 'shipment.carrier_chosen'],
  ['shipping', 'labeling', 'labeled', 'parcel.label_purchased'],
  ['shipping', 'labeling', 'planned', 'parcel.label_failed'],
  ['shipping', 'labeled', 'dispatched', 'shipment.dispatched'],
  ['shipping', 'planned', 'cancelled', 'shipment.cancelled'],
  ['shipping', 'dispatched', 'delivered', 'parcel.delivered'],
  ['shipping', 'dispatched', 'closed', 'parcel.lost'],
  ['suppliers', 'new', 'proposed', 'replenishment.proposed'],
  ['suppliers', 'proposed', 'superseded', 'replenishment.superseded'],
  ['suppliers', 'proposed', 'accepted', 'replenishment.accepted'],
  ['suppliers', 'proposed', 'dismissed', 'replenishment.dismissed'],
  ['suppliers', 'new', 'draft', 'purchase_order.created'],
  ['suppliers', 'draft', 'approved', 'purchase_order.approved'],
  ['suppliers', 'approved', 'sent', 'purchase_order.sent'],
  ['suppliers', 'sent', 'acknowledged', 'purchase_order.acknowledged'],
  ['suppliers', 'sent', 'rejected', 'purchase_order.rejected'],
  ['suppliers', 'acknowledged', 'received', 'goods.received'],
  ['suppliers', 'received', 'closed', 'purchase_order.closed'],
  ['suppliers', 'draft', 'cancelled', 'purchase_order.cancelled'],
  ['suppliers', 'sent', 'cancelling', 'purchase_order.cancellation_requested'],
  ['suppliers', 'cancelling', 'acknowledged', 'purchase_order.cancellation_refused'],
];

describe('every transition', () => {
  for (const [service, from, to, type] of transitions) {
    test(`${service}: ${from} → ${to}`, () => {
      const taken = seen_transitions.has(`${service}: ${from} → ${to}`) || evidence(type, [service, 'journeys']) !== undefined;
      assert.ok(taken, `no run takes it, and no test of ${service} names ${type}`);
    });
  }
});
