/** An endpoint that was disabled is a case for a person, like those the services tell of (decisions.md 3). Enabling or deleting it resolves it. */
import type pg from 'pg';
import type { Row } from '../../platform/service.ts';
import { disabled_endpoints } from './store.ts';

export const notice_deadline_ms = 86_400_000;

/** In the form of the desk's other exceptions. */
export async function notices(pool: pg.Pool): Promise<(Row & { readonly deadline: string })[]> {
  return (await disabled_endpoints(pool)).map(({ id, url, description, disabled_reason, disabled_at }) => {
    const raised_at = disabled_at ?? '';
    const why = disabled_reason === 'gone' ? 'answered 410 (gone)' : 'took nothing for 72 hours';
    return {
      service: 'gateway',
      exception_id: `exc_${id}`,
      subject: id,
      reason: 'webhook_endpoint_disabled',
      owner: 'operations',
      deadline: new Date(Date.parse(raised_at) + notice_deadline_ms).toISOString(),
      detail: `${new URL(url).host}${description === '' ? '' : ` (${description})`} ${why} and hears nothing since. POST /v1/webhook-endpoints/${id}/enable, or delete it.`,
      key: id,
      raised_at,
    };
  });
}
