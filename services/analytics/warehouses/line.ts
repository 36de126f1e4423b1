/** A line before something that serves one at a time, of bounded length. */
import { Problem } from '../../../platform/route.ts';

export interface Line {
  /** Does the work when everybody before has been served. Throws Problem 503 `overloaded` when the line is full. */
  next<T>(work: () => Promise<T>): Promise<T>;
  /** The same for what must be done: whoever comes later waits for it. */
  closed<T>(work: () => Promise<T>): Promise<T>;
}

export function in_line(waiting_max: number): Line {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  const closed = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
  return {
    closed,
    async next(work) {
      if (waiting >= waiting_max) {
        throw new Problem(503, 'overloaded', 'Too many questions wait for an answer.', { headers: { 'retry-after': '2' } });
      }
      waiting += 1;
      try {
        return await closed(work);
      } finally {
        waiting -= 1;
      }
    },
  };
}
