/**
 * CyberSource's ledger against ours (P3 to P5). What nobody answered is reversed there and asked for again under another name, so what counts is what stayed:
 * held, taken, given back. Whose a movement is, its name says: our operation and its round.
 */
import type { Check } from './checks_clients.ts';
import { at_gateway } from './checks_ledgers.ts';
import type { Evidence } from './evidence.ts';

interface Stayed {
  readonly order_id: string;
  readonly currencies: Set<string>;
  held: number;
  captured: number;
  refunded: number;
}
/** What a movement adds to what is held, taken and given back. */
const moves: Readonly<Record<string, readonly [held: number, captured: number, refunded: number]>> = {
  authorized: [1, 0, 0],
  captured: [-1, 1, 0],
  capture_voided: [1, -1, 0],
  voided: [-1, 0, 0],
  refunded: [0, 0, 1],
};
const name_of = (key: string | undefined): string => (key ?? '').replace(/-\d+$/, '');

function stayed_of(evidence: Evidence): Map<string, Stayed> {
  const owners = new Map(at_gateway(evidence, 'cybersource').flatMap(({ id, op_ids }) => op_ids.map(op_id => [op_id, id] as const)));
  const payments = new Map<string, Stayed>();
  for (const { kind, reference, currency = '', amount = 0, idempotency_key } of evidence.cybersource) {
    const [held, captured, refunded] = moves[kind] ?? [0, 0, 0];
    const name = name_of(idempotency_key);
    const id = owners.get(name) ?? name;
    const stayed = payments.get(id) ?? { order_id: reference ?? '', currencies: new Set(), held: 0, captured: 0, refunded: 0 };
    stayed.currencies.add(currency);
    stayed.held += held * amount;
    stayed.captured += captured * amount;
    stayed.refunded += refunded * amount;
    payments.set(id, stayed);
  }
  return payments;
}
const text_of = ({ held, captured, refunded }: Pick<Stayed, 'held' | 'captured' | 'refunded'>) =>
  `${held} held, ${captured} captured, ${refunded} refunded`;

const same_ledger: Check = {
  promise: 'P3',
  says: "CyberSource's ledger equals ours, per payment: held, taken, given back, currency, both ways",
  run(evidence) {
    const theirs = stayed_of(evidence);
    const ours = at_gateway(evidence, 'cybersource');
    const known = new Set(ours.map(({ id }) => id));
    const strange = [...theirs].flatMap(([id, stayed]) =>
      known.has(id) ? [] : [`CyberSource has ${text_of(stayed)} for ${id}, which is no payment`],
    );
    const settled = ours.filter(({ is_asking }) => !is_asking);
    const different = settled.flatMap(({ id, order_id, currency, authorized, captured, voided, refunded }) => {
      const stayed = theirs.get(id) ?? { held: 0, captured: 0, refunded: 0, currencies: new Set([currency]) };
      const mine = text_of({ held: authorized - captured - voided, captured, refunded });
      const currencies = [...stayed.currencies].join();
      if (mine === text_of(stayed) && currencies === currency) return [];
      return [`${id} of ${order_id}: ours ${mine} ${currency}, CyberSource's ${text_of(stayed)} ${currencies}`];
    });
    return { checked: settled.length, broken: [...strange, ...different] };
  },
};

const once_each: Check = {
  promise: 'P4',
  says: 'at most one success per message, counted at CyberSource; never more kept than the buyer was told',
  run(evidence) {
    const totals = new Map(
      evidence.calls.flatMap(({ outcome }) => (outcome.is === 'ok' ? [[outcome.told.id, outcome.told.total] as const] : [])),
    );
    const deeds = evidence.cybersource.filter(({ kind }) => kind === 'authorized' || kind === 'captured' || kind === 'refunded');
    const twice = [...Map.groupBy(deeds, entry => `${entry.kind} under ${entry.idempotency_key ?? entry.id}`)].flatMap(([what, entries]) =>
      entries.length > 1 ? [`${entries.length} times ${what}`] : [],
    );
    const kept = new Map<string, number>();
    for (const { order_id, held, captured, refunded } of stayed_of(evidence).values())
      kept.set(order_id, (kept.get(order_id) ?? 0) + held + captured - refunded);
    const too_much = [...kept].flatMap(([id, amount]) => {
      const total = totals.get(id);
      return total !== undefined && amount > total ? [`CyberSource keeps ${amount} of ${id}, whose buyer was told ${total}`] : [];
    });
    return { checked: deeds.length, broken: [...twice, ...too_much] };
  },
};

const nothing_held: Check = {
  promise: 'P5',
  says: 'what CyberSource still holds is being asked about, or of an open order with a deadline',
  run(evidence) {
    const open = new Set(evidence.tables.orders.filter(({ is_open }) => is_open).map(({ id }) => id));
    const ours = new Map(at_gateway(evidence, 'cybersource').map(payment => [payment.id, payment]));
    const stayed = [...stayed_of(evidence)];
    const broken = stayed.flatMap(([id, { held, order_id }]) => {
      const payment = ours.get(id);
      const is_waiting = payment?.is_asking === true || (open.has(order_id) && payment?.has_deadline === true);
      return held <= 0 || is_waiting ? [] : [`CyberSource holds ${held} of ${id} for ${order_id}, and nobody waits for it`];
    });
    return { checked: stayed.length, broken };
  },
};

export const cybersource_checks: readonly Check[] = [same_ledger, once_each, nothing_held];
