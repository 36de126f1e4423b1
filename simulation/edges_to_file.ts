/** Preloaded into a process of tests: what their services in memory take is counted, and written when the process ends. */
import { writeFileSync } from 'node:fs';
import { watch_steps } from '../platform/testing/in_memory.ts';
import { count_into, type Seen } from './edges.ts';

const file = process.env['EDGES_FILE'];
if (file === undefined) throw new Error('EDGES_FILE says where the edges are written');
const seen: Seen = new Map();
watch_steps(count_into(seen));
process.on('exit', () => writeFileSync(file, JSON.stringify([...seen])));
