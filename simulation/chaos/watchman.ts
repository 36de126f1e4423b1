/**
 * Ends what a run leaves behind, however the run ends: thrown, killed, finished. It hears by its standard input what there is to end, and acts when that closes,
 * which the kernel sees to even when nobody else can. It has a session of its own, so that no signal to the run's group reaches it.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Watchman {
  /** A process that must not outlive the run. */
  began(pid: number): void;
  ended(pid: number): void;
}

const gone_deadline_ms = 10_000;
const poll_ms = 50;

/** `postgres`: the data folder whose server is ended. `folder`: removed in the end; absent: kept. */
export function post_watchman({ postgres, folder }: { readonly postgres: string; readonly folder: string | undefined }): Watchman {
  const watchman = spawn(process.execPath, [import.meta.filename], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  const { stdin } = watchman;
  const say = (word: string, what: string | number) => void stdin.write(`${word} ${what}\n`);
  watchman.unref();
  say('postgres', postgres);
  if (folder !== undefined) say('folder', folder);
  return { began: pid => say('began', pid), ended: pid => say('ended', pid) };
}

async function watch(): Promise<void> {
  const pids = new Set<number>();
  const named = new Map<string, string>();
  for await (const line of createInterface({ input: process.stdin })) {
    const [word = '', what = ''] = split(line);
    if (word === 'began') pids.add(Number(what));
    else if (word === 'ended') pids.delete(Number(what));
    else named.set(word, what);
  }
  const postgres = named.get('postgres');
  for (const pid of pids) end(pid, 'SIGKILL');
  if (postgres !== undefined) await end_postgres(postgres);
  const folder = named.get('folder');
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}

/** Immediate shutdown first, which a restart would recover from; its children go with it. */
async function end_postgres(data: string): Promise<void> {
  const pid = postmaster_of(data);
  if (pid === undefined) return;
  end(pid, 'SIGQUIT');
  for (let waited = 0; waited < gone_deadline_ms && end(pid, 0); waited += poll_ms) await sleep(poll_ms);
  end(pid, 'SIGKILL');
}

function postmaster_of(data: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(data, 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0]);
    return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    // There is none: it was stopped.
    return undefined;
  }
}

/** Whether there was such a process. */
function end(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

function split(line: string): string[] {
  const place = line.indexOf(' ');
  return [line.slice(0, place), line.slice(place + 1)];
}

if (import.meta.main) await watch();
