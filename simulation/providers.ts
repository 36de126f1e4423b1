/**
 * Simulated third parties for seeded runs: a gateway, a carrier and a supplier behind the adapters' own ports, each with its ledger.
 * What happened stays happened, whether or not the reply arrives: `query` finds it, a repeated `perform` changes nothing (idempotency by operation id).
 */
import type { Random } from '../platform/random.ts';
import type { Operation, Outcome, Row } from '../platform/service.ts';
import type { SimulatedProvider } from './world.ts';

export interface SimulatedLedgerEntry {
  readonly kind: 'authorized' | 'captured' | 'voided' | 'refunded' | 'label' | 'label_voided' | 'purchase_order';
  readonly reference: string;
  readonly op_id: string;
  readonly amount: number;
}

export interface Providers extends SimulatedProvider {
  readonly ledger: readonly SimulatedLedgerEntry[];
  /** Webhooks and scans that the world delivers, as the port's facts: (service, command type, facts). */
  facts_of(operation: Operation): readonly Row[];
}

interface Money {
  readonly ref: string;
  readonly payment_id: string;
  readonly order_id: string;
  readonly currency: string;
  /** The hold ends by itself then. */
  readonly expires_at: string;
  authorized: number;
  captured: number;
  voided: number;
  refunded: number;
}

/** `decline` of 0 to 1: the share of authorizations refused. */
export function simulated_providers(random: Random, decline: number): Providers {
  const ledger: SimulatedLedgerEntry[] = [];
  const done = new Map<string, Outcome>();
  const money = new Map<string, Money>();
  const text = (row: Row, name: string): string => String(row[name]);
  const number = (row: Row, name: string): number => Number(row[name]);

  const fact = (held: Money, kind: string, amount: number, more: Row = {}): Row => ({
    gateway: 'stripe',
    object_ref: held.ref,
    fact: kind,
    amount,
    currency: held.currency,
    gateway_ref: held.ref,
    payment_id: held.payment_id,
    order_id: held.order_id,
    raw: {},
    ...more,
  });

  const authorize = ({ op_id, request }: Operation, at: string): Outcome => {
    const held: Money = {
      ref: `pi_${op_id}`,
      payment_id: text(request, 'payment_id'),
      order_id: text(request, 'order_id'),
      currency: text(request, 'currency'),
      expires_at: new Date(Date.parse(at) + 7 * 86_400_000).toISOString(),
      authorized: 0,
      captured: 0,
      voided: 0,
      refunded: 0,
    };
    money.set(held.ref, held);
    if (random.next() < decline) {
      const facts = [
        fact(held, 'declined', number(request, 'amount'), { decline_code: 'insufficient_funds', retryable: true, operation_id: op_id }),
      ];
      return { outcome: 'declined', code: 'insufficient_funds', retryable: true, value: { gateway_ref: held.ref, facts } };
    }
    held.authorized = number(request, 'amount');
    ledger.push({ kind: 'authorized', reference: held.payment_id, op_id, amount: held.authorized });
    return {
      outcome: 'ok',
      value: {
        gateway_ref: held.ref,
        facts: [
          fact(held, 'authorized', held.authorized, {
            operation_id: op_id,
            authorization_expires_at: held.expires_at,
            multi_capture: true,
          }),
        ],
      },
    };
  };

  const capture = ({ op_id, request }: Operation): Outcome => {
    const held = money.get(text(request, 'gateway_ref'));
    const amount = number(request, 'amount');
    if (held === undefined || held.captured + held.voided + amount > held.authorized)
      return { outcome: 'declined', code: 'other', retryable: false, value: { facts: [] } };
    held.captured += amount;
    ledger.push({ kind: 'captured', reference: held.payment_id, op_id, amount });
    const facts = [fact(held, 'captured', held.captured)];
    const rest = held.authorized - held.captured - held.voided;
    if (request['final'] === true && rest > 0) {
      held.voided += rest;
      ledger.push({ kind: 'voided', reference: held.payment_id, op_id, amount: rest });
      facts.push(fact(held, 'voided', held.voided));
    }
    return { outcome: 'ok', value: { gateway_ref: held.ref, facts } };
  };

  const release = ({ op_id, request }: Operation): Outcome => {
    const held = money.get(text(request, 'gateway_ref'));
    if (held === undefined) return { outcome: 'declined', code: 'other', retryable: false, value: { facts: [] } };
    const rest = held.authorized - held.captured - held.voided;
    held.voided += rest;
    if (rest > 0) ledger.push({ kind: 'voided', reference: held.payment_id, op_id, amount: rest });
    return { outcome: 'ok', value: { gateway_ref: held.ref, facts: [fact(held, 'voided', held.voided)] } };
  };

  const refund = ({ op_id, request }: Operation): Outcome => {
    const held = money.get(text(request, 'gateway_ref'));
    const amount = number(request, 'amount');
    if (held === undefined || held.refunded + amount > held.captured)
      return { outcome: 'declined', code: 'other', retryable: false, value: { facts: [] } };
    held.refunded += amount;
    ledger.push({ kind: 'refunded', reference: held.payment_id, op_id, amount });
    return {
      outcome: 'ok',
      value: {
        gateway_ref: held.ref,
        object_ref: `re_${op_id}`,
        facts: [fact(held, 'refunded', amount, { object_ref: `re_${op_id}`, refund_id: text(request, 'refund_id'), operation_id: op_id })],
      },
    };
  };

  const parcels_of = (operation: Operation): readonly Row[] => (operation.request['parcels'] ?? []) as readonly Row[];
  const quote = (operation: Operation): Outcome => ({
    outcome: 'ok',
    value: {
      rates: parcels_of(operation).map(parcel => ({
        parcel_id: text(parcel, 'parcel_id'),
        provider_shipment_ref: `shp_${text(parcel, 'parcel_id')}`,
        rate_ref: `rate_${text(parcel, 'parcel_id')}`,
        carrier: 'USPS',
        service: 'Priority',
        amount: 550,
        currency: 'GBP',
        delivery_days: 2,
      })),
      messages: [],
    },
  });
  const label = (operation: Operation): Outcome => {
    const labels = parcels_of(operation).map(parcel => {
      const parcel_id = text(parcel, 'parcel_id');
      ledger.push({ kind: 'label', reference: parcel_id, op_id: operation.op_id, amount: 550 });
      return {
        parcel_id,
        tracking_number: `T${parcel_id}`,
        tracking_url: null,
        cost: 550,
        currency: 'GBP',
        label_ref: `lab_${parcel_id}`,
        carrier: 'USPS',
        service: 'Priority',
        adopted: false,
      };
    });
    return { outcome: 'ok', value: { labels } };
  };
  const void_label = (operation: Operation): Outcome => {
    const voided = parcels_of(operation).map(parcel => text(parcel, 'parcel_id'));
    for (const parcel_id of voided) ledger.push({ kind: 'label_voided', reference: parcel_id, op_id: operation.op_id, amount: 0 });
    return { outcome: 'ok', value: { voided, refused: [], submitted: [] } };
  };
  const send_order = (operation: Operation): Outcome => {
    ledger.push({ kind: 'purchase_order', reference: text(operation.request, 'po_id'), op_id: operation.op_id, amount: 0 });
    return { outcome: 'ok', value: { channel: 'rest', supplier_reference: `so_${operation.op_id}`, facts: [] } };
  };

  /** What is, now: every fact of the payment at once. */
  const ask = ({ request }: Operation, at: string): Outcome => {
    const held = money.get(text(request, 'gateway_ref'));
    if (held === undefined) return { outcome: 'ok', value: { facts: [] } };
    const rest = held.authorized - held.captured - held.voided;
    const lapsed = rest > 0 && at >= held.expires_at;
    if (lapsed) {
      held.voided += rest;
      ledger.push({ kind: 'voided', reference: held.payment_id, op_id: 'lapsed', amount: rest });
    }
    const facts = [fact(held, 'authorized', held.authorized)];
    if (held.captured > 0) facts.push(fact(held, 'captured', held.captured));
    if (held.voided > 0) facts.push(fact(held, lapsed ? 'lapsed' : 'voided', held.voided));
    return { outcome: 'ok', value: { gateway_ref: held.ref, facts } };
  };

  const kinds: Readonly<Record<string, (operation: Operation, at: string) => Outcome>> = {
    authorize,
    capture,
    void: release,
    abandon: release,
    ask,
    refund,
    verify_address: () => ({ outcome: 'ok', value: { verdict: 'ok' } }),
    quote_rates: quote,
    buy_label: label,
    void_label,
    send_order,
    track: () => ({ outcome: 'ok', value: { facts: [] } }),
    cancel_order: () => ({ outcome: 'ok', value: {} }),
    // Which it has, its ledger tells the auditor; here it keeps no list.
    reconcile: () => ({ outcome: 'permanent_error', code: 'list_unavailable', detail: 'there is no list' }),
  };
  const perform = (operation: Operation, at: string): Outcome => {
    const known = done.get(operation.op_id);
    if (known !== undefined) return known;
    const deed = kinds[operation.kind];
    if (deed === undefined) throw new Error(`the simulated third parties do not know ${operation.kind}`);
    const outcome = deed(operation, at);
    done.set(operation.op_id, outcome);
    return outcome;
  };
  return {
    ledger,
    perform,
    /** What never arrived may be sent again under its own key; what arrived is told. */
    query: (operation, at) => perform(operation, at),
    facts_of(operation) {
      const outcome = done.get(operation.op_id);
      return outcome !== undefined && 'value' in outcome ? ((outcome.value?.['facts'] ?? []) as readonly Row[]) : [];
    },
  };
}
