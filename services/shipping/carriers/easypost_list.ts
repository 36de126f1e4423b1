/** What EasyPost sold us between two instants, page by page, the newest first. */
import type { Outcome } from '../../../platform/service.ts';
import { type EasyPostApi, shipments_reply } from './easypost_api.ts';
import { minor_units } from './measures.ts';
import type { ListedLabel, ListLabels } from './port.ts';
import { repeatable } from './stop.ts';

const page_size = 100;
const pages_max = 50;

export async function list_labels(api: EasyPostApi, { since, until }: ListLabels, signal: AbortSignal): Promise<Outcome> {
  const labels: ListedLabel[] = [];
  const query = new URLSearchParams({ purchased: 'true', page_size: String(page_size), start_datetime: since, end_datetime: until });
  for (let pages = 0; pages < pages_max; pages += 1) {
    const page = await api.get(`shipments?${query}`, shipments_reply, signal);
    if (!page.ok) return repeatable(page.stop);
    const { shipments, has_more } = page.value;
    for (const { reference, tracking_code, selected_rate, refund_status } of shipments) {
      if (!tracking_code) continue;
      const cost = selected_rate ? (minor_units(selected_rate.rate, selected_rate.currency) ?? null) : null;
      // One that was asked back is not paid for any more, or will not be.
      const is_given_back = refund_status === 'refunded' || refund_status === 'submitted';
      labels.push({ reference: reference ?? null, tracking_number: tracking_code, cost, is_given_back });
    }
    const last = shipments.at(-1);
    if (!has_more || last === undefined) return { outcome: 'ok', value: { labels, is_complete: true } };
    query.set('before_id', last.id);
  }
  return { outcome: 'ok', value: { labels, is_complete: false } };
}
