/** A position belongs to a source (architecture.md 4.2): after a failover or a restore a log goes on differently, and its old positions say nothing. */
import type { LogReader, Marks } from '../../platform/log.ts';
import type { StoredPosition } from './warehouses/warehouse.ts';

export interface Verified {
  readonly reader: LogReader;
  readonly marks: Marks;
  readonly position: number;
  readonly at: string | null;
}

/** Errors: `foreign_log`, with what to do. */
export async function verify_logs(readers: readonly LogReader[], stored: readonly StoredPosition[], folder: string): Promise<Verified[]> {
  return Promise.all(
    readers.map(async reader => {
      const marks = await reader.marks();
      const own = stored.filter(row => row.source === reader.source);
      for (const row of own) {
        if (row.system_identifier === marks.system_identifier && row.timeline === marks.timeline) continue;
        throw foreign(
          reader.source,
          folder,
          `it was in cluster ${row.system_identifier}/${row.timeline} and is in ${marks.system_identifier}/${marks.timeline}`,
        );
      }
      const position = own.length === 0 ? 0 : Math.min(...own.map(row => row.position));
      const head = await reader.head();
      if (head < position) throw foreign(reader.source, folder, `it ends at ${head} and was read up to ${position}`);
      return { reader, marks, position, at: own.map(row => row.at).reduce(earlier, null) };
    }),
  );
}

function earlier(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? one : other;
}

function foreign(source: string, folder: string, detail: string): Error {
  return Object.assign(
    new Error(
      `analytics holds positions of another ${source} log: ${detail}. A failover or restore happened. The facts are made again from the logs: stop, remove ${folder}, start.`,
    ),
    { code: 'foreign_log' },
  );
}
