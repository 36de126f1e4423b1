/** Outgoing webhooks of this process: what they hear, where they may send, and their numbers for the metrics. */
import type pg from 'pg';
import { Counter, Gauge, type Registry } from 'prom-client';
import { type Guard, system_resolve } from '../gateway/webhooks/guard.ts';
import { type Webhooks, webhooks } from '../gateway/webhooks/webhooks.ts';
import { type Clock, real_clock } from '../platform/clock.ts';
import { table_log } from '../platform/log.ts';
import type { Logger } from '../platform/logger.ts';
import { real_random } from '../platform/random.ts';
import { tail_of } from '../platform/runtime.ts';
import type { Tail } from '../platform/tail.ts';
import type { Settings } from './settings.ts';

export interface WebhooksGiven {
  readonly settings: Settings;
  readonly gateway_pool: pg.Pool;
  /** Per publisher, a pool that may read its log. */
  readonly logs: ReadonlyMap<string, pg.Pool>;
  /** Of the services of this process: what they append is heard at once. */
  readonly tails: Map<string, Tail>;
  readonly master_key: Uint8Array;
  readonly signing_secret: string;
  readonly clock: Clock;
  readonly logger: Logger;
  fresh_id(prefix: string): string;
  base_url(): string;
}

export function open_webhooks(given: WebhooksGiven): Webhooks {
  const { settings, gateway_pool, logs, tails, signing_secret } = given;
  const guard: Guard = { allow_private: settings.webhooks_allow_private, resolve: system_resolve };
  const readers = [...logs].map(([source, pool]) => {
    const reader = table_log(source, pool);
    return tails.has(source) ? tail_of(tails, source).wrap(reader, real_clock.now_ms) : reader;
  });
  const opened = webhooks({
    ...given,
    pool: gateway_pool,
    logs,
    readers,
    guard,
    server_secret: signing_secret,
    waiting: real_clock,
    random: real_random,
  });
  const unlisten = [...tails.values()].map(tail => tail.on_append(opened.poke));
  return {
    ...opened,
    async stop() {
      for (const stop_listening of unlisten) stop_listening();
      await opened.stop();
    },
  };
}

export function webhook_gauges(registry: Registry, webhooks: Webhooks): void {
  const registers = [registry];
  const endpoints = new Gauge({
    name: 'cartwright_webhook_endpoints',
    help: 'Endpoints of outgoing webhooks',
    labelNames: ['state'],
    registers,
  });
  const oldest = new Gauge({
    name: 'cartwright_webhook_oldest_seconds',
    help: 'Age of the oldest delivery that is not yet delivered or given up',
    registers,
  });
  const attempts = new Counter({
    name: 'cartwright_webhook_attempts_total',
    help: 'Attempts of this process by what became of the delivery: delivered, waiting for the next, given up',
    labelNames: ['outcome'],
    registers,
  });
  new Gauge({
    name: 'cartwright_webhook_deliveries',
    help: 'Deliveries of outgoing webhooks that wait, are under way, or were given up and are still kept',
    labelNames: ['state'],
    registers,
    async collect() {
      const { waiting, sending, given_up, oldest_waiting_at, enabled, disabled } = await webhooks.census();
      for (const [state, count] of Object.entries({ waiting, sending, given_up })) this.set({ state }, count);
      for (const [state, count] of Object.entries({ enabled, disabled })) endpoints.set({ state }, count);
      oldest.set(oldest_waiting_at === null ? 0 : Math.max(0, (real_clock.now_ms() - Date.parse(oldest_waiting_at)) / 1_000));
      attempts.reset();
      for (const [outcome, count] of Object.entries(webhooks.attempts())) attempts.inc({ outcome }, count);
    },
  });
}
