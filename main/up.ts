/** `up`: everything in one process, a demo catalog on a fresh directory, and a short block that says where everything is. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { watch_audit } from '../auditor/watch.ts';
import { remember_demo_keys } from './demo_keys.ts';
import { build_pages } from './pages.ts';
import { bring_up, type Up } from './platform_up.ts';
import { seed_demo } from './seed.ts';
import { data_file, gateway_settings, type Settings, service_list } from './settings.ts';

const stop_deadline_ms = 20_000;
const health_timeout_ms = 1_000;

/** Runs until a signal; exit code 0 after a graceful stop. */
export async function up(settings: Settings): Promise<number> {
  await mkdir(settings.data_folder, { recursive: true });
  await refuse_second(settings);
  const started = performance.now();
  const audit = watch_audit();
  const say = (line: string) => console.log(`  ${line}`);
  // While the database starts.
  const built = build_pages(say);
  const running = await bring_up({
    settings,
    services: service_list,
    with_sandbox: settings.sandbox,
    with_door: true,
    with_metrics: true,
    say,
    findings: audit.last,
  });
  await remember_demo_keys(running);
  if (settings.sandbox) await seed_demo(running);
  audit.start(running);
  await writeFile(
    data_file(settings, 'up.json'),
    JSON.stringify({
      pid: process.pid,
      url: running.door?.url,
      stand_ins: (running.sandbox?.stand_ins ?? []).map(({ name, url }) => ({ name, url })),
    }),
  );
  await built;
  print_block(running, performance.now() - started);
  await until_signal();
  console.log('\n  stopping: finishing what was taken …');
  return stop_within(async () => {
    await audit.stop();
    await running.stop();
    await writeFile(data_file(settings, 'up.json'), '{}');
  });
}

/** A second start on the same folder says so instead of fighting over it. What kill -9 left behind is adopted. */
async function refuse_second(settings: Settings): Promise<void> {
  const text = await readFile(data_file(settings, 'up.json'), 'utf8').catch(() => '{}');
  const { pid, url } = JSON.parse(text) as { pid?: number; url?: string };
  if (pid === undefined || url === undefined || pid === process.pid) return;
  const answers = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(health_timeout_ms) }).then(
    response => response.ok,
    () => false,
  );
  if (answers)
    throw Object.assign(
      new Error(
        `Cartwright already runs on this folder: ${url} (process ${pid}). Stop it first, or set CARTWRIGHT_DATA and PORT for a second one.`,
      ),
      { code: 'already_running' },
    );
}

function print_block(running: Up, milliseconds: number): void {
  const { door, sandbox, metrics_port, settings } = running;
  const row = (name: string, text: string) => console.log(`    ${name.padEnd(17)} ${text}`);
  console.log(`\n  Cartwright is up (${(milliseconds / 1_000).toFixed(1)} s)\n`);
  row('shop', `${door?.url}/shop/`);
  row('console', `${door?.url}/console/`);
  row('API', `${door?.url}/v1`);
  row('reference', `${door?.url}/docs`);
  row('events', `${door?.url}/asyncapi.json`);
  row('metrics', `http://${settings.host}:${metrics_port}/metrics`);
  for (const stand_in of sandbox?.stand_ins ?? []) row(`${stand_in.name} (sim)`, `${stand_in.url}/__sim/ledger`);
  row('data', settings.data_folder);
  print_keys(running);
  console.log('\n  Place an order and watch it arrive, in another terminal:  npm run order\n');
}

/** What a fresh installation made, this once. */
function print_keys({ first_keys }: Up): void {
  const keys = Object.entries({
    'secret key': first_keys.secret_key,
    'publishable key': first_keys.publishable_key,
    'admin password': first_keys.admin_password,
  }).filter(([, value]) => value !== undefined);
  if (keys.length > 0) console.log('\n  made now and shown once:');
  for (const [name, value] of keys) console.log(`    ${name.padEnd(17)} ${value}`);
}

async function until_signal(): Promise<void> {
  await new Promise<void>(resolve => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}

async function stop_within(stop: () => Promise<void>): Promise<number> {
  const late = sleep(stop_deadline_ms, 'late' as const, { ref: false });
  const outcome = await Promise.race([stop().then(() => 'stopped' as const), late]);
  if (outcome === 'late')
    console.error(`  did not stop within ${stop_deadline_ms / 1_000} s; what was accepted is safe, the next start goes on with it`);
  return outcome === 'late' ? 1 : 0;
}

/** `start orders payments`: these services, and their routes, in a process of their own against the same database. */
export async function start(settings: Settings, services: readonly string[], door: 'none' | 'own' | 'inner'): Promise<number> {
  const running = await bring_up({
    settings,
    services,
    with_sandbox: false,
    with_door: door !== 'none',
    ...(door === 'inner' ? { face: 'inner' } : {}),
    with_metrics: settings.metrics_port !== 0,
    say: line => console.log(`  ${line}`),
  });
  const url = running.door === undefined ? '' : ` · ${running.door.url}${door === 'inner' ? ', for the gateway only' : ''}`;
  console.log(`  running: ${services.join(', ')}${url}`);
  await until_signal();
  return stop_within(running.stop);
}

/** `start gateway`: the public door in a process of its own; the auditor runs beside it. */
export async function start_gateway(settings: Settings): Promise<number> {
  const { urls } = gateway_settings(settings);
  const audit = watch_audit();
  const running = await bring_up({
    settings,
    services: [],
    with_sandbox: false,
    with_door: true,
    face: 'gateway',
    with_metrics: settings.metrics_port !== 0,
    say: line => console.log(`  ${line}`),
    findings: audit.last,
  });
  await remember_demo_keys(running);
  audit.start(running);
  print_keys(running);
  for (const [service, url] of Object.entries(urls)) console.log(`    ${service.padEnd(17)} ${url}`);
  console.log(`  running: gateway · ${running.door?.url}`);
  await until_signal();
  return stop_within(async () => {
    await audit.stop();
    await running.stop();
  });
}
