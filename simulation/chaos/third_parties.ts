/** How third parties misbehave in `--third-parties` runs, and the person who looks at what they lied about. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StandIn } from '../../sandbox/stand_in.ts';

/** An operation waits so long; a late reply comes after that. On two busy cores half of it made most calls late by themselves. */
export const patience_ms = 4_000;
/** Unknown outcomes are asked about so many times sooner than in earnest: after 80 ms, half a second, two seconds, ten, and after 15 seconds they have settled. */
export const haste = 60;
const late_ms = 6_000;
const down_ms = 30_000;
const writes = { method: 'POST' } as const;

export const third_party_env = { THIRD_PARTY_TIMEOUT_MS: String(patience_ms), THIRD_PARTY_HASTE: String(haste) };

/** One reply in five comes too late, one line in twenty is cut, one webhook in ten is doubled or out of order; one gateway lies about money now and then. */
function profile_of(name: string, seed: number): object {
  return {
    seed,
    shares: {
      reply_late: { share: 0.2, match: writes, delay_ms: late_ms },
      reset_before: { share: 0.025, match: writes },
      reset_after: { share: 0.025, match: writes },
      webhook_duplicate: 0.05,
      webhook_reorder: 0.05,
      ...(name === 'stripe' ? { lie_amount: { share: 0.01, match: { ...writes, path: '/v1/payment_intents*' } } } : {}),
    },
  };
}

export async function misbehave(stand_ins: readonly StandIn[], seed: number): Promise<void> {
  await Promise.all(stand_ins.map(each => order(each, '/__sim/profile', profile_of(each.name, seed))));
}

/** One of them is away for half a minute, in the middle of it. */
export async function go_down(stand_in: StandIn, span_ms: number): Promise<void> {
  await sleep(span_ms * 0.4);
  await order(stand_in, '/__sim/faults', { fault: 'refuse', delay_ms: Math.min(down_ms, Math.round(span_ms / 3)) });
}

export async function behave(stand_ins: readonly StandIn[]): Promise<void> {
  await Promise.all(stand_ins.map(each => fetch(`${each.url}/__sim/faults`, { method: 'DELETE' })));
}

async function order(stand_in: StandIn, path: string, body: object): Promise<void> {
  const reply = await fetch(`${stand_in.url}${path}`, { method: 'POST', body: JSON.stringify(body) });
  if (!reply.ok) throw new Error(`${stand_in.name} ${path}: ${await reply.text()}`);
}

/** Looks at what the gateway contradicted and lets the captures go on; returns how many there were. */
export async function look_at_lies(door: string, key: string): Promise<number> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const reply = await fetch(`${door}/v1/exceptions`, { headers });
  const { data } = (await reply.json()) as { data: readonly { exception_id: string; reason: string }[] };
  const lies = data.filter(({ reason }) => reason === 'gateway_drift');
  for (const { exception_id } of lies)
    await fetch(`${door}/v1/exceptions/${exception_id}/resolve`, {
      method: 'POST',
      headers: { ...headers, 'idempotency-key': `look-${exception_id}` },
      body: JSON.stringify({ note: 'compared with the gateway’s own list' }),
    });
  return lies.length;
}
