/** Buyers who do not give up: the same order under the same key until it is answered. What they were told is the history the checker believes. */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../platform/random.ts';

export interface Told {
  readonly reference: string;
  readonly order_id: string;
}

export interface Buyers {
  /** What was answered with 201. */
  readonly accepted: readonly Told[];
  /** Answered with two different orders for one key: never. */
  readonly contradictions: readonly string[];
  readonly refused: ReadonlyMap<string, number>;
  readonly attempts: () => number;
  buy(until_ms: number, rate: number): Promise<void>;
}

const attempts_max = 400;
const attempt_timeout_ms = 8_000;

export function create_buyers(given: {
  url: string;
  key: string;
  skus: readonly string[];
  gateways: readonly string[];
  random: Random;
}): Buyers {
  const accepted: Told[] = [];
  const contradictions: string[] = [];
  const refused = new Map<string, number>();
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const url = new URL(given.url);
  let attempts = 0;
  let ordinal = 0;

  const post = (key: string, payload: string): Promise<{ status: number; text: string }> =>
    new Promise(resolve => {
      attempts += 1;
      const sent = request(
        {
          agent,
          host: url.hostname,
          port: url.port,
          path: '/v1/orders',
          method: 'POST',
          timeout: attempt_timeout_ms,
          headers: {
            authorization: `Bearer ${given.key}`,
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(payload),
            'idempotency-key': key,
          },
        },
        response => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('error', () => resolve({ status: 0, text: '' }));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }));
          response.on('close', () => resolve({ status: 0, text: '' }));
        },
      );
      sent.on('timeout', () => sent.destroy());
      sent.on('error', () => resolve({ status: 0, text: '' }));
      sent.end(payload);
    });

  const one = async (): Promise<void> => {
    const reference = `CHAOS-${++ordinal}`;
    const gateway = given.gateways[Math.floor(given.random.next() * given.gateways.length)] ?? 'manual';
    const lines = Array.from({ length: 1 + Math.floor(given.random.next() * 3) }, () => ({
      sku: given.skus[Math.floor(given.random.next() * given.skus.length)],
      quantity: 1 + Math.floor(given.random.next() * 2),
    }));
    const payload = JSON.stringify({
      reference,
      currency: 'GBP',
      lines,
      customer: { id: `c${ordinal % 97}`, email: `c${ordinal % 97}@example.com` },
      shipping_address: { name: 'Ada Lovelace', line1: '12 Square', city: 'London', postal_code: 'SW1Y 4JH', country: 'GB' },
      shipping: { service: 'standard', amount: 300 },
      payment: { gateway, ...(gateway === 'manual' ? {} : { method: 'pm_card_visa' }) },
    });
    for (let attempt = 0; attempt < attempts_max; attempt++) {
      const { status, text } = await post(`key-${reference}`, payload);
      if (status === 201) {
        accepted.push({ reference, order_id: (JSON.parse(text) as { id: string }).id });
        return;
      }
      if (status >= 400 && status < 500 && status !== 409 && status !== 429) {
        const code = (JSON.parse(text) as { code?: string }).code ?? String(status);
        refused.set(code, (refused.get(code) ?? 0) + 1);
        return;
      }
      await sleep(50 + given.random.next() * 250);
    }
    refused.set('gave up', (refused.get('gave up') ?? 0) + 1);
  };

  return {
    accepted,
    contradictions,
    refused,
    attempts: () => attempts,
    async buy(until_ms, rate) {
      const started = performance.now();
      const flights = new Set<Promise<void>>();
      for (let sent = 0; performance.now() < until_ms; ) {
        const due = Math.floor(((performance.now() - started) / 1_000) * rate);
        for (; sent < due; sent++) {
          const flight: Promise<void> = one().finally(() => flights.delete(flight));
          flights.add(flight);
        }
        await sleep(5);
      }
      await Promise.all(flights);
      // Every tenth is asked for again under its key: the answer must be the same order.
      for (const told of accepted.filter((_, index) => index % 10 === 0)) await recheck(told);
      agent.destroy();
    },
  };

  async function recheck(told: Told): Promise<void> {
    const { status, text } = await new Promise<{ status: number; text: string }>(resolve => {
      const sent = request(
        {
          agent,
          host: url.hostname,
          port: url.port,
          path: `/v1/orders/${told.order_id}`,
          timeout: attempt_timeout_ms,
          headers: { authorization: `Bearer ${given.key}` },
        },
        response => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }));
        },
      );
      sent.on('error', () => resolve({ status: 0, text: '' }));
      sent.end();
    });
    if (status === 200 && (JSON.parse(text) as { reference: string }).reference !== told.reference) contradictions.push(told.reference);
    if (status === 404) contradictions.push(`${told.reference} is gone`);
  }
}
