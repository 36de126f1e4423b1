/**
 * The embedded PostgreSQL: starts the server of a directory, or adopts the one that lives there already. The server is a process
 * group of its own: Ctrl-C in the terminal does not reach it and it survives our kill -9; the next start finds it.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import * as cluster from './cluster.ts';
import { failure, type Place, type Programs } from './cluster.ts';
import { living_process, living_processes, type Process } from './processes.ts';

/** Long: replaying 4 GB of write-ahead log after a crash takes its time. */
const start_deadline_ms = 300_000;
const lock_deadline_ms = start_deadline_ms + 30_000;
const login_timeout_ms = 5_000;
/** Fast shutdown writes a checkpoint; immediate writes none, and the next start replays the log. */
const fast_stop_deadline_ms = 60_000;
const immediate_stop_deadline_ms = 10_000;
const orphans_deadline_ms = 1_000;
const poll_ms = 25;
const login_interval_ms_max = 250;
const port_attempts_max = 5;
const log_bytes_max = 16 * 1024 * 1024;
const log_tail_characters = 2_000;
const database = 'cartwright';

export interface StartOptions {
  /** Holds all of it: cluster, password, log. Made when missing. */
  readonly data_dir: string;
  /** Absent: the last start's when it is free, so that connection strings outlive a restart, else any free one. */
  readonly port?: number;
  /** Over the defaults of server.conf. A server that is adopted keeps its port and its settings. */
  readonly settings?: Readonly<Record<string, string>>;
  say?(line: string): void;
}

export interface RunningPostgres {
  /** The superuser's, to database `cartwright` over TCP on 127.0.0.1. */
  readonly url: string;
  /** The same by the Unix socket in data_dir where its path is short enough: a round trip takes a tenth less, and the server spends about a tenth less on an order. */
  readonly local_url: string;
  readonly adopted: boolean;
  readonly pid: number;
  readonly version: string;
  /** Stops the server, adopted or not, unless another living launcher counts on it: the last one out stops it. */
  stop(): Promise<void>;
}

/** Errors have a `code` of PostgresFailureCode and say what to do. */
export async function start_postgres(options: StartOptions): Promise<RunningPostgres> {
  try {
    const place = cluster.place_of(options.data_dir);
    return await with_lock(place, () => start_or_adopt(place, options));
  } catch (error) {
    const code = code_of(error);
    if (code === 'ENOSPC' || code === 'EDQUOT') throw cluster.disk_full(options.data_dir, String(error), error);
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') throw error;
    throw failure('not_our_directory', `${options.data_dir} must belong to the user who starts the database (${String(error)}).`, error);
  }
}

async function start_or_adopt(place: Place, { port: asked, settings = {}, say = () => {} }: StartOptions): Promise<RunningPostgres> {
  const programs = cluster.programs_for(place);
  cluster.check_major_version(place, programs.major_version);
  const password = cluster.password_of(place);
  bound_log(place);
  const adopted = await adopt(place, password);
  if (adopted !== undefined) {
    say(`PostgreSQL ${adopted.version} was running already (pid ${adopted.process.pid}, port ${adopted.port}).`);
    return running(place, password, adopted, true);
  }
  await bury(place);
  cluster.initialize(place, programs, settings['fsync'] !== 'off');
  for (let attempt = 1; ; attempt += 1) {
    const port = await choose_port(place, asked);
    cluster.write_settings(place, port, settings);
    try {
      const server = await launch(place, programs, port, password);
      say(`PostgreSQL ${server.version} is running (pid ${server.process.pid}, port ${port}).`);
      return running(place, password, server, false);
    } catch (error) {
      // Someone took the port between our look and the server's.
      if (code_of(error) !== 'port_busy' || asked !== undefined || attempt === port_attempts_max) throw error;
    }
  }
}

interface Server {
  readonly process: Process;
  readonly port: number;
  readonly version: string;
}

function running(place: Place, password: string, server: Server, adopted: boolean): RunningPostgres {
  const ticket = register(place, adopted);
  const url = `postgresql://${cluster.superuser}:${password}@127.0.0.1:${server.port}/${database}`;
  const stop = () => with_lock(place, () => leave(place, ticket));
  const local_url = place.socket_dir === '' ? url : `${url}?host=${encodeURIComponent(place.socket_dir)}`;
  return { url, local_url, adopted, pid: server.process.pid, version: server.version, stop };
}

/** A lock of the kernel's, by way of SQLite: unlike a lock file it goes when its holder goes, kill -9 or not. */
async function with_lock<T>(place: Place, work: () => Promise<T>): Promise<T> {
  const lock = new DatabaseSync(join(place.data_dir, 'lock'));
  try {
    const deadline = AbortSignal.timeout(lock_deadline_ms);
    while (!try_lock(lock)) {
      if (deadline.aborted) throw failure('start_failed', `Another process holds ${place.data_dir}/lock: end it and start again.`);
      await wait(poll_ms);
    }
    return await work();
  } finally {
    lock.close();
  }
}

function try_lock(lock: DatabaseSync): boolean {
  try {
    lock.exec('pragma journal_mode = memory; begin exclusive'); // A journal file could not be made on a full disk.
    return true;
  } catch (error) {
    const sqlite_busy = 5;
    if (error instanceof Error && 'errcode' in error && error.errcode === sqlite_busy) return false;
    throw error;
  }
}

/** The server of this directory, once it lets us in; undefined when none lives. */
async function adopt(place: Place, password: string): Promise<Server | undefined> {
  const deadline = AbortSignal.timeout(start_deadline_ms);
  for (let attempt = 1; ; attempt += 1) {
    const { pid, port, live } = named_server(place);
    // Not by its pid alone: that may be another program's by now, or of another container that shares the directory but not our pids.
    const answer = await log_in(live === undefined ? place.data_dir : '127.0.0.1', port, password, place);
    if ('version' in answer && live !== undefined) return { process: live, port, version: answer.version };
    if ('version' in answer)
      throw failure('start_failed', `PostgreSQL runs in ${place.data_dir} unseen by us (another container?): stop it there.`);
    if (live === undefined) return undefined;
    if (answer.code === '28P01')
      throw failure('not_our_directory', `${place.data_dir}/password is not the server's: put the right one back.`);
    if (deadline.aborted) throw failure('start_failed', `PostgreSQL refuses us (${answer.refused}): kill -INT ${pid} and start again.`);
    await pause(attempt);
  }
}

/** A server that recovers for long logs every login it refuses: ask ever less often. */
function pause(attempt: number): Promise<void> {
  return wait(Math.min(attempt * 5, login_interval_ms_max));
}

/** What postmaster.pid says (pid, directory, start time, port, …: one a line), and the process it names if it is a server of this directory. */
function named_server(place: Place): { pid: number; port: number; live: Process | undefined } {
  const path = join(place.cluster, 'postmaster.pid');
  const [pid = 0, , , port = 0] = fs.existsSync(path) ? fs.readFileSync(path, 'utf8').split('\n').map(Number) : [];
  const found = living_process(pid);
  return { pid, port, live: found !== undefined && serves(found, place) ? found : undefined };
}

function serves({ command }: Process, place: Place): boolean {
  return `/${command} `.includes(`/postgres -D ${place.cluster} `) || command.startsWith(`postgres: ${place.cluster_name}: `);
}

/** Clears away what a server left that died without a goodbye. Its orphaned backends first: a second server beside them corrupts the data. */
async function bury(place: Place): Promise<void> {
  const deadline = AbortSignal.timeout(orphans_deadline_ms);
  for (;;) {
    const orphans = living_processes().filter(found => serves(found, place));
    if (orphans.length === 0) break;
    // They end by themselves, but not in the middle of a long query, whose answer nobody will hear.
    if (deadline.aborted) for (const { pid } of orphans) kill(pid, 'SIGKILL');
    await wait(poll_ms);
  }
  fs.rmSync(join(place.cluster, 'postmaster.pid'), { force: true });
  for (const name of fs.readdirSync(place.data_dir)) if (name.startsWith('.s.PGSQL.')) fs.rmSync(join(place.data_dir, name));
}

async function choose_port(place: Place, asked: number | undefined): Promise<number> {
  const wished = asked ?? cluster.last_port(place) ?? 0;
  const port = (await free_port(wished)) ?? (asked === undefined ? await free_port(0) : undefined);
  if (port === undefined) throw port_busy(wished);
  return port;
}

/** The port when it is free, undefined when it is taken; 0 asks for any. */
async function free_port(port: number): Promise<number | undefined> {
  const probe = createServer().listen(port, '127.0.0.1');
  try {
    await once(probe, 'listening');
    const address = probe.address();
    return typeof address === 'object' ? address?.port : undefined;
  } catch (error) {
    if (code_of(error) === 'EADDRINUSE') return undefined;
    throw error;
  } finally {
    probe.close();
  }
}

function port_busy(port: number): Error {
  return failure(
    'port_busy',
    `Port ${port} on 127.0.0.1 is taken: end the program that has it, or ask for another port, or none: then a free one is picked.`,
  );
}

async function launch(place: Place, programs: Programs, port: number, password: string): Promise<Server> {
  const log = fs.openSync(place.log, 'a', 0o600);
  const log_start = fs.fstatSync(log).size;
  cluster.own(place, programs.owner);
  const { file, args, options } = programs.invoke('postgres', ['-D', place.cluster]);
  const child = spawn(file, args, { ...options, detached: true, stdio: ['ignore', log, log] });
  fs.closeSync(log);
  let ended: string | undefined;
  child.once('error', error => (ended = error.message));
  child.once('exit', (code, signal) => (ended = `it ended with ${code ?? signal}`));
  child.unref();
  const deadline = AbortSignal.timeout(start_deadline_ms);
  for (let attempt = 1; ended === undefined && !deadline.aborted; attempt += 1) {
    const answer = await log_in('127.0.0.1', port, password, place);
    const process = living_process(child.pid ?? 0);
    if ('version' in answer && process !== undefined) return { process, port, version: answer.version };
    await pause(attempt);
  }
  if (ended === undefined && child.pid !== undefined) kill(child.pid, 'SIGQUIT');
  const words = fs.readFileSync(place.log).subarray(log_start).toString();
  if (/could not bind .*Address (already )?in use/.test(words)) throw port_busy(port);
  throw cluster.failure_in(place, `PostgreSQL did not start (${ended ?? 'it was not ready in time'})`, words.slice(-log_tail_characters));
}

/** The only proof that a server is ready, and ours: a login with our password, and our directory. Makes our database when it is missing. */
async function log_in(
  host: string,
  port: number,
  password: string,
  place: Place,
): Promise<{ version: string } | { refused: string; code?: string | undefined }> {
  const limits = { ssl: false, connectionTimeoutMillis: login_timeout_ms, query_timeout: login_timeout_ms };
  const client = new pg.Client({ host, port, user: cluster.superuser, password, database: 'postgres', ...limits });
  client.on('error', () => {}); // The server may die between two queries: the next one tells.
  try {
    await client.connect();
    const server = await client.query<{ version: string; directory: string }>(
      `select current_setting('server_version') as version, current_setting('data_directory') as directory`,
    );
    const [found] = server.rows;
    if (found?.directory !== place.cluster) return { refused: `port ${port} serves ${found?.directory}` };
    const known = await client.query('select from pg_database where datname = $1', [database]);
    if (known.rowCount === 0) await client.query(`create database ${database}`);
    return { version: found.version };
  } catch (error) {
    return { refused: String(error), code: code_of(error) };
  } finally {
    await Promise.race([client.end().catch(() => {}), wait(login_timeout_ms, undefined, { ref: false })]);
  }
}

/** Who counts on the server: one file per start, named after its process, so that those of the dead are known; so are ours of a server that died. */
function register(place: Place, adopted: boolean): string {
  const own_name = launcher_name(process.pid);
  for (const ticket of fs.readdirSync(place.launchers)) {
    if (!launcher_lives(ticket) || (!adopted && ticket.startsWith(own_name))) fs.rmSync(join(place.launchers, ticket));
  }
  const ticket = own_name + randomBytes(4).toString('hex');
  fs.writeFileSync(join(place.launchers, ticket), '');
  return ticket;
}

function launcher_name(pid: number): string {
  return `${pid}.${living_process(pid)?.started.replaceAll(/\W+/g, '-')}.`;
}

function launcher_lives(ticket: string): boolean {
  return ticket.startsWith(launcher_name(Number.parseInt(ticket, 10)));
}

async function leave(place: Place, ticket: string): Promise<void> {
  if (!fs.existsSync(join(place.launchers, ticket))) return; // Stopped before.
  fs.rmSync(join(place.launchers, ticket));
  const { live } = named_server(place);
  if (live === undefined || fs.readdirSync(place.launchers).some(launcher_lives)) return;
  if (await ends_by(live, 'SIGINT', fast_stop_deadline_ms)) return;
  if (await ends_by(live, 'SIGQUIT', immediate_stop_deadline_ms)) return;
  throw failure('stop_failed', `PostgreSQL (pid ${live.pid}) does not stop. Its log: ${place.log}`);
}

async function ends_by(server: Process, signal: NodeJS.Signals, deadline_ms: number): Promise<boolean> {
  const lives = () => living_process(server.pid)?.started === server.started;
  if (lives()) kill(server.pid, signal);
  for (const deadline = AbortSignal.timeout(deadline_ms); lives(); await wait(poll_ms)) if (deadline.aborted) return false;
  return true;
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (code_of(error) !== 'ESRCH') throw error;
  }
}

/** The server appends to an open file that may be cut at any time: every start and adoption cuts one that grew long. */
function bound_log(place: Place): void {
  if (!fs.existsSync(place.log) || fs.statSync(place.log).size <= log_bytes_max) return;
  fs.copyFileSync(place.log, `${place.log}.1`);
  fs.truncateSync(place.log, 0);
}

function code_of(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
