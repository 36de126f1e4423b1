/**
 * The state machines of domain.md 3 as data: every row of its tables, and what takes it. A row without an edge that was really taken is either
 * a missing story or stands in `untaken` with the reason.
 */
import { name_of, type Seen } from './edges.ts';

export interface Row {
  readonly aggregate: 'order' | 'refund' | 'return' | 'payment' | 'reservation' | 'shipment' | 'proposal' | 'purchase_order';
  /** Each of these; `any`: one of all is enough. */
  readonly from: readonly string[] | 'any';
  /** What domain.md calls the trigger is one of these (edges.ts): a reply, a webhook and a poll are one. */
  readonly by: readonly string[];
  /** Each of these; `same`: the state stays, and something in it changes. */
  readonly to: readonly string[];
}
type Table = readonly (readonly [from: Row['from'], by: readonly string[], to: readonly string[]])[];
const rows_of = (aggregate: Row['aggregate'], table: Table): Row[] => table.map(([from, by, to]) => ({ aggregate, from, by, to }));
/** Each trigger is a row of its own. */
const each = (from: Row['from'], triggers: readonly string[], to: readonly string[]): Table =>
  triggers.map(trigger => [from, [trigger], to]);

const refusals = ['payment.declined', 'payment.failed', 'payment.abandoned'];
const at_work = ['confirmed', 'in_fulfillment'];
const orders = rows_of('order', [
  [['new'], ['place_order'], ['placed']],
  [['placed'], ['stock.reserved'], ['awaiting_payment', 'confirmed']],
  [['placed', 'awaiting_payment'], ['stock.reservation_failed'], ['rejected']],
  [['awaiting_payment'], ['pay_order'], ['same']],
  [['awaiting_payment'], ['stock.reserved'], ['confirmed', 'same']],
  [['awaiting_payment'], ['stock.reservation_expired'], ['same']],
  ...each(['awaiting_payment'], ['payment.authorized', 'payment.captured'], ['confirmed', 'same']),
  ...each(['awaiting_payment'], refusals, ['same', 'expired']),
  [['awaiting_payment'], ['timer order'], ['expired']],
  [['placed', 'awaiting_payment'], ['cancel_order'], ['cancelling']],
  ...each(at_work, ['stock.allocated', 'backorder.filled', 'backorder.queued', 'stock.shortfall_detected'], ['same']),
  [at_work, ['shipment.dispatched'], ['in_fulfillment']],
  ...each(at_work, ['payment.authorization_expired', 'payment.capture_failed', 'pay_order', ...refusals, 'cancel_lines'], ['same']),
  [at_work, ['cancel_order'], ['cancelling']],
  [[...at_work, 'cancelling'], ['fulfillment.cancellation_answered'], ['same']],
  [['cancelling'], ['fulfillment.cancellation_answered'], ['in_fulfillment']],
  ...each(['cancelling'], ['stock.released', 'payment.voided', 'payment.refunded', ...refusals], ['cancelled']),
  ...each(
    ['in_fulfillment'],
    ['parcel.delivered', 'fulfillment.cancellation_answered', 'payment.captured', 'payment.refunded', 'payment.voided'],
    ['completed'],
  ),
  ...each(['in_fulfillment'], ['parcel.lost', 'parcel.sent_back', 'refund_order', 'capture_order', 'void_payment'], ['same']),
  ...each(at_work, ['hold_order', 'release_hold'], ['same']),
  ...each(['in_fulfillment', 'completed'], ['request_return', 'receive_return', 'cancel_return'], ['same']),
  ...each(['cancelling', 'completed', 'cancelled', 'expired', 'rejected'], ['payment.authorized', 'payment.captured'], ['same']),
  ...each('any', ['payment.action_required', 'payment.pending', 'payment.outcome_unknown', 'payment.outcome_resolved'], ['same']),
  ...each('any', ['payment.refunded', 'payment.refund_failed', 'payment.disputed', 'backorder.pegged'], ['same']),
]);

const in_progress = ['processing', 'action_required', 'pending', 'unknown'];
const held = ['authorized', 'partially_captured'];
const taken = ['captured', 'partially_captured', 'partially_refunded'];
const payments = rows_of('payment', [
  [['new'], ['start_payment'], ['authorized', 'captured', 'processing']],
  [in_progress, ['ok'], ['authorized', 'captured']],
  [in_progress, ['action_required'], ['action_required']],
  [in_progress, ['pending'], ['pending']],
  [in_progress, ['unknown'], ['unknown']],
  [in_progress, ['declined'], ['declined']],
  [in_progress, ['permanent_error'], ['failed']],
  [['unknown'], ['evidence succeeded'], ['authorized', 'captured']],
  [['unknown'], ['evidence failed'], ['failed']],
  [['action_required', 'pending'], ['pass_deadline'], ['same']],
  [['action_required', 'pending'], ['ok', 'declined'], ['abandoned']],
  [held, ['capture_payment'], ['same']],
  [held, ['ok'], ['captured', 'partially_captured']],
  [held, ['declined'], ['same']],
  [held, ['release_payment'], ['same']],
  [['authorized'], ['ok'], ['voided']],
  [held, ['pass_expiry'], ['same']],
  [['authorized'], ['ok', 'lapsed'], ['lapsed']],
  [['partially_captured'], ['ok', 'lapsed'], ['captured']],
  [in_progress, ['release_payment'], ['same']],
  [taken, ['refund_payment'], ['same']],
  [taken, ['ok'], ['partially_refunded', 'refunded']],
  [
    ['partially_refunded', 'refunded'],
    ['refund_failed', 'declined'],
    ['captured', 'partially_refunded'],
  ],
  [['authorized', 'captured', 'partially_refunded', 'refunded'], ['disputed'], ['same']],
  [
    ['declined', 'failed', 'abandoned', 'voided', 'lapsed'],
    ['ok', 'captured'],
    ['authorized', 'captured'],
  ],
]);

const reservations = rows_of('reservation', [
  [['new'], ['reserve_stock'], ['held', 'failed']],
  [['held'], ['extend_reservation'], ['same']],
  [['held'], ['expire_reservation', 'adjust_stock'], ['expired']],
  [
    ['expired', 'failed'],
    ['reserve_again', 'extend_reservation'],
    ['held', 'failed'],
  ],
  [['held', 'expired', 'failed'], ['allocate_stock'], ['allocated']],
  [['held', 'expired', 'failed'], ['release_stock'], ['released']],
  [['allocated'], ['release_stock'], ['same', 'closed']],
  [['allocated'], ['consume_stock'], ['same', 'closed']],
  [['allocated'], ['receive_stock', 'fill_backorders'], ['same']],
  [['allocated'], ['replace_short_units'], ['same']],
]);

const before_dispatch = ['planned', 'labeling', 'labeled'];
const shipments = rows_of('shipment', [
  [['new'], ['plan_shipments'], ['labeled', 'planned', 'labeling']],
  [['planned'], ['pack_shipment'], ['same']],
  [['planned'], ['ok'], ['labeling']],
  [['labeling'], ['ok'], ['labeled']],
  [['labeling'], ['declined'], ['planned']],
  [['labeling'], ['unknown'], ['same']],
  [['labeled'], ['dispatch_shipment'], ['dispatched']],
  [['labeled'], ['carrier scan'], ['dispatched']],
  [before_dispatch, ['cancel_fulfillment'], ['cancelled', 'planned']],
  [before_dispatch, ['report_short_pick'], ['same', 'cancelled']],
  [before_dispatch, ['cancel_shipment'], ['cancelled']],
  [['dispatched'], ['carrier scan', 'shipment_due'], ['delivered', 'closed']],
  [['cancelled'], ['carrier scan'], ['same']],
]);

const under_way = ['sent', 'acknowledged', 'partially_received'];
const supply = [
  ...rows_of('proposal', [
    [['new'], ['review_supply'], ['proposed']],
    [['proposed'], ['review_supply'], ['same', 'superseded']],
    [['proposed'], ['accept_proposal', 'accept_proposals'], ['accepted']],
    [['proposed'], ['dismiss_proposal'], ['dismissed']],
  ]),
  ...rows_of('purchase_order', [
    [['new'], ['accept_proposal'], ['draft']],
    [['new'], ['create_purchase_order'], ['draft']],
    [['draft'], ['approve_purchase_order'], ['approved', 'sent']],
    [['approved'], ['ok'], ['sent']],
    [['approved'], ['unknown'], ['same']],
    [['approved'], ['permanent_error', 'declined'], ['same']],
    [['sent', 'acknowledged'], ['acknowledgment'], ['acknowledged', 'rejected']],
    [under_way, ['ship_notice'], ['same']],
    [under_way, ['eta'], ['same']],
    [under_way, ['post_receipt', 'receive_announced'], ['partially_received', 'closed']],
    [under_way, ['close_purchase_order'], ['closed']],
    [['draft', 'approved'], ['cancel_purchase_order'], ['cancelled']],
    [['sent', 'acknowledged'], ['cancel_purchase_order'], ['cancelling']],
    [['cancelling'], ['ok', 'cancellation_answer'], ['cancelled']],
    [['cancelling'], ['declined', 'cancellation_answer'], ['acknowledged']],
    ['any', ['invoice'], ['same']],
  ]),
];
const inner = [
  ...rows_of('refund', [
    [['new'], ['refund_order'], ['requested']],
    [['requested'], ['payment.refunded'], ['succeeded']],
    [['requested', 'succeeded'], ['payment.refund_failed'], ['failed']],
  ]),
  ...rows_of('return', [
    [['new'], ['request_return'], ['requested']],
    [['requested'], ['receive_return'], ['partially_received', 'received']],
    [['partially_received'], ['receive_return'], ['received']],
    [['requested'], ['cancel_return'], ['cancelled']],
    [['requested'], ['timer return'], ['cancelled']],
  ]),
];

export const design: readonly Row[] = [...orders, ...inner, ...payments, ...reservations, ...shipments, ...supply];

/** The names under which `cover` lists what a row asks for. */
export function edges_asked_for({ aggregate, from, by, to }: Row): string[] {
  const starts = from === 'any' ? ['any'] : from;
  return starts.flatMap(start => to.map(end => name_of({ aggregate, from: start, trigger: by.join(' or '), to: end })));
}

/** One edge that the design asks for, and how often it was taken by one of its triggers. */
export interface Covered {
  readonly edge: string;
  readonly in_runs: number;
  readonly in_stories: number;
  /** Why nothing takes it; absent where something does, or should. */
  readonly reason?: string;
}

export function cover(in_runs: Seen, in_stories: Seen, untaken: ReadonlyMap<string, string>): Covered[] {
  const states = new Map<string, Set<string>>();
  for (const edge of [...in_runs.keys(), ...in_stories.keys()]) {
    const aggregate = edge.slice(0, edge.indexOf(':'));
    states.set(aggregate, (states.get(aggregate) ?? new Set()).add(edge.slice(edge.lastIndexOf('→') + 2)));
  }
  return design.flatMap(({ aggregate, from, by, to }) =>
    (from === 'any' ? ['any'] : from).flatMap(start =>
      to.map(end => {
        const starts = start === 'any' ? [...(states.get(aggregate) ?? [])] : [start];
        const edges = starts.flatMap(one => by.map(trigger => name_of({ aggregate, from: one, trigger, to: end === 'same' ? one : end })));
        const sum = (seen: Seen) => edges.reduce((total, edge) => total + (seen.get(edge) ?? 0), 0);
        const edge = name_of({ aggregate, from: start, trigger: by.join(' or '), to: end });
        const reason = untaken.get(edge);
        return { edge, in_runs: sum(in_runs), in_stories: sum(in_stories), ...(reason !== undefined && { reason }) };
      }),
    ),
  );
}
