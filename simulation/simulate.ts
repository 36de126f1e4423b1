/**
 * `npm run simulate -- --runs 1000 [--seed 1]`: seeded runs of the saga; a broken promise prints its seed, its replay command and the order's story.
 * `--hash` prints what each run is, bit by bit: the same seed and commit give the same. `--coverage` prints which rows of the design were taken.
 */
import { parseArgs } from 'node:util';
import { event_contracts } from '../contracts/index.ts';
import { type Covered, cover } from './design.ts';
import { observe } from './observed.ts';
import { run_saga, type SagaResult } from './saga.ts';
import { untaken } from './untaken.ts';
import { hash_of } from './world.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    story: { type: 'boolean', default: false },
    hash: { type: 'boolean', default: false },
    coverage: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(`npm run simulate -- [options]: seeded runs of the saga; a broken promise has a seed
  --runs <n>   how many [1000]
  --seed <n>   the first [1]
  --story      the events of each order
  --hash       what each run is, bit by bit
  --coverage   which rows of the design were taken`);
  process.exit(0);
}
const [runs, first] = [Number(values.runs), Number(values.seed)];
const broken = values.coverage ? print_coverage() : simulate();
process.exitCode = broken === 0 ? 0 : 1;

/** How many runs broke a promise. */
function simulate(): number {
  const events = new Map<string, number>();
  const transitions = new Set<string>();
  const started = performance.now();
  let [orders, failed] = [0, 0];
  for (let seed = first; seed < first + runs; seed++) {
    const result = run(seed);
    if (result === undefined || result.broken.length > 0) failed += 1;
    if (result === undefined) continue;
    orders += result.orders;
    for (const [type, count] of result.events) events.set(type, (events.get(type) ?? 0) + count);
    for (const transition of result.transitions) transitions.add(transition);
    if (process.stdout.isTTY && seed % 20 === 0)
      process.stdout.write(`\r  ${seed - first + 1} of ${runs} runs, ${orders} orders, ${failed} broken `);
  }
  const all = [...events.values()].reduce((sum, count) => sum + count, 0);
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  console.log(`\n  ${runs} runs, ${orders} orders, ${all} events in ${seconds} s; ${failed} broken`);
  const unseen = Object.keys(event_contracts).filter(type => !events.has(type));
  console.log(`  ${events.size} event types and ${transitions.size} transitions taken; types no run took: ${unseen.join(', ')}`);
  return failed;
}

/** One run, and what is to be said about it. `undefined`: it threw. */
function run(seed: number): SagaResult | undefined {
  const again = `    again: npm run simulate -- --runs 1 --seed ${seed} --story`;
  try {
    const result = run_saga(seed);
    const { broken: promises, log } = result;
    if (values.hash) console.log(`  seed ${seed} is ${hash_of(log)}`);
    if (promises.length > 0) console.log(`  seed ${seed} broke ${promises.length}: ${promises.slice(0, 3).join('; ')}\n${again}`);
    if (values.story) for (const event of log) console.log(line_of(event));
    return result;
  } catch (error) {
    console.log(`  seed ${seed} threw: ${error instanceof Error ? error.stack : error}\n${again}`);
    return undefined;
  }
}

function line_of({ time, source, type, key, data }: SagaResult['log'][number]): string {
  return `    ${time} ${source.padEnd(10)} ${type.padEnd(30)} ${key.slice(-6)} ${JSON.stringify(data).slice(0, 220)}`;
}

/** Every row of domain.md 3, how often it was taken, or why it was not. Gives how many are missing. */
function print_coverage(): number {
  const { in_runs, in_stories } = observe(runs);
  const covered = cover(in_runs, in_stories, untaken);
  const is_taken = (one: Covered) => one.in_runs + one.in_stories > 0;
  console.log(`\n    ${'edge'.padEnd(90)} ${`${runs} runs`.padStart(9)}   stories`);
  for (const one of covered) {
    const mark = is_taken(one) ? '✔' : one.reason === undefined ? '✖' : '–';
    const times = `${String(one.in_runs).padStart(9)} ${String(one.in_stories).padStart(9)}`;
    console.log(`  ${mark} ${one.edge.padEnd(90)} ${is_taken(one) ? times : (one.reason ?? 'nothing takes it')}`);
  }
  const missing = covered.filter(one => !is_taken(one) && one.reason === undefined);
  console.log(`\n  ${covered.filter(is_taken).length} of ${covered.length} edges are taken; ${missing.length} are missing`);
  return missing.length;
}
