/**
 * Aggregates as this process last wrote or read them. A row is locked before the cache is believed, and its xmin (the transaction that wrote it) must be
 * the one remembered; so another process, or the other lane, can only cost a read, never a stale decision.
 * Without it every event of an order's life loads and parses the order again: a quarter of the database's time on the write path.
 */

export interface Cached {
  readonly state: unknown;
  readonly version: number;
  /** xmin of the row, 32 bits as text. */
  readonly xid: string;
}

/** Lines of all cached aggregates of one kind; an aggregate without lines counts as one. */
export const cache_lines_max = 20_000;

export interface AggregateCache {
  get(kind: string, id: string): Cached | undefined;
  put(kind: string, id: string, cached: Cached): void;
  drop(kind: string, id: string): void;
}

export function aggregate_cache(): AggregateCache {
  const kinds = new Map<string, { entries: Map<string, Cached>; lines: number }>();
  const of = (kind: string) => {
    const known = kinds.get(kind) ?? { entries: new Map<string, Cached>(), lines: 0 };
    kinds.set(kind, known);
    return known;
  };
  const remove = (kind: string, id: string): void => {
    const held = of(kind);
    const entry = held.entries.get(id);
    if (entry === undefined) return;
    held.entries.delete(id);
    held.lines -= lines_of(entry.state);
  };
  return {
    get: (kind, id) => of(kind).entries.get(id),
    drop: remove,
    put(kind, id, cached) {
      remove(kind, id);
      const held = of(kind);
      held.entries.set(id, cached);
      held.lines += lines_of(cached.state);
      // Oldest written first: what nobody has touched for long goes.
      for (const oldest of held.entries.keys()) {
        if (held.lines <= cache_lines_max) break;
        remove(kind, oldest);
      }
    },
  };
}

function lines_of(state: unknown): number {
  const lines = (state as { lines?: unknown } | undefined)?.lines;
  return Array.isArray(lines) ? Math.max(1, lines.length) : 1;
}
