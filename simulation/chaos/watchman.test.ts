import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

/** A run with one service that never ends by itself; it says that service's pid. */
const run = (folder: string) => `
  import { spawn } from 'node:child_process';
  import { post_watchman } from ${JSON.stringify(new URL('./watchman.ts', import.meta.url).href)};
  const watchman = post_watchman({ postgres: ${JSON.stringify(join(folder, 'postgres'))}, folder: ${JSON.stringify(folder)} });
  const service = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore', detached: true });
  watchman.began(service.pid);
  console.log(service.pid);
  setInterval(() => {}, 1000);
`;
const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('a run that is killed leaves neither its services nor its folder', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cartwright-watchman-'));
  const running = spawn(process.execPath, ['--input-type=module', '-e', run(folder)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = await running.stdout.take(1).toArray();
  const service = Number(String(said));
  assert.ok(lives(service) && existsSync(folder));
  running.kill('SIGKILL');
  const deadline = performance.now() + 20_000;
  while ((lives(service) || existsSync(folder)) && performance.now() < deadline) await sleep(50);
  assert.deepEqual([lives(service), existsSync(folder)], [false, false]);
});
