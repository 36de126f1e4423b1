/** The README's first command as a stranger runs it: a fresh folder, `npm start`, `npm run order`, a second start, Ctrl-C, kill -9 and a start after it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const folder = mkdtempSync(join(tmpdir(), 'cartwright-first-start-'));
const env = { ...process.env, CARTWRIGHT_DATA: join(folder, 'data'), NO_COLOR: '1' };
const start_deadline_ms = 90_000;

function start(): { child: ChildProcess; output: () => string; up: Promise<void> } {
  const child = spawn('npm', ['start'], { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const up = new Promise<void>((resolve, reject) => {
    const read = (part: Buffer) => {
      output += part.toString();
      if (output.includes('npm run order')) resolve();
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', code => reject(new Error(`npm start ended with ${code}:\n${output}`)));
    void sleep(start_deadline_ms, undefined, { ref: false }).then(() => reject(new Error(`npm start was not up in time:\n${output}`)));
  });
  up.catch(() => undefined);
  return { child, output: () => output, up };
}

function order(gateway: string, carrier?: string): void {
  const flags = ['--gateway', gateway, ...(carrier === undefined ? [] : ['--carrier', carrier])];
  const run = spawnSync('npm', ['run', '--silent', 'order', '--', ...flags], { env, encoding: 'utf8', timeout: 90_000 });
  console.log(run.stdout, run.stderr);
  if (run.status !== 0 || !run.stdout.includes('completed')) throw new Error(`npm run order ${flags.join(' ')} did not end at completed`);
  if (carrier !== undefined && !run.stdout.includes(` ${carrier} from `)) throw new Error(`the order was not shipped by ${carrier}`);
}

async function shop_is_open(output: string): Promise<void> {
  const address = /http:\S+\/shop\//.exec(output)?.[0];
  if (address === undefined) throw new Error('npm start does not say where the shop is');
  const page = await fetch(address);
  const text = await page.text();
  if (!page.ok || !text.includes('/shop/assets/')) throw new Error(`the shop is not open: ${page.status} ${text}`);
  const config = await (await fetch(`${address}config.json`)).text();
  if (!config.includes('"pk_') || config.includes('sk_')) throw new Error(`the shop does not know its key: ${config}`);
}

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  // The whole group, as a terminal does.
  if (child.pid !== undefined) process.kill(-child.pid, name);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await new Promise(resolve => child.once('exit', resolve));
}

let running = start();
try {
  await running.up;
  console.log(running.output());
  await shop_is_open(running.output());
  order('stripe', 'easypost');
  order('cybersource', 'purolator');
  order('manual');
  const second = spawnSync('npm', ['start'], { env, encoding: 'utf8', timeout: 60_000 });
  if (second.status === 0 || !`${second.stdout}${second.stderr}`.includes('already runs'))
    throw new Error(`a second start should say where the first is: ${second.stdout}${second.stderr}`);
  signal(running.child, 'SIGINT');
  await ended(running.child);
  running = start();
  await running.up;
  signal(running.child, 'SIGKILL');
  await ended(running.child);
  running = start();
  await running.up;
  order('stripe');
  console.log('first start: works, again after Ctrl-C, again after kill -9');
} finally {
  try {
    signal(running.child, 'SIGINT');
    await ended(running.child);
  } catch {
    // It had ended already.
  }
  rmSync(folder, { recursive: true, force: true });
}
