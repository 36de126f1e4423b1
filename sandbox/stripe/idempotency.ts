/** One key, one execution: the first reply, errors included, is kept for 24 hours and given again. */
import { createHash } from 'node:crypto';
import type { StandInRequest } from '../stand_in.ts';
import { type Answer, invalid, key_in_use, key_reused } from './answers.ts';
import { type Books, stored_replies_max } from './books.ts';

export const key_length_max = 255;
const kept_ms = 24 * 3_600_000;
/** At most so many old keys are looked at per request. */
const prune_batch = 4;

export interface Kept {
  readonly status: number;
  readonly body: string;
  /** The request that made this reply, when it is not this one. */
  readonly original_request?: string;
}

/** Runs `execute` unless this key was used before. Refused forms are not kept, so that they can be sent again corrected. */
export async function once(
  books: Books,
  request: StandInRequest,
  key: string | undefined,
  request_id: string,
  execute: () => Answer | Promise<Answer>,
): Promise<Kept> {
  if (key === undefined) return written(await execute());
  if (key === '' || key.length > key_length_max) return written(invalid(`Idempotency keys must be 1 to ${key_length_max} characters`));
  prune(books);
  const fingerprint = fingerprint_of(request);
  const before = books.replies.get(key);
  if (before !== undefined) {
    if (before.fingerprint !== fingerprint) return written(key_reused(key));
    if (before.reply === undefined) return written(key_in_use(key));
    return { ...before.reply, original_request: before.request_id };
  }
  const record = { at_ms: books.sim.now_ms(), fingerprint, request_id };
  // Kept without a reply only in memory: a stand-in that died in mid-execution has executed nothing.
  if (books.settings.processing_ms > 0) books.replies.adopt(key, record);
  const answer = await execute();
  const reply = written(answer);
  if (answer.stored) books.replies.put(key, { ...record, reply });
  else books.replies.adopt(key, undefined);
  return reply;
}

function written(answer: Answer): Kept {
  return { status: answer.status, body: JSON.stringify(answer.body) };
}
function fingerprint_of(request: StandInRequest): string {
  return createHash('sha256').update(`${request.method} ${request.path}\n`).update(request.body).digest('base64');
}
/** Oldest first; under the cap only what is a day old. Over it the server refuses with 507 by itself. */
function prune(books: Books): void {
  const oldest_ms = books.sim.now_ms() - kept_ms;
  let looked_at = 0;
  for (const [key, record] of books.replies.entries()) {
    looked_at += 1;
    if (record.at_ms > oldest_ms || looked_at > prune_batch) return;
    books.replies.delete(key);
  }
}
export const replies_limits = { size_max: stored_replies_max, when_full: 'refuse' } as const;
