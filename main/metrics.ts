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
  return registry;
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
