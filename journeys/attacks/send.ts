/** Requests as an attacker writes them: any method, path, header and body, sent as they are, and the reply checked against the contract of errors. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';

const answer_timeout_ms = 30_000;
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

export interface Sent {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The exact bytes, as text. */
  readonly text: string;
}
export interface Asked {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export function send({ port, method, path, headers, body }: Asked): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const length: Record<string, string> =
      body === undefined || 'transfer-encoding' in headers ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const asked = request(
      { port, host: '127.0.0.1', method, path, agent, timeout: answer_timeout_ms, headers: { ...length, ...headers } },
      response => {
        const chunks: Buffer[] = [];
        response.on('data', chunk => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString('utf8') }),
        );
      },
    );
    asked.on('timeout', () => asked.destroy(new Error(`no answer in ${answer_timeout_ms} ms: ${method} ${path}`)));
    asked.on('error', reject);
    asked.end(body);
  });
}

export function fresh_key(): string {
  return randomUUID();
}

/** What a refusal says: `422 type`; of a reply that is none its status alone. */
export function verdict({ status, text }: Pick<Sent, 'status' | 'text'>): string {
  const code = status < 400 ? undefined : /"code":"(\w+)"/.exec(text)?.[1];
  return code === undefined ? String(status) : `${status} ${code}`;
}

const documented = new Map(
  [...readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'rejections.md'), 'utf8').matchAll(/^\| `(\w+)` \| (\d{3}) \|/gm)].map(
    ([, code = '', status]) => [code, Number(status)] as const,
  ),
);
/** Stacks, SQL, libraries, paths, hosts. */
const leaks =
  /\n\s+at |\.ts:|node:|node_modules|\bselect\b .*\bfrom\b|insert into|violates|relation "|sqlstate|econn|127\.0\.0\.1|localhost|postgres|fastify|undici|ajv/i;
const detail_characters_max = 400;

/** The shape of every error (api.md 1, reliability.md 6.2). */
export function check_problem({ status, headers, text }: Sent): void {
  assert.equal(headers['content-type'], 'application/problem+json', text);
  assert.equal(headers['cache-control'], 'no-store');
  // A problem document: checked field by field below.
  const problem = JSON.parse(text) as Record<string, unknown>;
  const code = String(problem['code']);
  assert.equal(problem['status'], status);
  assert.equal(problem['type'], `urn:cartwright:problem:${code}`);
  assert.equal(documented.get(code), status, `docs/rejections.md does not know ${status} ${code}`);
  assert.equal(typeof problem['title'], 'string');
  assert.equal(typeof problem['retryable'], 'boolean');
  assert.ok(typeof problem['request_id'] === 'string' && problem['request_id'] !== '', 'no request_id');
  assert.ok(Array.isArray(problem['errors']), 'no list of errors');
  assert.ok(String(problem['detail']).length <= detail_characters_max, String(problem['detail']));
  assert.doesNotMatch(text.replace(/req_[0-9a-z]{26}/g, ''), leaks);
  assert.doesNotMatch(text, /\p{Cc}/u, 'a control character');
  if (status === 401) assert.match(headers['www-authenticate'] ?? '', /^Bearer/);
  if (status === 405) assert.match(headers.allow ?? '', /^[A-Z]+(, [A-Z]+)*$/);
  if (status === 429 || status === 503) assert.match(headers['retry-after'] ?? '', /^[1-9]\d*$/);
  assert.equal(headers['set-cookie'], undefined);
}
