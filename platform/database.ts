/** Connections. Every one has deadlines: a promise of the driver that never settles must not stop a service. */
import type { Writable } from 'node:stream';
import pg from 'pg';

export const connect_timeout_ms = 5_000;
/** Above the server's statement time-out, so the server's answer comes first when there is one. */
export const query_timeout_ms = 20_000;
export const statement_timeout_ms = 15_000;
export const lock_timeout_ms = 2_000;
export const idle_in_transaction_timeout_ms = 5_000;

// bigint: amounts and counters are capped at 2^53 - 1 by checks, positions far below.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);
pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, text =>
  new Date(Date.parse(text.includes('T') ? text : `${text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')}`)).toISOString(),
);

export function role_of(service: string): string {
  return `cartwright_${service}`;
}

export function connection_options(url: string, role?: string): pg.ClientConfig {
  const options = [
    role === undefined ? '' : `-c role=${role}`,
    `-c statement_timeout=${statement_timeout_ms}`,
    `-c lock_timeout=${lock_timeout_ms}`,
    `-c idle_in_transaction_session_timeout=${idle_in_transaction_timeout_ms}`,
    '-c timezone=UTC',
  ];
  return {
    connectionString: url,
    options: options.filter(text => text !== '').join(' '),
    connectionTimeoutMillis: connect_timeout_ms,
    query_timeout: query_timeout_ms,
    keepAlive: true,
  };
}

/** A pool for reads; callers wait at most a second for a connection. */
export function open_pool(url: string, role: string | undefined, max: number): pg.Pool {
  const pool = new pg.Pool({ ...connection_options(url, role), max, idleTimeoutMillis: 30_000 });
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process. So would one that breaks between two statements
  // of whoever has it: the next statement tells.
  pool.on('error', () => undefined).on('connect', client => void client.on('error', () => undefined));
  return pool;
}

/** One connection whose statements are sent without waiting for each other's answers. */
export interface Wire {
  send(name: string, text: string, values?: unknown[]): Promise<pg.QueryResult>;
  readonly broken: boolean;
  close(): Promise<void>;
}

export async function open_wire(url: string, role?: string): Promise<Wire> {
  const client = new pg.Client({ ...connection_options(url, role), pipeline: true });
  let broken = false;
  client.on('error', () => {
    broken = true;
  });
  client.on('end', () => {
    broken = true;
  });
  // A client whose connect failed leaves its next query pending for ever: it is thrown away here.
  await client.connect();
  const together = corked(client);
  return {
    send(name, text, values = []) {
      together();
      return client.query({ name, text, values });
    },
    get broken() {
      return broken;
    },
    close: async () => {
      broken = true;
      await client.end();
    },
  };
}

/** What is sent in one turn leaves in one write: the driver alone makes one per statement. */
function corked(client: pg.Client): () => void {
  // Not in the driver's types; it is how the driver itself gathers the messages of one statement.
  const { stream } = (client as unknown as { connection: { stream: Writable } }).connection;
  let is_corked = false;
  const uncork = () => {
    is_corked = false;
    stream.uncork();
  };
  return () => {
    if (is_corked) return;
    is_corked = true;
    stream.cork();
    process.nextTick(uncork);
  };
}

/** SQLSTATE of a driver error; undefined when the connection itself failed. */
export function sqlstate(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

/** The batch lost a race and may simply run again: serialization failure, deadlock, unique violation, lock time-out. */
export function is_race(error: unknown): boolean {
  return ['40001', '40P01', '23505', '55P03'].includes(sqlstate(error) ?? '');
}

/** The database is away, full or shutting down: back off, no command is to blame. */
export function is_outage(error: unknown): boolean {
  // A mistake of our own is nobody's outage: trying it again for ever would only hide it.
  if (error instanceof TypeError || error instanceof RangeError) return false;
  const state = sqlstate(error);
  if (state === undefined) return true;
  return /^(08|53|57|58|XX)/.test(state) || ['25P03', '25006', '3D000'].includes(state);
}
