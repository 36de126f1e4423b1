/** A shop to measure: the services in a process of its own on a fresh durable PostgreSQL, 10,000 SKUs in two locations with plenty of stock. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { start_postgres } from '../platform/postgres/launcher.ts';

export const bench_key = 'sk_bench_0123456789abcdef';
export const locations = ['north', 'south'] as const;
const up_deadline_ms = 60_000;

export interface Shop {
  readonly url: string;
  readonly key: string;
  readonly pool: pg.Pool;
  readonly pid: number;
  readonly postgres_pid: number;
  readonly folder: string;
  readonly database_url: string;
  call<T>(method: string, path: string, body?: unknown): Promise<T>;
  stop(): Promise<void>;
}

export async function open_shop(options: { skus: number; on_hand: number; env?: Record<string, string> }): Promise<Shop> {
  const folder = await mkdtemp(join(tmpdir(), 'cartwright-bench-'));
  const postgres = await start_postgres({ data_dir: join(folder, 'data', 'postgres') });
  const { child, url } = await spawn_up(folder, options.env ?? {});
  const pool = new pg.Pool({ connectionString: postgres.url, max: 2 });
  const call = caller(url);
  for (const [index, code] of locations.entries())
    await call('PUT', `/v1/locations/${code}`, {
      name: code,
      priority: index + 1,
      address: { line1: '1', city: 'London', postal_code: 'N1 7AA', country: 'GB' },
    });
  const skus = Array.from({ length: options.skus }, (_, index) => `B${index}`);
  await call(
    'POST',
    '/v1/products/import',
    skus.map((sku, index) => ({
      sku,
      name: `Product ${index}`,
      weight_grams: 300,
      prices: [{ currency: 'GBP', amount: 100 + (index % 900) }],
    })),
  );
  await call(
    'POST',
    '/v1/stock/import',
    skus.flatMap(sku => locations.map(location => ({ sku, location, on_hand: options.on_hand }))),
  );
  return {
    url,
    key: bench_key,
    pool,
    pid: child.pid ?? 0,
    postgres_pid: postgres.pid,
    folder,
    database_url: postgres.url,
    call,
    async stop() {
      await pool.end();
      child.kill('SIGTERM');
      if (child.exitCode === null) await new Promise(resolve => child.once('exit', resolve));
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function spawn_up(folder: string, env: Record<string, string>): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(
    process.execPath,
    ['main.ts', 'start', ...(env['BENCH_SERVICES'] ?? 'orders inventory payments shipping suppliers analytics').split(' ')],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        PORT: '0',
        METRICS_PORT: '0',
        CARTWRIGHT_DATA: join(folder, 'data'),
        CARTWRIGHT_SECRET_KEY: bench_key,
        CARRIER: 'manual',
        FULFILLMENT: 'auto',
        REPLENISHMENT: 'manual',
        MANUAL_DELIVERY_MS: '0',
        ...env,
      },
    },
  );
  let output = '';
  child.stdout?.on('data', (part: Buffer) => {
    output += part.toString();
  });
  for (let waited = 0; waited < up_deadline_ms; waited += 50) {
    const found = /http:\/\/127\.0\.0\.1:\d+/.exec(output);
    if (found !== null) return { child, url: found[0] };
    if (child.exitCode !== null) break;
    await sleep(50);
  }
  child.kill('SIGKILL');
  throw new Error(`the services did not start:\n${output}`);
}

function caller(url: string): Shop['call'] {
  let ordinal = 0;
  return async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const lines = Array.isArray(body);
    const response = await fetch(url + path, {
      method,
      signal: AbortSignal.timeout(120_000),
      headers: {
        authorization: `Bearer ${bench_key}`,
        'content-type': lines ? 'application/x-ndjson' : 'application/json',
        'idempotency-key': `bench-${process.pid}-${++ordinal}`,
      },
      ...(body === undefined ? {} : { body: lines ? body.map(line => JSON.stringify(line)).join('\n') : JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
    // Replies of our own API.
    return (text === '' ? null : JSON.parse(text)) as T;
  };
}

export interface LoadResult {
  readonly accepted: number;
  readonly shed: number;
  readonly rejected: number;
  readonly failed: number;
  readonly seconds: number;
  readonly per_second: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
}

/** Runs load.ts in a process of its own and returns what it measured. */
export function run_load(shop: Pick<Shop, 'url' | 'key'>, flags: Record<string, string | number>): Promise<LoadResult> {
  const child = spawn(
    process.execPath,
    [
      join(import.meta.dirname, 'load.ts'),
      '--url',
      shop.url,
      '--key',
      shop.key,
      ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (part: Buffer) => {
      output += part.toString();
    });
    child.once('exit', code => {
      if (code === 0) resolve(JSON.parse(output) as LoadResult);
      else reject(new Error(`the load ended with ${code}: ${output}`));
    });
  });
}

/** Resident memory of the services' process, in MB, from the kernel. */
export async function resident_mb(pid: number): Promise<number> {
  const { readFile } = await import('node:fs/promises');
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024);
}

/** Processor seconds of a process and everything it started, ended children included (Linux). */
export async function cpu_seconds(pid: number): Promise<number> {
  const { readFile, readdir } = await import('node:fs/promises');
  const ticks_per_second = 100;
  const stats = await Promise.all(
    (await readdir('/proc'))
      .filter(name => /^\d+$/.test(name))
      .map(async name => {
        const text = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
        const fields = text
          .slice(text.lastIndexOf(')') + 2)
          .split(' ')
          .map(Number);
        return {
          pid: Number(name),
          parent: fields[1] ?? 0,
          own: (fields[11] ?? 0) + (fields[12] ?? 0),
          ended: (fields[13] ?? 0) + (fields[14] ?? 0),
        };
      }),
  );
  const sum = (of: number): number => stats.filter(stat => stat.parent === of).reduce((total, stat) => total + stat.own + sum(stat.pid), 0);
  const self = stats.find(stat => stat.pid === pid);
  return ((self?.own ?? 0) + (self?.ended ?? 0) + sum(pid)) / ticks_per_second;
}
