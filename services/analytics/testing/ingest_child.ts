/** A process to be killed: hears generated logs and says on its output how far it is. Arguments: folder, seed, lives. */
import { begin, caught_up, readers_of } from './analytics.ts';
import { logs_of } from './lives.ts';
import { tell_orders } from './stories.ts';

const [folder = '', seed = '', lives = ''] = process.argv.slice(2);
const analytics = await begin(readers_of(logs_of(Number(seed), tell_orders(Number(lives))), 20), folder, {
  batching: { events_max: 50, batch_ms: 0 },
});
console.log('hearing');
await caught_up(analytics);
await analytics.stop();
console.log('done');
