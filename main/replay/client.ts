/** The replay is a client of the public API like any other; this is its thin hand. */
import { Agent, request as http_request } from 'node:http';

export interface Api {
  call<T>(method: string, path: string, body?: unknown): Promise<T>;
  /** Newline-delimited JSON in, one answer per line out, in any order. */
  import_lines<T>(path: string, lines: readonly unknown[]): Promise<T[]>;
  close(): void;
}

const timeout_ms = 120_000;
const connections_max = 128;

export function api_client(url: string, key: string): Api {
  const agent = new Agent({ keepAlive: true, maxSockets: connections_max });
  let ordinal = 0;
  const send = (method: string, path: string, content_type: string, payload: string | undefined): Promise<string> =>
    new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${key}`,
        ...(payload === undefined ? {} : { 'content-type': content_type, 'content-length': Buffer.byteLength(payload) }),
        ...(method === 'POST' ? { 'idempotency-key': `replay-${++ordinal}` } : {}),
      };
      const request = http_request(url + path, { method, agent, headers, timeout: timeout_ms }, response => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(parts).toString('utf8');
          if ((response.statusCode ?? 500) < 300) resolve(text);
          else
            reject(
              Object.assign(new Error(`${method} ${path}: ${response.statusCode} ${text.slice(0, 400)}`), {
                status: response.statusCode,
                body: text,
              }),
            );
        });
      });
      request.on('timeout', () => request.destroy(new Error(`${method} ${path}: no answer within ${timeout_ms} ms`)));
      request.on('error', reject);
      request.end(payload);
    });
  return {
    // Replies of our own API.
    call: async <T>(method: string, path: string, body?: unknown) =>
      JSON.parse((await send(method, path, 'application/json', body === undefined ? undefined : JSON.stringify(body))) || 'null') as T,
    async import_lines<T>(path: string, lines: readonly unknown[]) {
      const text = await send('POST', path, 'application/x-ndjson', lines.map(line => JSON.stringify(line)).join('\n'));
      return text
        .split('\n')
        .filter(line => line !== '')
        .map(line => JSON.parse(line) as T);
    },
    close: () => agent.destroy(),
  };
}

/** Runs `work` for every item, at most `width` at a time; the first error stops it. */
export async function all_of<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const item = items[next++];
      if (item !== undefined) await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
}
