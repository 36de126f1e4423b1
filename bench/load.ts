/**
 * The load: orders of 3 lines over the SKUs, placed over HTTP by a process of its own, closed loop with a number of connections or open loop at a rate.
 * Prints one JSON line: how many were accepted, how many shed, the times of the replies. Run by bench.ts and chaos.
 */
import { Agent, request } from 'node:http';
import { parseArgs } from 'node:util';
import { build } from 'hdr-histogram-js';
import { seeded_random } from '../platform/random.ts';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    key: { type: 'string' },
    skus: { type: 'string', default: '10000' },
    lines: { type: 'string', default: '3' },
    count: { type: 'string', default: '0' },
    seconds: { type: 'string', default: '0' },
    connections: { type: 'string', default: '64' },
    rate: { type: 'string', default: '0' },
    gateway: { type: 'string', default: 'manual' },
    wait: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
  },
});
const url = new URL(values.url ?? 'http://127.0.0.1:4000');
const random = seeded_random(Number(values.seed));
const agent = new Agent({ keepAlive: true, maxSockets: Number(values.connections) });
const histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: 120_000_000, numberOfSignificantValueDigits: 3 });
const request_timeout_ms = 60_000;
const counts = { accepted: 0, shed: 0, rejected: 0, failed: 0 };
let ordinal = 0;

function body(): string {
  const lines = Array.from({ length: Number(values.lines) }, () => ({
    sku: `B${Math.floor(random.next() * Number(values.skus))}`,
    quantity: 1 + Math.floor(random.next() * 3),
  }));
  return JSON.stringify({
    currency: 'GBP',
    lines,
    customer: { id: `c${Math.floor(random.next() * 5_000)}` },
    shipping_address: { name: 'Ada Lovelace', line1: "12 St James's Square", city: 'London', postal_code: 'SW1Y 4JH', country: 'GB' },
    shipping: { service: 'standard', amount: 495 },
    payment: values.gateway === 'manual' ? { gateway: 'manual' } : { gateway: values.gateway, method: 'pm_card_visa' },
  });
}

/** One order. A 503 is counted as shed and not tried again: the caller decides how fast to come back. */
function place(): Promise<void> {
  const payload = body();
  const key = `load-${values.seed}-${process.pid}-${++ordinal}`;
  const started = performance.now();
  return new Promise(resolve => {
    const sent = request(
      {
        agent,
        host: url.hostname,
        port: url.port,
        path: '/v1/orders',
        method: 'POST',
        timeout: request_timeout_ms,
        headers: {
          authorization: `Bearer ${values.key}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(payload),
          'idempotency-key': key,
          ...(values.wait === '0' ? {} : { prefer: `wait=${values.wait}` }),
        },
      },
      response => {
        response.resume();
        response.on('error', () => undefined);
        response.on('close', () => {
          const status = response.statusCode ?? 0;
          if (status === 201) {
            counts.accepted += 1;
            histogram.recordValue(Math.max(1, Math.round((performance.now() - started) * 1_000)));
          } else if (status === 503 || status === 429) counts.shed += 1;
          else if (status >= 400 && status < 500) counts.rejected += 1;
          else counts.failed += 1;
          resolve();
        });
      },
    );
    sent.on('timeout', () => sent.destroy());
    sent.on('error', () => {
      counts.failed += 1;
      resolve();
    });
    sent.end(payload);
  });
}

const pause = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds));
const shed_pause_ms = 50;

/** As fast as the replies come back. */
async function closed_loop(until_ms: number, count: number): Promise<void> {
  const worker = async () => {
    while (ordinal < count && performance.now() < until_ms) {
      const shed = counts.shed;
      await place();
      if (counts.shed > shed) await pause(shed_pause_ms);
    }
  };
  await Promise.all(Array.from({ length: Number(values.connections) }, worker));
}

/** At a fixed rate, whether or not replies come back: latency includes the wait that a slow server causes. */
async function open_loop(until_ms: number, rate: number): Promise<void> {
  const started = performance.now();
  const flights = new Set<Promise<void>>();
  for (let sent = 0; performance.now() < until_ms; ) {
    const due = Math.floor(((performance.now() - started) / 1_000) * rate);
    for (; sent < due; sent++) {
      const flight: Promise<void> = place().finally(() => flights.delete(flight));
      flights.add(flight);
    }
    await pause(2);
  }
  await Promise.all(flights);
}

const started = performance.now();
const seconds = Number(values.seconds);
const count = Number(values.count) > 0 ? Number(values.count) : Number.MAX_SAFE_INTEGER;
const until_ms = seconds > 0 ? started + seconds * 1_000 : Number.MAX_SAFE_INTEGER;
if (Number(values.rate) > 0) await open_loop(until_ms, Number(values.rate));
else await closed_loop(until_ms, count);
const elapsed_s = (performance.now() - started) / 1_000;
const ms = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1_000;
console.log(
  JSON.stringify({
    ...counts,
    seconds: elapsed_s,
    per_second: counts.accepted / elapsed_s,
    p50_ms: ms(50),
    p99_ms: ms(99),
    max_ms: histogram.maxValue / 1_000,
  }),
);
agent.destroy();
