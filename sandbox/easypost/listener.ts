/** For tests: an address that keeps what is sent to it, and the wait for a condition. */
import { createServer } from 'node:http';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

export interface Letter {
  readonly method: string;
  readonly path: string;
  /** The exact bytes. */
  readonly body: Buffer;
  /** Lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export interface CannedReply {
  readonly status: number;
  readonly body?: string;
}
/** Answers 200 and nothing, or what it is told to. */
export async function listener(
  t: TestContext,
  answer: (letter: Letter) => CannedReply = () => ({ status: 200 }),
): Promise<{ readonly url: string; readonly letters: Letter[] }> {
  const letters: Letter[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const headers = Object.entries(request.headers).map(([name, value]) => [name, value?.toString()]);
    const { method = '', url: path = '' } = request;
    const letter: Letter = { method, path, body: Buffer.concat(chunks), headers: Object.fromEntries(headers) };
    letters.push(letter);
    const { status, body } = answer(letter);
    response.writeHead(status).end(body);
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('no port');
  return { url: `http://127.0.0.1:${bound.port}/inbound`, letters };
}

const rounds_max = 500;
const round_ms = 10;
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let round = 0; round < rounds_max; round += 1) {
    if (await condition()) return;
    await pause(round_ms);
  }
  throw new Error('the awaited condition never came');
}
