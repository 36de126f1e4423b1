/** The services as separate processes that may be killed at any moment and are started again, and the postmaster, too. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Watchman } from './watchman.ts';

export interface Running {
  readonly name: string;
  readonly port: number;
  readonly starts: number;
  kill(): void;
  signal(name: NodeJS.Signals): void;
  /** kill -9, and up again. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const up_deadline_ms = 60_000;

export async function run_services(
  name: string,
  services: readonly string[],
  port: number,
  env: Readonly<Record<string, string>>,
  watchman?: Watchman,
): Promise<Running> {
  let child: ChildProcess;
  let starts = 0;
  let wanted = true;
  const start = async (): Promise<void> => {
    starts += 1;
    child = spawn(process.execPath, ['main.ts', 'start', ...services], {
      cwd: join(import.meta.dirname, '..', '..'),
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env, PORT: String(port), METRICS_PORT: '0' },
    });
    const mine = child;
    const { pid } = mine;
    if (pid !== undefined) {
      watchman?.began(pid);
      mine.once('exit', () => watchman?.ended(pid));
    }
    let output = '';
    const collect = (part: Buffer) => {
      output = (output + part.toString()).slice(-8_000);
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    for (let waited = 0; waited < up_deadline_ms; waited += 50) {
      if (output.includes('running:')) return;
      // The database was away while it started: what an init system would do.
      if (mine.exitCode !== null || mine.signalCode !== null) return wanted ? restart_after_failure(output) : undefined;
      await sleep(50);
    }
    throw new Error(`${name} did not start:\n${output}`);
  };
  const restart_after_failure = async (output: string): Promise<void> => {
    if (starts > 200) throw new Error(`${name} does not start any more:\n${output}`);
    await sleep(300);
    return start();
  };
  await start();
  return {
    name,
    port,
    get starts() {
      return starts;
    },
    kill: () => void child.kill('SIGKILL'),
    signal: name => void child.kill(name),
    async restart() {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await new Promise(resolve => child.once('exit', resolve));
      await start();
    },
    async stop() {
      wanted = false;
      child.kill('SIGTERM');
      const killed = sleep(15_000, undefined, { ref: false }).then(() => child.kill('SIGKILL'));
      if (child.exitCode === null && child.signalCode === null) await new Promise(resolve => child.once('exit', resolve));
      void killed;
    },
  };
}
