/** For tests: `archive --drop` in a process of its own, at a time that it is told, so that it can be killed. Arguments: database, data folder, day, now. */
import { audit_pools } from '../../../auditor/watch.ts';
import { publishers } from '../../compose.ts';
import { drop_archived } from '../drop.ts';

const [url = '', data_folder = '', before = '', now = ''] = process.argv.slice(2);
const { pool_of, end } = audit_pools(() => url);
// Whoever starts it has seen analytics read everything.
const analytics_positions = async () => new Map(publishers.map(log => [log, Number.MAX_SAFE_INTEGER]));
await drop_archived({
  data_folder,
  before,
  clock: { now: () => now },
  keys_per_batch: 2,
  pool_of,
  analytics_positions,
  say: line => console.log(line),
});
await end();
