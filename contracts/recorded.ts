/** The recorded example of each event as if read from its service's log: what tests feed to reactions and projections. */
import { ids } from './examples.ts';
import { contract_of, type EventType, event_contracts } from './index.ts';

const [first_levels] = event_contracts['stock.levels_changed'].example.levels;

export function recorded<T extends EventType>(type: T) {
  const contract = contract_of(type);
  const { key, service, example } = contract;
  // Read as any reader of JSON would: which of its fields is the key is known by name only.
  const fields: Readonly<Record<string, unknown>> = JSON.parse(JSON.stringify(type === 'stock.levels_changed' ? first_levels : example));
  const partition_key = String(fields[key]);
  const of_stock_item = key === 'sku' && type !== 'stock.levels_changed';
  return {
    id: ids.event,
    type,
    data: example,
    source: service,
    partition: 0,
    position: 1,
    key: partition_key,
    subject: of_stock_item ? `${fields['sku']}@${fields['location_id']}` : partition_key,
    sequence: 3,
    time: '2026-05-04T09:12:00.000Z',
    cause: ids.cause,
  };
}
