/**
 * Buyers who do not give up: the same order under the same key until it is answered. Some ask for what does not exist, some cancel, some say it all again.
 * Every call is in the history before it is sent.
 */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../platform/random.ts';
import { type Call, create_history, type Deed, type History, type Line, type Outcome, outcome_of } from './history.ts';

export interface Buyers {
  readonly history: History;
  /** Baskets that were answered with 201. */
  accepted(): number;
  /** Codes of definite refusals, and how often. */
  refused(): ReadonlyMap<string, number>;
  buy(until_ms: number, rate: number): Promise<void>;
  /** After the faults: everybody reads his order once more, and some say again what they said. */
  look_again(): Promise<void>;
}
export interface BuyersGiven {
  readonly url: string;
  readonly key: string;
  readonly skus: readonly string[];
  /** Few units: most who want them are too late. */
  readonly scarce: readonly string[];
  readonly gateways: readonly string[];
  /** Some of them live in Canada. */
  readonly abroad: boolean;
  readonly random: Random;
}

const attempts_max = 400;
const attempt_timeout_ms = 8_000;
const readers_max = 16;
const share = { scarce: 0.15, wrong: 0.03, cancel: 0.05, canada: 0.5, wait: 0.2, again: 0.1, another: 0.03 } as const;

interface Basket {
  readonly name: string;
  readonly lines: readonly Line[];
  readonly payload: string;
  readonly wait: boolean;
}
interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly payload?: string;
}

export function create_buyers(given: BuyersGiven): Buyers {
  const { random } = given;
  const history = create_history();
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const chance = (probability: number) => random.next() < probability;
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random.next() * list.length)];
  const baskets = new Map<string, { readonly basket: Basket; readonly order_id: string }>();
  let ordinal = 0;

  async function call(deed: Deed, { name, lines }: Basket, sent: Sent, order_id?: string): Promise<Outcome> {
    const answer = history.invoke({ deed, basket: name, lines, order_id });
    const { status, text } = await send(given, agent, sent);
    const outcome = outcome_of(status, text);
    answer(outcome);
    return outcome;
  }
  async function patiently(deed: Deed, basket: Basket, sent: Sent, order_id?: string): Promise<Outcome> {
    for (let attempt = 1; ; attempt++) {
      const outcome = await call(deed, basket, sent, order_id);
      if (outcome.is !== 'info' || attempt >= attempts_max) return outcome;
      await sleep(50 + random.next() * 250);
    }
  }

  function fill_basket(): Basket {
    const name = `CHAOS-${++ordinal}`;
    const wanted = chance(share.scarce) ? given.scarce : given.skus;
    const lines = Array.from({ length: 1 + Math.floor(random.next() * 3) }, () => ({
      sku: chance(share.wrong) ? 'NO-SUCH-THING' : (pick(wanted) ?? ''),
      quantity: 1 + Math.floor(random.next() * 2),
    }));
    const home = given.abroad && chance(share.canada) ? ottawa : london;
    return { name, lines, payload: payload_of(name, lines, pick(given.gateways) ?? 'manual', home), wait: chance(share.wait) };
  }

  async function shop(): Promise<void> {
    const basket = fill_basket();
    const outcome = await patiently('place', basket, placing(basket));
    if (outcome.is !== 'ok') return;
    const order_id = outcome.told.id;
    baskets.set(basket.name, { basket, order_id });
    if (chance(share.cancel)) await patiently('cancel', basket, cancelling(basket, order_id), order_id);
  }

  async function look_again({ basket, order_id }: { basket: Basket; order_id: string }): Promise<void> {
    await patiently('read', basket, { method: 'GET', path: `/v1/orders/${order_id}` }, order_id);
    if (chance(share.again)) await patiently('place_again', basket, placing(basket));
    if (chance(share.another)) {
      const payload = payload_of(basket.name, [...basket.lines, { sku: given.skus[0] ?? '', quantity: 9 }], 'manual', london);
      await patiently('place_another', basket, { ...placing(basket), payload });
    }
  }

  const endings = (is: Outcome['is']): Call[] => history.calls.filter(({ deed, outcome }) => deed === 'place' && outcome.is === is);
  return {
    history,
    accepted: () => endings('ok').length,
    refused() {
      const codes = endings('fail').flatMap(({ outcome }) => (outcome.is === 'fail' ? [outcome.code] : []));
      return new Map([...Map.groupBy(codes, code => code)].map(([code, list]) => [code, list.length]));
    },
    async buy(until_ms, rate) {
      const started = performance.now();
      const flights = new Set<Promise<void>>();
      for (let sent = 0; performance.now() < until_ms; ) {
        const due = Math.floor(((performance.now() - started) / 1_000) * rate);
        for (; sent < due; sent++) {
          const flight: Promise<void> = shop().finally(() => flights.delete(flight));
          flights.add(flight);
        }
        await sleep(5);
      }
      await Promise.all(flights);
    },
    async look_again() {
      const waiting = [...baskets.values()];
      const reader = async () => {
        for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await look_again(next);
      };
      await Promise.all(Array.from({ length: readers_max }, reader));
      agent.destroy();
    },
  };
}

const london = { name: 'Ada Lovelace', line1: '12 Square', city: 'London', postal_code: 'SW1Y 4JH', country: 'GB' };
const ottawa = { name: 'Ada Lovelace', line1: '12 Main St', city: 'Ottawa', region: 'ON', postal_code: 'K1A 0B1', country: 'CA' };
const methods: Readonly<Record<string, string>> = { stripe: 'pm_card_visa', cybersource: 'sim_visa' };

/** The basket's name is in the metadata, and in no field that is unique: two orders for one basket would be possible. */
function payload_of(name: string, lines: readonly Line[], gateway: string, home: object): string {
  const buyer = `c${Number(name.split('-')[1]) % 97}`;
  return JSON.stringify({
    currency: 'GBP',
    lines,
    customer: { id: buyer, name: 'Ada Lovelace', email: `${buyer}@example.com` },
    shipping_address: home,
    shipping: { service: 'standard', amount: 300 },
    payment: { gateway, ...(methods[gateway] && { method: methods[gateway] }) },
    metadata: { basket: name },
  });
}

function placing({ name, payload, wait }: Basket): Sent {
  return { method: 'POST', path: '/v1/orders', payload, headers: { 'idempotency-key': `key-${name}`, ...(wait && { prefer: 'wait=3' }) } };
}
function cancelling({ name }: Basket, order_id: string): Sent {
  const headers = { 'idempotency-key': `cancel-${name}` };
  return { method: 'POST', path: `/v1/orders/${order_id}/cancel`, headers, payload: JSON.stringify({ reason: 'changed my mind' }) };
}

/** The bytes of the answer; status 0 when there was none, or not all of it. */
function send(
  { url, key }: BuyersGiven,
  agent: Agent,
  { method, path, headers, payload }: Sent,
): Promise<{ status: number; text: string }> {
  const { hostname: host, port } = new URL(url);
  const { promise, resolve } = Promise.withResolvers<{ status: number; text: string }>();
  const lost = () => resolve({ status: 0, text: '' });
  const body = payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) };
  const all = { authorization: `Bearer ${key}`, ...body, ...headers };
  const sent = request({ agent, host, port, path, method, timeout: attempt_timeout_ms, headers: all }, response => {
    const parts: Buffer[] = [];
    response.on('data', (part: Buffer) => parts.push(part));
    response.on('error', lost);
    response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }));
    response.on('close', lost);
  });
  sent.on('timeout', () => sent.destroy());
  sent.on('error', lost);
  sent.end(payload);
  return promise;
}
