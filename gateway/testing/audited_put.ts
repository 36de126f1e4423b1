/** For tests: a PUT that changes a row, by a secret key, and is audited. As a program (argument: the database) it is killed when its deed is done. */
import type pg from 'pg';
import { real_clock } from '../../platform/clock.ts';
import { open_pool, role_of } from '../../platform/database.ts';
import type { Reply, Route, StreamReply } from '../../platform/route.ts';
import { audited } from '../audited.ts';

/** `then`: what happens between deed and entry. */
export function audited_put(pool: pg.Pool, request_id: string, then: () => Reply): Promise<Reply | StreamReply> {
  const route: Route = {
    method: 'PUT',
    path: '/v1/messages/:id',
    summary: 'A toy',
    scope: 'admin',
    audit: { action: 'message.changed' },
    replies: {},
    rejections: [],
    async handle({ params }) {
      const sql = `insert into gateway.webhook_messages (event_id, body, created_at) values ($1, '{}', now()) on conflict do nothing`;
      await pool.query(sql, [params['id']]);
      return then();
    },
  };
  const [{ handle } = route] = audited([route], { pool, clock: real_clock });
  return handle({
    principal: { type: 'sk', id: 'key_toy', scopes: new Set(['admin']) },
    request_id,
    params: { id: 'msg_toy' },
    query: {},
    body: {},
    headers: {},
    signal: AbortSignal.timeout(10_000),
  });
}

if (import.meta.main) {
  await audited_put(open_pool(process.argv[2] ?? '', role_of('gateway'), 2), 'killed', () => {
    process.kill(process.pid, 'SIGKILL');
    return { status: 200, body: {} };
  });
}
