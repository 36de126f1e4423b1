/** Prometheus metrics on a port of their own, never on the public one. Lag is read when asked for. */
import { createServer, type Server } from 'node:http';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Webhooks } from '../gateway/webhooks/webhooks.ts';
import type { Lag, Runtime } from '../platform/runtime.ts';
import { webhook_gauges } from './webhooks.ts';

export function metrics_registry(runtimes: ReadonlyMap<string, Runtime>, webhooks?: Webhooks): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const by_log = ['service', 'source'];
  const lag_events = new Gauge({
    name: 'cartwright_lag_events',
    help: 'Events of a log this service has not handled yet',
    labelNames: by_log,
    registers: [registry],
  });
  const lag_seconds = new Gauge({
    name: 'cartwright_lag_seconds',
    help: 'Age of the oldest event not handled yet',
    labelNames: by_log,
    registers: [registry],
  });
  const position = new Gauge({
    name: 'cartwright_position',
    help: 'Last position of a log this service has looked at',
    labelNames: by_log,
    registers: [registry],
  });
  const partitions = new Gauge({
    name: 'cartwright_partitions',
    help: 'Partitions this process holds',
    labelNames: ['service'],
    registers: [registry],
  });
  const show = (service: string, lags: readonly Lag[]) => {
    for (const lag of lags) {
      const labels = { service, source: lag.source };
      lag_events.set(labels, lag.events);
      lag_seconds.set(labels, lag.seconds);
      position.set(labels, lag.position);
    }
  };
  if (webhooks !== undefined) webhook_gauges(registry, webhooks);
  new Gauge({
    name: 'cartwright_commands_waiting',
    help: 'Commands of people that wait for the next batch',
    labelNames: ['service'],
    registers: [registry],
    async collect() {
      for (const [service, runtime] of runtimes) {
        this.set({ service }, runtime.front.waiting);
        partitions.set({ service }, runtime.partitions().length);
        show(service, await runtime.lags());
      }
      // Nobody waits for a lag of these: they do not close the door.
      show('gateway', (await webhooks?.lags()) ?? []);
    },
  });
  provider_metrics(registry, runtimes);
  return registry;
}

/** How this process finds its third parties: other processes may find them otherwise. */
function provider_metrics(registry: Registry, runtimes: ReadonlyMap<string, Runtime>): void {
  const gauge = (name: string, help: string, ...more: string[]) =>
    new Gauge({ name: `cartwright_provider_${name}`, help, labelNames: ['service', 'provider', ...more], registers: [registry] });
  const paused = gauge('paused', '1 while the provider asked us to wait (Retry-After)');
  const in_flight = gauge('in_flight', 'Operations under way at the provider');
  const repeats_left = gauge('repeats_left', 'Repeats that its budget allows now');
  const p95 = gauge('p95_seconds', 'Of operations that ended in the last ten seconds');
  const outcomes = gauge('outcomes', 'Operations that ended so since the start of this process', 'outcome');
  new Gauge({
    name: 'cartwright_provider_open',
    help: '1 while the provider fails or is slow and gets probes only',
    labelNames: ['service', 'provider', 'reason'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [service, runtime] of runtimes)
        for (const [provider, state] of runtime.providers()) {
          const labels = { service, provider };
          this.set({ ...labels, reason: state.reason ?? '' }, state.breaker === 'open' ? 1 : 0);
          paused.set(labels, state.paused_until === null ? 0 : 1);
          in_flight.set(labels, state.in_flight);
          repeats_left.set(labels, state.repeats_left);
          p95.set(labels, (state.p95_ms ?? 0) / 1_000);
          for (const [outcome, count] of Object.entries(state.outcomes)) outcomes.set({ ...labels, outcome }, count);
        }
    },
  });
}

export async function serve_metrics(registry: Registry, host: string, port: number): Promise<{ port: number; stop(): Promise<void> }> {
  const server: Server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') return void response.writeHead(404).end();
    registry.metrics().then(
      text => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(503).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    stop: () =>
      new Promise(resolve => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
