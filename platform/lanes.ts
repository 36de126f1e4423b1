/**
 * Natural batching: while one transaction runs, what arrives waits, and the next takes all of it up to a limit. No delay when idle,
 * large batches under load. A batch that fails is tried once more when it lost a race, then halved until the culprit stands alone.
 */
import { is_outage, is_race } from './database.ts';
import { Problem } from './route.ts';
import { ChangedMeanwhile } from './service.ts';
import type { Item, Result, Writer } from './write.ts';

export const batch_commands_max = 500;
/** Lines of all commands together: what bounds a transaction is rows, not commands. */
export const batch_rows_max = 10_000;
export const queue_commands_max = 20_000;
export const race_attempts_max = 5;

/** Writes items in any grouping; every item gets its own answer. Throws only when the database is away. */
export async function write_apart(writer: Writer, items: readonly Item[]): Promise<Result[]> {
  const attempts_max = items.length === 1 ? race_attempts_max : 2;
  let last: unknown;
  for (let attempt = 0; attempt < attempts_max; attempt++) {
    try {
      return await writer.write(items, []);
    } catch (error) {
      last = error;
      if (!(error instanceof ChangedMeanwhile) && is_outage(error)) throw error;
      if (!(error instanceof ChangedMeanwhile) && !is_race(error)) break;
    }
  }
  if (items.length === 1) return [{ result: 'failed', error: last instanceof Error ? last : new Error(String(last)) }];
  const middle = Math.ceil(items.length / 2);
  return [...(await write_apart(writer, items.slice(0, middle))), ...(await write_apart(writer, items.slice(middle)))];
}

export interface FrontLane {
  submit(item: Item): Promise<Result>;
  readonly waiting: number;
  /** Refuses new commands and resolves when those taken are answered. */
  close(): Promise<void>;
}

interface Waiting {
  readonly item: Item;
  readonly rows: number;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/** The lane of people's commands. Its own connection; it meets the lane of events only in row locks and the append's lock. */
export function front_lane(writer: Writer): FrontLane {
  const queue: Waiting[] = [];
  let running: Promise<void> | undefined;
  let closed = false;

  const take = (): Waiting[] => {
    let rows = 0;
    let count = 0;
    while (count < queue.length && count < batch_commands_max && (count === 0 || rows + (queue[count]?.rows ?? 0) <= batch_rows_max)) {
      rows += queue[count]?.rows ?? 0;
      count += 1;
    }
    return queue.splice(0, count);
  };
  const drain = async (): Promise<void> => {
    while (queue.length > 0) {
      const batch = take();
      try {
        const results = await write_apart(
          writer,
          batch.map(waiting => waiting.item),
        );
        for (const [index, waiting] of batch.entries())
          waiting.resolve(results[index] ?? { result: 'failed', error: new Error('no result') });
      } catch (cause) {
        const problem = new Problem(503, 'database_unavailable', 'The database does not answer. Try again with the same Idempotency-Key.', {
          headers: { 'Retry-After': '1' },
          cause,
        });
        for (const waiting of batch) waiting.reject(problem);
      }
    }
    running = undefined;
  };

  return {
    submit(item) {
      if (closed || queue.length >= queue_commands_max) {
        return Promise.reject(
          new Problem(503, 'overloaded', 'Too many requests are waiting. Try again with the same Idempotency-Key.', {
            headers: { 'Retry-After': '1' },
          }),
        );
      }
      return new Promise((resolve, reject) => {
        queue.push({ item, rows: rows_of(item), resolve, reject });
        // A turn of the loop lets requests that arrived together share the first batch, too.
        running ??= new Promise<void>(next => setImmediate(next)).then(drain);
      });
    },
    get waiting() {
      return queue.length;
    },
    async close() {
      closed = true;
      await running;
    },
  };
}

/** A guess good enough for a bound: the lines a command carries, else one. */
function rows_of(item: Item): number {
  const { lines } = item.command as { lines?: unknown };
  return Array.isArray(lines) ? Math.max(1, lines.length) : 1;
}
