/** Every edge that the seeded runs and the services' stories in memory take. Which tests run in memory is read from their imports, not from a list. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watch_steps } from '../platform/testing/in_memory.ts';
import { imports_of, root, sources } from '../tidy/sources.ts';
import { count_into, type Seen } from './edges.ts';
import { run_saga, type SagaResult } from './saga.ts';

export interface Observed {
  readonly in_runs: Seen;
  readonly in_stories: Seen;
}

/** `each`: what else the caller wants of a run. */
export function observe(seeds: number, each: (result: SagaResult) => void = () => undefined): Observed {
  const in_runs: Seen = new Map();
  watch_steps(count_into(in_runs));
  for (let seed = 1; seed <= seeds; seed++) each(run_saga(seed));
  return { in_runs, in_stories: run_stories() };
}

function run_stories(): Seen {
  const folder = mkdtempSync(join(tmpdir(), 'cartwright-edges-'));
  const file = join(folder, 'edges.json');
  const preload = join(import.meta.dirname, 'edges_to_file.ts');
  const files = stories_in_memory();
  // In one process: forty starts of a process would take longer than the stories.
  const args = ['--import', preload, '--test', '--test-isolation=none', '--test-reporter=dot', ...files];
  const { NODE_TEST_CONTEXT: _of_this_test, ...env } = process.env;
  const ran = spawnSync(process.execPath, args, { cwd: root, env: { ...env, EDGES_FILE: file }, encoding: 'utf8' });
  if (ran.status !== 0)
    throw new Error(`the stories in memory fail; run them alone:\n${ran.stdout.slice(-2_000)}${ran.stderr.slice(-2_000)}`);
  // Written by edges_to_file.ts.
  const seen = new Map(JSON.parse(readFileSync(file, 'utf8')) as [string, number][]);
  rmSync(folder, { recursive: true, force: true });
  return seen;
}

/** Tests of services whose imports, and theirs, lead to the service in memory and to no database. */
export function stories_in_memory(): string[] {
  const by_path = new Map(sources.map(source => [source.path, source]));
  const reached = (path: string, seen = new Set<string>()): Set<string> => {
    const source = by_path.get(path);
    if (source === undefined || seen.has(path)) return seen;
    seen.add(path);
    for (const target of imports_of(source)) reached(target, seen);
    return seen;
  };
  return sources
    .filter(({ path }) => path.startsWith('services/') && path.endsWith('.test.ts'))
    .filter(({ path }) => {
      const all = reached(path);
      return (
        all.has('platform/testing/in_memory.ts') &&
        !all.has('platform/testing/harness.ts') &&
        !all.has('platform/postgres/test_database.ts')
      );
    })
    .map(({ path }) => path);
}
