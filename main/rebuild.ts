/** `rebuild`: the facts of analytics made again from the logs, by the process that runs on this folder, or here when none does. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RebuildProgress } from '../services/analytics/rebuild.ts';
import { demo_key } from './demo_keys.ts';
import { bring_up } from './platform_up.ts';
import { data_file, type Settings } from './settings.ts';

const poll_ms = 1_000;
const request_timeout_ms = 30_000;

/** Asked again and again until it has ended. */
interface Rebuilder {
  begin(force: boolean): Promise<RebuildProgress>;
  progress(): Promise<RebuildProgress>;
}

/** Exit code 0 when nothing differed, or what differed was put in place by `force`. */
export async function rebuild(settings: Settings, { force }: { readonly force: boolean }): Promise<number> {
  const url = await running_url(settings);
  if (url !== undefined) return follow(over_http(url, await demo_key(settings)), force);
  // Nothing else may hold the store.
  if (force) console.log('  nothing runs on this folder: the facts are made again here');
  return here(settings, force);
}

async function here(settings: Settings, force: boolean): Promise<number> {
  const start = () =>
    bring_up({
      settings,
      services: ['analytics'],
      with_sandbox: false,
      with_door: false,
      with_metrics: false,
      say: line => console.log(`  ${line}`),
    });
  const up = await start().catch(async (error: Error & { code?: string }) => {
    if (error.code !== 'warehouse_unavailable' && error.code !== 'foreign_log') throw error;
    if (!force)
      throw Object.assign(
        new Error(`${error.message}\nThere is nothing to compare with: rebuild --force makes the facts anew.`, { cause: error }),
        {
          code: error.code,
        },
      );
    await rm(join(settings.data_folder, 'analytics'), { recursive: true, force: true });
    return start();
  });
  try {
    const { analytics } = up;
    if (analytics === undefined) throw new Error('analytics was not started');
    const ways: Rebuilder = {
      begin: async forced => analytics.rebuild.begin({ force: forced }),
      progress: async () => analytics.rebuild.progress(),
    };
    return await follow(ways, force);
  } finally {
    await up.stop();
  }
}

async function follow(ways: Rebuilder, force: boolean): Promise<number> {
  let now = await ways.begin(false);
  while (!is_over(now)) {
    print_progress(now);
    await sleep(poll_ms);
    now = await ways.progress();
  }
  print_tables(now);
  if (now.state === 'diverged' && force) {
    now = await ways.begin(true);
    for (; !is_over(now); now = await ways.progress()) await sleep(poll_ms);
  }
  console.log(`\n  ${now.state}: ${now.differing ?? '?'} rows differ${now.detail === null ? '' : `; ${now.detail}`}\n`);
  return now.state === 'done' ? 0 : 1;
}

function is_over({ state }: RebuildProgress): boolean {
  return ['done', 'diverged', 'failed', 'none'].includes(state);
}

function print_progress({ state, events, events_per_second, logs }: RebuildProgress): void {
  const left = logs.reduce((sum, log) => sum + log.head - log.position, 0);
  console.log(`  ${state}: ${events} events, ${events_per_second} a second, ${left} to go`);
}

function print_tables({ tables }: RebuildProgress): void {
  console.log(`\n  ${'table'.padEnd(18)} ${'rows'.padStart(12)} ${'made again'.padStart(12)} ${'differing'.padStart(10)}`);
  for (const { table, rows, rebuilt_rows, differing, examples } of tables) {
    console.log(
      `  ${table.padEnd(18)} ${String(rows).padStart(12)} ${String(rebuilt_rows).padStart(12)} ${String(differing).padStart(10)}`,
    );
    for (const { live, rebuilt } of examples) console.log(`    is        ${live ?? 'nothing'}\n    should be ${rebuilt ?? 'nothing'}`);
  }
}

/** Of the process that runs on this folder; undefined: none does. */
export async function running_url(settings: Settings): Promise<string | undefined> {
  const text = await readFile(data_file(settings, 'up.json'), 'utf8').catch(() => '{}');
  // Written by `up`.
  const { url } = JSON.parse(text) as { url?: string };
  if (url === undefined) return undefined;
  const answers = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(poll_ms) }).then(
    response => response.ok,
    () => false,
  );
  return answers ? url : undefined;
}

function over_http(url: string, key: string): Rebuilder {
  const call = async (method: string, body?: unknown): Promise<RebuildProgress> => {
    const reply = await fetch(`${url}/v1/analytics/rebuild`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(request_timeout_ms),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    // The API's own reply, or a problem.
    const answer = (await reply.json()) as RebuildProgress & { code?: string; detail: string };
    if (!reply.ok) throw Object.assign(new Error(answer.detail), { code: answer.code });
    return answer;
  };
  return { begin: force => call('POST', force ? { force } : {}), progress: () => call('GET') };
}
