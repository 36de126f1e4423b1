import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { link_libraries } from './cluster.ts';
import { type RunningPostgres, type StartOptions, start_postgres } from './launcher.ts';
import { from_ps, living_process, living_processes } from './processes.ts';
import { fresh_database, test_server } from './test_database.ts';

const launcher_url = new URL('./launcher.ts', import.meta.url).href;
const quick = { fsync: 'off', shared_buffers: '16MB' };
const is_root = process.getuid?.() === 0;

/** A directory that is gone, with its server, when the test ends. Open to others, so that root can run PostgreSQL as nobody. */
function scratch(t: TestContext, mode = 0o755): string {
  const folder = fs.mkdtempSync(join(tmpdir(), 'cartwright-launcher-'));
  fs.chmodSync(folder, mode);
  const data_dir = join(folder, 'postgres');
  t.after(async () => {
    const left = () => living_processes().filter(({ command }) => command.includes(folder));
    for (const { pid } of left()) process.kill(pid, 'SIGQUIT');
    while (left().length > 0) await wait(10);
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  return data_dir;
}

/** A copy of a cluster made once: it spares each test the half second of initdb. */
async function prepared(t: TestContext): Promise<string> {
  const data_dir = scratch(t);
  execFileSync('cp', ['-a', await template, data_dir]);
  return data_dir;
}
const template_folder = fs.mkdtempSync(join(tmpdir(), 'cartwright-launcher-'));
fs.chmodSync(template_folder, 0o755);
after(() => fs.rmSync(template_folder, { recursive: true }));
const template = start(join(template_folder, 'postgres')).then(async server => {
  await server.stop();
  return join(template_folder, 'postgres');
});

function start(data_dir: string, more: Partial<StartOptions> = {}): Promise<RunningPostgres> {
  return start_postgres({ data_dir, settings: quick, ...more });
}

async function ask<T extends object>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 5_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** A launcher in a process of its own, which prints what it got and stays. */
async function other_launcher(data_dir: string): Promise<{ child: ChildProcess; got: { pid: number; adopted: boolean; url: string } }> {
  const script = `import { start_postgres } from ${JSON.stringify(launcher_url)};
    const { pid, adopted, url } = await start_postgres(${JSON.stringify({ data_dir, settings: quick })});
    console.log(JSON.stringify({ pid, adopted, url }));
    setInterval(() => {}, 60_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  return { child, got: JSON.parse(String(line)) };
}

test('a fresh start makes a durable, checksummed, password-guarded server', async t => {
  const data_dir = scratch(t);
  const said: string[] = [];
  const server = await start_postgres({ data_dir, say: line => said.push(line) });
  assert.equal(server.adopted, false);
  assert.match(server.version, /^18\./);
  assert.deepEqual(said, [`PostgreSQL ${server.version} is running (pid ${server.pid}, port ${new URL(server.url).port}).`]);
  const wanted = {
    ...{
      fsync: 'on',
      synchronous_commit: 'on',
      full_page_writes: 'on',
      data_checksums: 'on',
      shared_buffers: '32768',
      max_connections: '100',
    },
    ...{ listen_addresses: '127.0.0.1', password_encryption: 'scram-sha-256', server_encoding: 'UTF8', jit: 'off', max_wal_size: '4096' },
  };
  const settings = await ask<{ name: string; setting: string }>(server.url, 'select name, setting from pg_settings');
  const found = Object.fromEntries(settings.map(({ name, setting }) => [name, setting]));
  assert.deepEqual(Object.fromEntries(Object.keys(wanted).map(name => [name, found[name]])), wanted);
  const databases = await ask(
    server.url,
    'select datname, datlocprovider, datlocale, datcollate from pg_database where datname = current_database()',
  );
  assert.deepEqual(databases, [{ datname: 'cartwright', datlocprovider: 'b', datlocale: 'C.UTF-8', datcollate: 'C' }]);
  assert.deepEqual(await ask(server.url, 'select distinct auth_method from pg_hba_file_rules'), [{ auth_method: 'scram-sha-256' }]);

  assert.equal(fs.statSync(join(data_dir, 'password')).mode & 0o777, 0o600);
  const wrong = new URL(server.url);
  wrong.password = 'wrong';
  await assert.rejects(ask(wrong.href, 'select 1'), { code: '28P01' });
  const by_socket = `${server.url}?host=${encodeURIComponent(fs.realpathSync(data_dir))}`;
  assert.deepEqual(await ask(by_socket, 'select 1 as one'), [{ one: 1 }]);
  await server.stop();
  assert.equal(living_process(server.pid), undefined);
});

test('the server is a process group of its own and runs as nobody when we are root', { skip: process.platform !== 'linux' }, async t => {
  const server = await start(await prepared(t));
  const stat = fs.readFileSync(`/proc/${server.pid}/stat`, 'utf8');
  const [, , process_group, session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  assert.deepEqual([process_group, session], [String(server.pid), String(server.pid)]);
  assert.equal(fs.statSync(`/proc/${server.pid}`).uid, is_root ? 65534 : process.getuid?.());
  await server.stop();
});

test('a second start adopts the live server, and the last one out stops it', async t => {
  const data_dir = await prepared(t);
  const first = await start(data_dir);
  await ask(first.url, 'create table kept (n int)');
  const second = await start(data_dir, { port: 1 });
  assert.deepEqual([second.adopted, second.pid, second.url], [true, first.pid, first.url]);
  await first.stop();
  await first.stop();
  await ask(second.url, 'insert into kept values (7)');
  await second.stop();
  assert.equal(living_process(first.pid), undefined);
  const third = await start(data_dir);
  assert.deepEqual([third.adopted, third.url], [false, first.url]);
  assert.deepEqual(await ask(third.url, 'select n from kept'), [{ n: 7 }]);
  await third.stop();
});

test('a launcher killed -9 leaves the server to the next one', async t => {
  const data_dir = await prepared(t);
  const { child, got } = await other_launcher(data_dir);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const next = await start(data_dir);
  assert.deepEqual([next.adopted, next.pid], [true, got.pid]);
  await next.stop();
  assert.equal(living_process(got.pid), undefined);
});

test('a postmaster killed -9 in the middle of a query is replaced, on the same port, with what was committed', async t => {
  const data_dir = await prepared(t);
  const first = await start(data_dir);
  await ask(first.url, 'create table kept as select 7 as n');
  const busy = new pg.Client({ connectionString: first.url });
  busy.on('error', () => {});
  await busy.connect();
  const { rows } = await busy.query<{ pid: number }>('select pg_backend_pid() as pid');
  const cut = busy.query('select count(*) from generate_series(1, 1e15)').catch(() => {});
  process.kill(first.pid, 'SIGKILL');
  const second = await start(data_dir);
  assert.deepEqual([second.adopted, second.url], [false, first.url]);
  assert.equal(living_process(rows[0]?.pid ?? 0), undefined);
  assert.deepEqual(await ask(second.url, 'select n from kept'), [{ n: 7 }]);
  await cut;
  await second.stop();
});

test('a stale postmaster.pid that names a foreign live process, a zombie or nothing does not hinder a start', async t => {
  const data_dir = await prepared(t);
  const first = await start(data_dir);
  const pid_file = join(data_dir, 'cluster', 'postmaster.pid');
  const named = fs.readFileSync(pid_file, 'utf8').split('\n').slice(1).join('\n');
  await first.stop();
  const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
  t.after(() => parent.kill('SIGKILL'));
  const [line] = await once(parent.stdout, 'data');
  const zombie = Number(line);
  while (living_process(zombie) !== undefined) await wait(5);
  process.kill(zombie, 0); // It still has its pid.
  for (const stale of [`${process.pid}\n${named}`, `${zombie}\n${named}`, '']) {
    fs.writeFileSync(pid_file, stale);
    const server = await start(data_dir);
    assert.equal(server.adopted, false);
    await server.stop();
  }
});

test('launchers that start at once get one server', async t => {
  const data_dir = scratch(t);
  const [other, ...ours] = await Promise.all([other_launcher(data_dir), start(data_dir), start(data_dir)]);
  assert.equal(new Set([other.got.pid, ...ours.map(({ pid }) => pid)]).size, 1);
  assert.deepEqual([other.got.adopted, ...ours.map(({ adopted }) => adopted)].sort(), [false, true, true]);
  other.child.kill('SIGKILL');
  await once(other.child, 'exit');
  await Promise.all(ours.map(server => server.stop()));
  assert.equal(living_process(other.got.pid), undefined);
});

test('a cluster of another major version is refused and left alone', async t => {
  const data_dir = scratch(t);
  fs.mkdirSync(join(data_dir, 'cluster'), { recursive: true });
  fs.writeFileSync(join(data_dir, 'cluster', 'PG_VERSION'), '17\n');
  await assert.rejects(start(data_dir), {
    code: 'other_major_version',
    message: /PostgreSQL 17; this release brings PostgreSQL 18.*pg_dumpall/,
  });
  assert.deepEqual(fs.readdirSync(join(data_dir, 'cluster')), ['PG_VERSION']);
});

test('a cluster whose password is lost is refused and left alone', async t => {
  const data_dir = scratch(t);
  fs.mkdirSync(join(data_dir, 'cluster'), { recursive: true });
  fs.writeFileSync(join(data_dir, 'cluster', 'PG_VERSION'), '18\n');
  await assert.rejects(start(data_dir), { code: 'not_our_directory', message: /password is missing/ });
});

test('a launcher that starts a dead server again stops it with its newest handle alone', async t => {
  const data_dir = await prepared(t);
  const first = await start(data_dir);
  process.kill(first.pid, 'SIGKILL');
  const second = await start(data_dir);
  await second.stop();
  assert.equal(living_process(second.pid), undefined);
  await first.stop();
});

test('a port that is asked for and taken is named; when none is asked for, another one is picked', async t => {
  const data_dir = await prepared(t);
  const squatter = createServer().listen(0, '127.0.0.1');
  await once(squatter, 'listening');
  t.after(() => squatter.close());
  const address = squatter.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  await assert.rejects(start(data_dir, { port }), { code: 'port_busy', message: new RegExp(`Port ${port} on 127.0.0.1 is taken`) });
  fs.writeFileSync(join(data_dir, 'cluster', 'cartwright.conf'), `port = '${port}'\n`);
  const server = await start(data_dir);
  const other = await prepared(t);
  await assert.rejects(start(other, { port: Number(new URL(server.url).port) }), { code: 'port_busy' });
  assert.notEqual(new URL(server.url).port, String(port));
  await server.stop();
});

test('a server that cannot start says why in its own words', async t => {
  const data_dir = await prepared(t);
  await assert.rejects(start(data_dir, { settings: { ...quick, shared_buffers: 'plenty' } }), {
    code: 'start_failed',
    message: /invalid value for parameter "shared_buffers": "plenty"/,
  });
});

test('a full disk is called a full disk, and nothing is lost by it', {
  skip: !is_root || process.platform !== 'linux' || no_mounts(),
}, t => {
  const folder = fs.mkdtempSync(join(tmpdir(), 'cartwright-launcher-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const script = `import { start_postgres } from ${JSON.stringify(launcher_url)};
    import { rmSync, writeFileSync } from 'node:fs';
    const options = { data_dir: ${JSON.stringify(join(folder, 'postgres'))}, settings: ${JSON.stringify(quick)} };
    const attempt = () => start_postgres(options).then(server => server.stop().then(() => 'started'), error => error.code);
    const filler = ${JSON.stringify(join(folder, 'filler'))};
    writeFileSync(filler, Buffer.alloc(70 * 1024 * 1024));
    const full = await attempt();
    rmSync(filler);
    console.log(full, await attempt());`;
  // A mount namespace of its own: the small disk is gone with the process.
  const mount_and_run = 'mount -t tmpfs -o size=90m none "$1" && exec "$2" --input-type=module -e "$3"';
  const ran = spawnSync('unshare', ['--mount', 'sh', '-c', mount_and_run, 'sh', folder, process.execPath, script], { encoding: 'utf8' });
  assert.equal(ran.stdout.trim(), 'disk_full started', ran.stderr);
});

function no_mounts(): boolean {
  return spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status !== 0;
}

test('root runs it in a directory closed to others, and as nobody once it is open', {
  skip: !is_root || process.platform !== 'linux',
}, async t => {
  const data_dir = scratch(t, 0o700);
  const closed = await start(data_dir);
  await ask(closed.url, 'create table kept as select 7 as n');
  await closed.stop();
  fs.chmodSync(join(data_dir, '..'), 0o755);
  const open = await start(data_dir);
  assert.equal(fs.statSync(`/proc/${open.pid}`).uid, 65534);
  assert.deepEqual(await ask(open.url, 'select n from kept'), [{ n: 7 }]);
  await open.stop();
});

test('a long log is cut at a start', async t => {
  const data_dir = await prepared(t);
  fs.writeFileSync(join(data_dir, 'server.log'), 'old\n'.repeat(5_000_000));
  await assert.rejects(start(data_dir, { settings: { ...quick, shared_buffers: 'plenty' } }), { code: 'start_failed' });
  assert.ok(fs.statSync(join(data_dir, 'server.log')).size < 2_000);
  assert.equal(fs.statSync(join(data_dir, 'server.log.1')).size, 20_000_000);
});

test('library links are made from the list of the package, once, or reported as impossible', t => {
  const root = fs.mkdtempSync(join(tmpdir(), 'cartwright-links-'));
  t.after(() => fs.rmSync(root, { recursive: true }));
  fs.mkdirSync(join(root, 'native'));
  fs.writeFileSync(
    join(root, 'native', 'pg-symlinks.json'),
    JSON.stringify([{ source: 'native/lib/x.so.5.18', target: 'native/lib/x.so.5' }]),
  );
  assert.equal(link_libraries(root), false);
  fs.mkdirSync(join(root, 'native', 'lib'));
  fs.writeFileSync(join(root, 'native', 'lib', 'x.so.5.18'), 'library');
  assert.equal(link_libraries(root), true);
  assert.equal(link_libraries(root), true);
  assert.equal(fs.readlinkSync(join(root, 'native', 'lib', 'x.so.5')), 'x.so.5.18');
});

test('ps tells the same about a process as /proc', {
  skip: process.platform !== 'linux' || spawnSync('ps', ['-V']).error !== undefined,
}, () => {
  const [by_ps] = from_ps(['-p', String(process.pid)]);
  assert.deepEqual([by_ps?.pid, by_ps?.command], [process.pid, living_process(process.pid)?.command]);
  assert.deepEqual(from_ps(['-p', '999999999']), []);
});

test('tests share one server and have databases of their own, which go when dropped', async () => {
  const [one, two] = await Promise.all([fresh_database(), fresh_database()]);
  await ask(one.url, 'create table mine (n int)');
  assert.deepEqual(await ask(two.url, "select to_regclass('mine') as mine"), [{ mine: null }]);
  await Promise.all([one.drop(), two.drop()]);
  await assert.rejects(ask(one.url, 'select 1'), { code: '3D000' });
  const { url } = await test_server();
  const elsewhere = `import { fresh_database } from ${JSON.stringify(new URL('./test_database.ts', import.meta.url).href)}; console.log((await fresh_database()).url);`;
  const left_behind = execFileSync(process.execPath, ['--input-type=module', '-e', elsewhere], { encoding: 'utf8' }).trim();
  assert.equal(new URL(left_behind).port, new URL(url).port);
  const next = await fresh_database();
  await next.drop();
  await assert.rejects(ask(left_behind, 'select 1'), { code: '3D000' });
});
