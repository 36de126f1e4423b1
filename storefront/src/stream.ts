/** Server-Sent Events by fetch: EventSource cannot send an Authorization header, and a token does not belong into an address. */
import type { Order } from './api_types.ts';
import { pause } from './transport.ts';

const again_first_ms = 1_000;
const again_max_ms = 15_000;
const refused = [401, 403, 404];

export interface Following {
  readonly url: string;
  readonly token: string;
  readonly heard: (order: Order) => void;
  readonly signal: AbortSignal;
}

/** Until `signal` ends it, or the token opens nothing. A stream that breaks is opened again after the last event that was seen. */
export async function follow_stream({ url, token, heard, signal }: Following): Promise<void> {
  let last_id: string | undefined;
  let wait_ms = again_first_ms;
  while (!signal.aborted) {
    try {
      const headers = { authorization: `Bearer ${token}`, ...(last_id === undefined ? {} : { 'last-event-id': last_id }) };
      const response = await fetch(url, { headers, signal });
      if (refused.includes(response.status)) return;
      if (response.ok && response.body !== null)
        for await (const event of events_of(response.body)) {
          last_id = event.id ?? last_id;
          wait_ms = again_first_ms;
          if (event.name === 'order') heard(JSON.parse(event.data) as Order);
        }
    } catch {
      // The line broke, or nobody listens any more: the loop's condition tells.
    }
    if (signal.aborted) return;
    await pause(wait_ms);
    wait_ms = Math.min(wait_ms * 2, again_max_ms);
  }
}

interface StreamEvent {
  readonly id: string | undefined;
  readonly name: string;
  readonly data: string;
}

/** Events end with an empty line; lines that begin with a colon keep the line open and say nothing. */
async function* events_of(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<StreamEvent> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split('\n\n');
      rest = blocks.pop() ?? '';
      yield* blocks.map(event_of);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function event_of(block: string): StreamEvent {
  const field = (name: string) =>
    block
      .split('\n')
      .filter(line => line.startsWith(`${name}:`))
      .map(line => line.slice(name.length + 1).trimStart());
  return { id: field('id')[0], name: field('event')[0] ?? 'message', data: field('data').join('\n') };
}
