/** Up to when numbers are complete (domain.md 11): every log is applied up to a position, whose time is its last event's, or now at the log's end. */
import type { Source } from './batch.ts';
import type { Ask } from './warehouses/warehouse.ts';

export interface Watermark {
  /** The least of the logs; null while one of them was not read yet. Periods before it are final. */
  readonly at: string | null;
  readonly logs: readonly { readonly log: string; readonly position: number; readonly at: string | null }[];
}

/** The watermark of the moment that `ask` sees. */
export async function watermark_of(ask: Ask, sources: readonly Source[]): Promise<Watermark> {
  const rows = await ask('select source, min(position) as position, min(time) as time from positions group by source');
  const logs = sources.map(({ reader, caught_up }) => {
    const row = rows.find(one => one['source'] === reader.source);
    const position = Number(row?.['position'] ?? 0);
    const stored_at = typeof row?.['time'] === 'string' ? row['time'] : null;
    const is_at_end = caught_up !== undefined && position >= caught_up.position;
    return { log: reader.source, position, at: is_at_end && (stored_at === null || stored_at < caught_up.at) ? caught_up.at : stored_at };
  });
  const times = logs.map(log => log.at);
  const at = times.includes(null)
    ? null
    : times.reduce((least, time) => (least === null || (time !== null && time < least) ? time : least), null);
  return { at, logs };
}
