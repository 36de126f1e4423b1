/** `npm run simulate -- --runs 1000 [--seed 1]`: seeded runs of the saga; a broken promise prints its seed, its replay command and the order's story. */
import { parseArgs } from 'node:util';
import { event_contracts } from '../contracts/index.ts';
import { run_saga } from './saga.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    story: { type: 'boolean', default: false },
  },
});
const runs = Number(values.runs);
const first = Number(values.seed);
const events = new Map<string, number>();
const transitions = new Set<string>();
let orders = 0;
let broken = 0;
const started = performance.now();
for (let seed = first; seed < first + runs; seed++) {
  let result: ReturnType<typeof run_saga>;
  try {
    result = run_saga(seed);
  } catch (error) {
    broken += 1;
    console.log(
      `  seed ${seed} threw: ${error instanceof Error ? error.stack : error}\n    again: npm run simulate -- --runs 1 --seed ${seed} --story`,
    );
    continue;
  }
  orders += result.orders;
  for (const [type, count] of result.events) events.set(type, (events.get(type) ?? 0) + count);
  for (const transition of result.transitions) transitions.add(transition);
  if (result.broken.length > 0) {
    broken += 1;
    console.log(
      `  seed ${seed} broke ${result.broken.length}: ${result.broken.slice(0, 3).join('; ')}\n    again: npm run simulate -- --runs 1 --seed ${seed} --story`,
    );
  }
  if (values.story)
    for (const event of result.log)
      console.log(
        `    ${event.time} ${event.source.padEnd(10)} ${event.type.padEnd(30)} ${event.key.slice(-6)} ${JSON.stringify(event.data).slice(0, 220)}`,
      );
  if (process.stdout.isTTY && seed % 20 === 0)
    process.stdout.write(`\r  ${seed - first + 1} of ${runs} runs, ${orders} orders, ${broken} broken `);
}
const unseen = Object.keys(event_contracts).filter(type => !events.has(type));
console.log(
  `\n  ${runs} runs, ${orders} orders, ${[...events.values()].reduce((sum, count) => sum + count, 0)} events in ${((performance.now() - started) / 1_000).toFixed(1)} s; ${broken} broken`,
);
console.log(`  ${events.size} event types and ${transitions.size} transitions taken; types no run took: ${unseen.join(', ')}`);
process.exitCode = broken === 0 ? 0 : 1;
