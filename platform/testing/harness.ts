/** A service on real PostgreSQL for its store tests: fresh database, migrated, write path running, states frozen. */
import type { AnyService } from '../batch.ts';
import { type Clock, real_clock } from '../clock.ts';
import { silent_logger } from '../logger.ts';
import { migrate } from '../migrate.ts';
import { fresh_database } from '../postgres/test_database.ts';
import { real_random } from '../random.ts';
import type { RouteRequest } from '../route.ts';
import { type Runtime, start_runtime } from '../runtime.ts';
import type { Adapter } from '../service.ts';
import type { Tail } from '../tail.ts';
import { vault_schema } from '../vault/schema.ts';
import type { ServiceVault } from '../vault/vault.ts';
import { test_vault } from './vault.ts';

export interface Harness {
  readonly runtime: Runtime;
  readonly url: string;
  /** Opens what `opens` names, in its own log, too. */
  readonly vault: ServiceVault;
  stop(): Promise<void>;
}

/** `folder` is the service's migrations folder (`new URL('./migrations', import.meta.url).pathname`). Nothing is heard unless `heard` says so. */
export async function service_on_postgres(options: {
  service: AnyService;
  folder: string;
  adapters?: Readonly<Record<string, Adapter>>;
  heard?: Readonly<Record<string, readonly string[]>>;
  /** The shop's time, for tests whose times are fixed: by the real one their timers would be due. */
  clock?: Clock;
  /** Types whose personal part it may open. */
  opens?: readonly string[];
}): Promise<Harness> {
  const { url, drop } = await fresh_database();
  const others = Object.keys(options.heard ?? {}).map(name => ({ name, has_log: true }));
  const { name } = options.service;
  await migrate(url, [vault_schema(new Map([[name, 'make']])), ...others, { name, folder: options.folder, has_log: true }]);
  const vault = test_vault(url, options.opens);
  const runtime = await start_runtime({
    service: options.service,
    url,
    source_urls: Object.fromEntries(others.map(other => [other.name, url])),
    heard: options.heard ?? {},
    vault,
    tails: new Map<string, Tail>(),
    adapters: options.adapters ?? {},
    clock: options.clock ?? real_clock,
    waiting: real_clock,
    random: real_random,
    logger: silent_logger,
    freeze: true,
    problem_reply: rejection => ({ status: 409, body: { code: rejection.rejection } }),
  });
  return {
    runtime,
    url,
    vault,
    async stop() {
      await runtime.stop();
      await drop();
    },
  };
}

/** A request as the door would hand it to a route, by a secret key with every scope. */
export function test_request(body: unknown, more: Partial<RouteRequest> = {}): RouteRequest {
  return {
    principal: { type: 'sk', id: 'key_test', scopes: new Set() },
    request_id: 'req_test',
    params: {},
    query: {},
    body,
    headers: {},
    signal: new AbortController().signal,
    ...more,
  };
}
