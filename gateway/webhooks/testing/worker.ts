/** For tests: the workers in a process of their own, on the database in DATABASE_URL, until they are killed. */

import { real_clock } from '../../../platform/clock.ts';
import { open_pool, role_of } from '../../../platform/database.ts';
import { ids } from '../../../platform/ids.ts';
import { table_log } from '../../../platform/log.ts';
import { create_logger } from '../../../platform/logger.ts';
import { real_random } from '../../../platform/random.ts';
import { server_secret } from '../../testing/door.ts';
import { system_resolve } from '../guard.ts';
import { webhooks } from '../webhooks.ts';
import { master_key, publishers } from './post_office.ts';

const pool = open_pool(process.env['DATABASE_URL'] ?? '', role_of('gateway'), 4);
webhooks({
  pool,
  logs: new Map(publishers.map(name => [name, pool])),
  readers: publishers.map(name => table_log(name, pool)),
  guard: { allow_private: true, resolve: system_resolve },
  master_key,
  server_secret,
  clock: real_clock,
  waiting: real_clock,
  random: real_random,
  logger: create_logger('warn', 'worker'),
  fresh_id: ids(real_clock, real_random).fresh,
  base_url: () => 'https://shop.example',
}).start();
