/** Calls to carriers: what their outcomes become, and how each carrier is reached. */
import type { Adapter, Operation, Outcome, Remember } from '../../platform/service.ts';
import type { TrackingFact } from './carriers/port.ts';
import type { RecordAddress, RecordCarrierFacts, RecordLabels, RecordListedLabels, RecordRates, RecordVoids } from './commands.ts';
import { type ShippingSettings, settle_ms } from './model.ts';

export const outcomes = {
  quote_rates: (operation: Operation, outcome: Outcome): RecordRates => ({ type: 'record_rates', ...common(operation, outcome) }),
  verify_address: (operation: Operation, outcome: Outcome): RecordAddress => ({ type: 'record_address', ...common(operation, outcome) }),
  buy_label: (operation: Operation, outcome: Outcome): RecordLabels => ({
    type: 'record_labels',
    ...common(operation, outcome),
    parcel_ids: parcel_ids(operation),
    attempts: operation.attempts,
    sent_at: instant_of(operation.sent_at),
  }),
  void_label: (operation: Operation, outcome: Outcome): RecordVoids => ({
    type: 'record_voids',
    ...common(operation, outcome),
    parcel_ids: parcel_ids(operation),
  }),
  list_labels: ({ provider, request }: Operation, outcome: Outcome): RecordListedLabels => ({
    type: 'record_listed_labels',
    provider,
    // We froze this request ourselves (ListLabelsSchema).
    since: request['since'] as string,
    until: request['until'] as string,
    outcome,
  }),
  track: (operation: Operation, outcome: Outcome): RecordCarrierFacts => ({
    type: 'record_carrier_facts',
    shipment_id: operation.subject,
    // The port says what the value of this outcome holds.
    facts: outcome.outcome === 'ok' ? ((outcome.value['facts'] ?? []) as unknown as readonly TrackingFact[]) : [],
    label_facts: [],
  }),
};

function common({ op_id, subject, key, provider }: Operation, outcome: Outcome) {
  return { op_id, shipment_id: subject, order_id: key, provider, outcome };
}

function parcel_ids({ request }: Operation): string[] {
  // We froze this request ourselves (BuyLabelSchema, VoidLabelSchema).
  return (request['parcels'] as unknown as { parcel_id: string }[]).map(parcel => parcel.parcel_id);
}

/** The driver gives times as Date, the simulation as text. */
function instant_of(time: string | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}

/**
 * Asking what became of rates, voids and tracking means asking the carrier again: only a label costs money. Else an operation whose
 * process died in the call would be asked about for ever, and never performed.
 */
export function shipping_adapters(settings: ShippingSettings): Readonly<Record<string, Adapter>> {
  return Object.fromEntries(
    Object.values(settings.carriers).map(({ name, adapter }) => [
      name,
      {
        ...adapter,
        settle_ms: settings.settle_ms ?? settle_ms,
        query: (operation: Operation, signal: AbortSignal, remember?: Remember) =>
          operation.kind === 'buy_label' ? adapter.query(operation, signal, remember) : adapter.perform(operation, signal, remember),
      },
    ]),
  );
}
