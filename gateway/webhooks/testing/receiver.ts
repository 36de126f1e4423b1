/** For tests: somebody who receives webhooks on 127.0.0.1, keeps what came, and answers as told. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface Received {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly id: string;
  readonly at_ms: number;
}
export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** What to answer the nth request (from 0) with; absent: 204. */
  answer: (received: Received, nth: number, response: ServerResponse) => void;
  /** How many requests were open at once, at most. */
  readonly open_max: number;
  stop(): Promise<void>;
}

export async function start_receiver(port = 0): Promise<Receiver> {
  const received: Received[] = [];
  let open = 0;
  let open_max = 0;
  const receiver = {
    url: '',
    received,
    answer: (_received: Received, _nth: number, response: ServerResponse) => void response.writeHead(204).end(),
    get open_max() {
      return open_max;
    },
    stop: () =>
      new Promise<void>(resolve => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  const server = createServer((request, response) => {
    open_max = Math.max(open_max, ++open);
    response.on('close', () => open--);
    body_of(request).then(
      body => {
        const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
        const one = { path: request.url ?? '', headers, body, id: headers['webhook-id'] ?? '', at_ms: performance.now() };
        received.push(one);
        receiver.answer(one, received.length - 1, response);
      },
      () => undefined,
    );
  });
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  receiver.url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  return receiver;
}

async function body_of(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
