/**
 * For journeys whose calls to the outside have an unknown outcome: the operation as its own row tells it, and waiting that asks the third party
 * when it is time to. Nobody looks at a watch: the shop's clock is put forward to the next question.
 */
import { claim_grace_ms } from '../../platform/operations.ts';
import { type Shop, until } from '../shop.ts';

export type Service = 'payments' | 'shipping' | 'suppliers';
export interface OperationRow {
  readonly op_id: string;
  readonly provider: string;
  readonly state: 'requested' | 'sent' | 'succeeded' | 'failed' | 'unknown';
  readonly attempts: number;
  readonly queries: number;
  /** As the platform's connections give times: text. */
  readonly next_at: string | null;
}
/** A call to the outside: whose it is, of what kind, for which order or purchase order. */
export interface Effect {
  readonly service: Service;
  readonly kind: string;
  readonly key: string;
}

/** What a line to a third party can do to a call that had its effect, or none. */
export interface Line {
  readonly fault: 'reset_after' | 'reset_before' | 'reply_late' | 'garbage' | 'truncate';
  readonly delay_ms?: number;
}
/** So long do journeys let a third party think. */
export const patience_ms = 1_000;
export const lines: readonly Line[] = [
  { fault: 'reset_after' },
  { fault: 'reset_before' },
  { fault: 'reply_late', delay_ms: 2 * patience_ms },
  { fault: 'garbage' },
  { fault: 'truncate' },
];

export async function operation_of({ pool }: Shop, { service, kind, key }: Effect): Promise<OperationRow | undefined> {
  const { rows } = await pool.query<OperationRow>(
    `select op_id, provider, state, attempts, queries, next_at from ${service}.operations where kind = $1 and key = $2 order by op_id desc limit 1`,
    [kind, key],
  );
  return rows[0];
}

export function becomes_unknown(shop: Shop, effect: Effect): Promise<OperationRow> {
  return until(`${effect.kind} of ${effect.key} is unknown`, async () => {
    const operation = await operation_of(shop, effect);
    return operation?.state === 'unknown' && operation;
  });
}

/** After a day nobody asks any more; the gateway's list of events is still read. */
const list_pause_ms = 300_000;
const schedule_ms = 86_400_000;

/** Puts the clock forward to the next question, once the last one has its answer; where none will come, to the next look at the list. */
export async function ask_now(shop: Shop, effect: Effect): Promise<void> {
  const operation = await operation_of(shop, effect);
  const wait_ms = Date.parse(operation?.next_at ?? '') - shop.clock.now_ms();
  if (operation?.state !== 'unknown' || wait_ms <= 0 || is_being_asked(shop, effect, operation, wait_ms)) return;
  if (wait_ms <= schedule_ms) shop.clock.move(wait_ms);
  else await look_at_list(shop, effect);
}

/** So long journeys let a third party think, at most. */
const timeout_max_ms = 2_000;
/**
 * A question under way has its claim's end in its row: a clock put forward to it would have it asked again before it is answered, for ever on a slow machine.
 * The row tells while it is young; the process, which may be starved and take longer than any time-out, until its answer is written.
 */
function is_being_asked({ up }: Shop, { service }: Effect, { provider }: OperationRow, wait_ms: number): boolean {
  const runtime = up.runtimes.get(service);
  const in_flight = runtime?.providers().get(provider)?.in_flight ?? 0;
  return in_flight > 0 || runtime?.events.busy === true || (wait_ms > claim_grace_ms && wait_ms <= claim_grace_ms + timeout_max_ms);
}

/** A list that is being read, or asked for again, has its time: a clock that jumps meanwhile would be its deadline. */
async function look_at_list({ pool, clock }: Shop, { service }: Effect): Promise<void> {
  const { rows } = await pool.query<{ next_at: string }>(
    `select next_at from ${service}.operations where kind = 'list_recent' and state in ('requested', 'sent')`,
  );
  const [reading] = rows;
  const wait_ms = reading === undefined ? list_pause_ms : Date.parse(reading.next_at) - clock.now_ms();
  if (wait_ms > 0 && wait_ms <= list_pause_ms) clock.move(wait_ms);
}

/** Until there is something to see, the third party is asked as often as the schedule has it. */
export function asked_until<T>(
  shop: Shop,
  effect: Effect,
  what: string,
  look: () => Promise<T | false | undefined> | T | false | undefined,
): Promise<T> {
  return until(what, async () => {
    await ask_now(shop, effect);
    return look();
  });
}

/** Types of the events of one key in one service's log. */
export async function told(shop: Shop, service: string, key: string): Promise<string[]> {
  const { rows } = await shop.pool.query<{ type: string }>(`select type from ${service}.events where key = $1 order by position`, [key]);
  return rows.map(row => row.type);
}
