/** What third parties really did, counted in their own ledgers, against what clients were told and what the tables say (reliability.md 1: P3 to P5, O10). */
import type { LedgerEntry } from '../../auditor/auditor.ts';
import type { Check } from './checks_clients.ts';
import type { Evidence, PaymentRow } from './evidence.ts';

interface Sums {
  authorized: number;
  captured: number;
  voided: number;
  refunded: number;
}
interface AtStripe extends Sums {
  readonly order_id: string;
  readonly currencies: Set<string>;
}
export const at_gateway = ({ tables }: Evidence, gateway: string): PaymentRow[] =>
  tables.payments.filter(payment => payment.gateway === gateway);

const kinds = {
  authorized: ['authorized', 1],
  captured: ['captured', 1],
  voided: ['voided', 1],
  lapsed: ['voided', 1],
  refunded: ['refunded', 1],
  refund_failed: ['refunded', -1],
} as const;
const is_kind = (kind: string): kind is keyof typeof kinds => kind in kinds;

/** What we wrote on the payment there; the whole entry is somebody else's. */
function payment_of({ metadata, payment_intent }: LedgerEntry): string {
  const written = typeof metadata === 'object' && metadata !== null && 'payment_id' in metadata ? metadata.payment_id : undefined;
  return String(written ?? payment_intent);
}

function at_stripe({ stripe }: Evidence): Map<string, AtStripe> {
  const payments = new Map<string, AtStripe>();
  const intents = new Map(stripe.filter(({ kind }) => kind === 'authorized').map(entry => [entry['payment_intent'], payment_of(entry)]));
  for (const entry of stripe) {
    if (!is_kind(entry.kind)) continue;
    const id = intents.get(entry['payment_intent']) ?? payment_of(entry);
    const sums = payments.get(id) ?? {
      order_id: entry.reference ?? '',
      currencies: new Set(),
      authorized: 0,
      captured: 0,
      voided: 0,
      refunded: 0,
    };
    const [sum, sign] = kinds[entry.kind];
    sums[sum] += sign * (entry.amount ?? 0);
    sums.currencies.add(entry.currency ?? '');
    payments.set(id, sums);
  }
  return payments;
}
const text_of = ({ authorized, captured, voided, refunded }: Sums) =>
  `${authorized} authorized, ${captured} captured, ${voided} voided, ${refunded} refunded`;

const same_ledgers: Check = {
  promise: 'P3',
  says: "the gateway's own ledger equals ours, per payment, kind, amount, currency, both ways",
  run(evidence) {
    const theirs = at_stripe(evidence);
    const ours = new Map(at_gateway(evidence, 'stripe').map(payment => [payment.id, payment]));
    const unknown = [...theirs].flatMap(([id, sums]) =>
      ours.has(id) ? [] : [`Stripe has ${text_of(sums)} for ${id}, which is no payment`],
    );
    const settled = at_gateway(evidence, 'stripe').filter(({ is_asking }) => !is_asking);
    const different = settled.flatMap(payment => {
      const sums = theirs.get(payment.id) ?? {
        authorized: 0,
        captured: 0,
        voided: 0,
        refunded: 0,
        currencies: new Set([payment.currency]),
      };
      const currencies = [...sums.currencies].join();
      if (text_of(sums) === text_of(payment) && currencies === payment.currency) return [];
      return [
        `${payment.id} of ${payment.order_id}: ours ${text_of(payment)} ${payment.currency}, Stripe's ${text_of(sums)} ${currencies}`,
      ];
    });
    return { checked: settled.length, broken: [...unknown, ...different] };
  },
};

/** Every buyer here pays once: one authorization per order, and never more money than the total he was told. */
const once_each: Check = {
  promise: 'P4',
  says: 'at most one success per operation, counted at the gateway; never more than the buyer was told',
  run(evidence) {
    const totals = new Map(
      evidence.calls.flatMap(({ outcome }) => (outcome.is === 'ok' ? [[outcome.told.id, outcome.told.total] as const] : [])),
    );
    const deeds = evidence.stripe.filter(({ kind }) => kind === 'authorized' || kind === 'captured' || kind === 'refunded');
    const by_key = Map.groupBy(deeds, entry => `${entry.kind} under ${entry.idempotency_key ?? entry.id}`);
    const by_order = Map.groupBy(
      deeds.filter(({ kind }) => kind === 'authorized'),
      ({ reference }) => reference ?? '',
    );
    const taken = new Map<string, number>();
    for (const { captured, refunded, order_id } of at_stripe(evidence).values())
      taken.set(order_id, (taken.get(order_id) ?? 0) + captured - refunded);
    return {
      checked: deeds.length,
      broken: [
        ...[...by_key].flatMap(([what, entries]) => (entries.length > 1 ? [`${entries.length} times ${what}`] : [])),
        ...[...by_order].flatMap(([id, entries]) => (entries.length > 1 ? [`${id} was authorized ${entries.length} times`] : [])),
        ...[...taken].flatMap(([id, amount]) => {
          const total = totals.get(id);
          return total !== undefined && amount > total ? [`${amount} was taken for ${id}, whose buyer was told ${total}`] : [];
        }),
      ],
    };
  },
};

const nothing_held: Check = {
  promise: 'P5',
  says: 'each authorization is captured, voided, or of an open order with a deadline',
  run(evidence) {
    const open = new Set(evidence.tables.orders.filter(({ is_open }) => is_open).map(({ id }) => id));
    const ours = new Map(at_gateway(evidence, 'stripe').map(payment => [payment.id, payment]));
    const authorized = [...at_stripe(evidence)].filter(([, sums]) => sums.authorized > 0);
    const broken = authorized.flatMap(([id, sums]) => {
      const held = sums.authorized - sums.captured - sums.voided;
      const payment = ours.get(id);
      const is_waiting = payment?.is_asking === true || (open.has(sums.order_id) && payment?.has_deadline === true);
      return held <= 0 || is_waiting ? [] : [`Stripe holds ${held} of ${id} for ${sums.order_id}, and nobody waits for it`];
    });
    return { checked: authorized.length, broken };
  },
};

const one_label: Check = {
  promise: 'O10',
  says: 'at most one paid label per parcel, counted at the carrier',
  run({ carriers, tables }) {
    const known = new Set(tables.parcels);
    const parcels = [
      ...Map.groupBy(
        carriers.filter(({ kind }) => kind === 'label_purchased' || kind === 'label_refunded' || kind === 'label_voided'),
        ({ reference }) => reference ?? '',
      ),
    ];
    const broken = parcels.flatMap(([parcel_id, entries]) => {
      const paid = entries.filter(({ kind }) => kind === 'label_purchased').length;
      const back = entries.length - paid;
      return [
        ...(paid - back > 1 ? [`${parcel_id} has ${paid - back} paid labels`] : []),
        ...(back > paid ? [`${parcel_id} was paid back ${back} times, and paid ${paid} times`] : []),
        ...(known.has(parcel_id) ? [] : [`a label was paid for ${parcel_id}, which is no parcel`]),
      ];
    });
    return { checked: parcels.length, broken };
  },
};

export const ledger_checks: readonly Check[] = [same_ledgers, once_each, nothing_held, one_label];
