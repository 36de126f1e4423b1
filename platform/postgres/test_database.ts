/** For tests: one PostgreSQL that outlives the test files, and a database of its own for each that asks. Not durable: fsync is off. */
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { start_postgres } from './launcher.ts';
import { living_process } from './processes.ts';

const query_timeout_ms = 30_000;
const settings = { fsync: 'off', full_page_writes: 'off', shared_buffers: '128MB', max_connections: '300' };

/** The shared server of this user of the machine: started by the first test that asks, adopted by the others, stopped by none. */
export async function test_server(): Promise<{ url: string }> {
  shared ??= start_postgres({ data_dir: join(tmpdir(), `cartwright-test-postgres-${process.getuid?.() ?? 'user'}`), settings });
  const { url } = await shared;
  return { url };
}
let shared: ReturnType<typeof start_postgres> | undefined;

/** A new, empty database with a name of its own. `drop` removes it, whoever is still connected. */
export async function fresh_database(): Promise<{ url: string; drop(): Promise<void> }> {
  const server = await test_server();
  // The pid tells later tests whose databases nobody will drop any more.
  const name = `test_${process.pid}_${randomBytes(6).toString('hex')}`;
  await on(server.url, async client => {
    await sweep(client);
    await client.query(`create database ${name} template template0`);
  });
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () => on(server.url, async client => void (await client.query(`drop database if exists ${name} with (force)`))),
  };
}

/** Drops what test files that were killed left behind. */
async function sweep(client: pg.Client): Promise<void> {
  const found = await client.query<{ name: string }>("select datname as name from pg_database where datname ~ '^test_[0-9]+_'");
  for (const { name } of found.rows) {
    if (living_process(Number(name.split('_')[1])) !== undefined) continue;
    await client.query(`drop database if exists ${name} with (force)`);
  }
}

async function on(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: query_timeout_ms, query_timeout: query_timeout_ms });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
