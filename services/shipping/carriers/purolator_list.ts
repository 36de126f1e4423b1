/** Purolator has no list of what it sold: each parcel of ours is looked for by its reference. What it has besides is seen by nobody here. */
import type { Outcome } from '../../../platform/service.ts';
import type { ListedLabel, ListLabels } from './port.ts';
import type { PurolatorApi } from './purolator_api.ts';
import { exists_twice, find_by_reference, pins_in } from './purolator_labels.ts';
import { repeatable } from './stop.ts';

/** Of one run, within its deadline. */
export const asked_max = 100;

export async function list_labels(api: PurolatorApi, { parcels }: ListLabels, signal: AbortSignal): Promise<Outcome> {
  const labels: ListedLabel[] = [];
  for (const { parcel_id, bought_at } of parcels.slice(0, asked_max)) {
    const answer = await find_by_reference(api, parcel_id, undefined, bought_at, signal);
    const listed = (tracking_number: string) => labels.push({ reference: parcel_id, tracking_number, cost: null, is_given_back: false });
    if (answer.ok) pins_in(answer).forEach(listed);
    else if (answer.errors === undefined) return repeatable(answer.stop);
    else if (answer.errors.some(({ code }) => code === exists_twice)) listed('');
  }
  return { outcome: 'ok', value: { labels, is_complete: parcels.length <= asked_max } };
}
