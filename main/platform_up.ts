/** Brings up any subset of the services in this process: database, migrations, runtimes, door, metrics. What `up`, `start`, the tests and the bench share. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { opened_types } from '../contracts/personal.ts';
import { type DeskService, desk_routes } from '../gateway/desk.ts';
import { type Door, open_door } from '../gateway/door.ts';
import { ensure_first_keys, type FirstKeys } from '../gateway/first_keys.ts';
import { timeline_routes } from '../gateway/timeline.ts';
import { type Clock, real_clock } from '../platform/clock.ts';
import { open_pool, role_of } from '../platform/database.ts';
import { ids } from '../platform/ids.ts';
import { table_log } from '../platform/log.ts';
import { create_logger, type Logger } from '../platform/logger.ts';
import { migrate, type Schema } from '../platform/migrate.ts';
import { start_postgres } from '../platform/postgres/launcher.ts';
import { real_random } from '../platform/random.ts';
import { problem_reply } from '../platform/rejections.ts';
import type { Reply, Route } from '../platform/route.ts';
import { type Runtime, start_runtime, tail_of } from '../platform/runtime.ts';
import type { Tail } from '../platform/tail.ts';
import { type KeyUse, vault_schema } from '../platform/vault/schema.ts';
import { service_vault, type Vault } from '../platform/vault/vault.ts';
import { analytics_routes } from '../services/analytics/routes.ts';
import { type Analytics, start_analytics } from '../services/analytics/service.ts';
import { type Area, compose, heard_by, key_use_of, publishers } from './compose.ts';
import { metrics_registry, serve_metrics } from './metrics.ts';
import { routes_of_personal_data } from './personal_data.ts';
import { type Sandbox, start_sandbox, third_parties } from './sandbox.ts';
import { kept_secret, open_vaults } from './secrets.ts';
import { database_url_of, type ServiceName, type Settings } from './settings.ts';

export const admission_lag_max_s = 5;
const lag_poll_ms = 500;
const analytics_pool_max = 3;
const simulated_timers_poll_ms = 5;
const gateway_folder = join(import.meta.dirname, '..', 'gateway', 'migrations');

export interface UpOptions {
  readonly settings: Settings;
  readonly services: readonly string[];
  /** The stand-ins of third parties run in this process. */
  readonly with_sandbox: boolean;
  readonly with_door: boolean;
  readonly with_metrics: boolean;
  readonly clock?: Clock;
  /** For tests in which third parties answer too late: nobody waits half a minute for that. */
  readonly third_party_timeout_ms?: number;
  readonly say?: (line: string) => void;
  readonly findings?: () => ReturnType<Parameters<typeof desk_routes>[0]['findings']>;
}

export interface Up {
  readonly settings: Settings;
  readonly runtimes: ReadonlyMap<string, Runtime>;
  readonly areas: ReadonlyMap<string, Area>;
  readonly door: Door | undefined;
  readonly sandbox: Sandbox | undefined;
  readonly metrics_port: number | undefined;
  readonly first_keys: FirstKeys;
  /** An owner's connection: for the auditor and the seeds, never for a service. */
  readonly admin_url: string;
  readonly gateway_pool: pg.Pool;
  readonly logger: Logger;
  url_of(service: string): string;
  stop(): Promise<void>;
}

export async function bring_up(options: UpOptions): Promise<Up> {
  const say = options.say ?? (() => undefined);
  const stops: (() => Promise<unknown>)[] = [];
  // Undone in reverse: what started last stops first.
  const stop = async () => {
    for (const undo of stops.splice(0).reverse()) await undo();
  };
  try {
    return await assemble(options, say, stops, stop);
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

async function assemble(
  options: UpOptions,
  say: (line: string) => void,
  stops: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<Up> {
  const { settings } = options;
  const logger = create_logger(settings.log_level, 'cartwright');
  const clock = options.clock ?? real_clock;
  await mkdir(settings.data_folder, { recursive: true });
  const embedded_url = await embedded_database(settings, say, stops);
  const url_of = (service: string) => database_url_of(settings, embedded_url, service as ServiceName | 'gateway');
  const signing_secret = settings.signing_secret ?? (await kept_secret(settings, 'signing_secret'));

  const sandbox = options.with_sandbox ? await start_sandbox(settings) : undefined;
  if (sandbox !== undefined) stops.push(sandbox.stop);
  const areas = compose({
    settings,
    signing_secret,
    third_parties: {
      ...third_parties(settings, Object.fromEntries((sandbox?.stand_ins ?? []).map(one => [one.name, one.url]))),
      timeout_ms: options.third_party_timeout_ms,
    },
    clock,
  });
  const ran = await migrate_all(areas, url_of);
  if (ran.length > 0) say(`${ran.length} migrations applied`);

  const gateway_pool = open_pool(url_of('gateway'), role_of('gateway'), 6);
  stops.push(() => gateway_pool.end());
  const fresh = ids(clock, real_random);
  const first_keys = await ensure_first_keys(gateway_pool, {
    clock,
    fresh_id: fresh.fresh,
    ...(settings.secret_key === undefined ? {} : { secret_key: settings.secret_key }),
    ...(settings.publishable_key === undefined ? {} : { publishable_key: settings.publishable_key }),
    ...(settings.admin_password === undefined ? {} : { admin_password: settings.admin_password }),
  });
  const tails = new Map<string, Tail>();
  const vault_of = await open_vaults(settings, areas, url_of);
  const runtimes = await start_runtimes(options, { areas, url_of, logger, clock, tails, vault_of });
  stops.push(() => Promise.all([...runtimes.values()].map(runtime => runtime.stop())));
  const analytics = options.services.includes('analytics')
    ? await start_olap({ areas, url_of, logger, clock, tails, vault_of }, settings, stops)
    : undefined;
  const admission = admission_of(runtimes);
  stops.push(admission.stop);

  const personal_data = routes_of_personal_data({ runtimes, gateway_pool, clock, url_of, vault_of });
  stops.push(personal_data.stop);
  const door = options.with_door
    ? await start_door({
        options,
        areas,
        runtimes,
        analytics,
        more: personal_data.routes,
        gateway_pool,
        signing_secret,
        logger,
        clock,
        admit: admission.admit,
        fresh_id: fresh.fresh,
      })
    : undefined;
  if (door !== undefined) stops.push(door.close);
  if (door !== undefined && sandbox !== undefined) await sandbox.aim(door.url);
  const metrics = options.with_metrics ? await serve_metrics(metrics_registry(runtimes), settings.host, settings.metrics_port) : undefined;
  if (metrics !== undefined) stops.push(metrics.stop);
  return {
    settings,
    runtimes,
    areas,
    door,
    sandbox,
    metrics_port: metrics?.port,
    first_keys,
    admin_url: url_of('gateway'),
    gateway_pool,
    logger,
    url_of,
    stop,
  };
}

async function embedded_database(
  settings: Settings,
  say: (line: string) => void,
  stops: (() => Promise<unknown>)[],
): Promise<string | undefined> {
  const all_elsewhere =
    settings.database_url !== undefined ||
    ['orders', 'inventory', 'payments', 'shipping', 'suppliers', 'gateway'].every(name => name in settings.service_database_urls);
  if (all_elsewhere) return undefined;
  const postgres = await start_postgres({ data_dir: join(settings.data_folder, 'postgres'), say });
  stops.push(postgres.stop);
  return postgres.local_url;
}

/** Each database gets the schemas that live in it, and of the others nothing. */
async function migrate_all(areas: ReadonlyMap<string, Area>, url_of: (service: string) => string): Promise<string[]> {
  const schemas: (Schema & { url: string })[] = [
    ...[...areas.values()].map(area => ({
      name: area.service.name,
      folder: area.migrations_folder,
      has_log: true,
      url: url_of(area.service.name),
    })),
    { name: 'analytics', has_log: false, url: url_of('analytics') },
    { name: 'gateway', folder: gateway_folder, has_log: false, url: url_of('gateway') },
  ];
  const names = schemas.map(({ name }) => name);
  const ran: string[] = [];
  for (const [url, list] of Map.groupBy(schemas, schema => schema.url)) ran.push(...(await migrate(url, with_vault(list, names), names)));
  return ran;
}

/** Keys live where the sealed events do; who opens them may live elsewhere. */
function with_vault(list: readonly Schema[], names: readonly string[]): readonly Schema[] {
  const local = new Set(list.map(({ name }) => name));
  if (![...local].some(name => key_use_of(name) === 'make')) return list;
  const users = names.flatMap((name): [string, KeyUse][] => {
    const use = key_use_of(name);
    return use === undefined ? [] : [[name, local.has(name) ? use : 'open']];
  });
  return [vault_schema(new Map(users)), ...list];
}

interface Ground {
  readonly areas: ReadonlyMap<string, Area>;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly tails: Map<string, Tail>;
  url_of(service: string): string;
  vault_of(database_url: string): Vault;
}

async function start_runtimes(
  options: UpOptions,
  { areas, url_of, logger, clock, tails, vault_of }: Ground,
): Promise<Map<string, Runtime>> {
  const source_urls = Object.fromEntries(publishers.map(name => [name, url_of(name)]));
  const started = await Promise.all(
    options.services
      .flatMap(name => areas.get(name) ?? [])
      .map(area =>
        start_runtime({
          service: area.service,
          url: url_of(area.service.name),
          source_urls,
          heard: heard_by(area.service),
          vault: service_vault({ url: url_of(area.service.name), source_urls, opens: opened_types(area.service.name), vault_of }),
          tails,
          adapters: area.adapters,
          clock,
          waiting: real_clock,
          random: real_random,
          logger,
          problem_reply,
          ...(options.clock === undefined ? {} : { timers_poll_ms: simulated_timers_poll_ms }),
        }),
      ),
  );
  return new Map(started.map(runtime => [runtime.service.name, runtime]));
}

/** Analytics decides nothing: it reads every log and keeps its own store. */
async function start_olap(
  { url_of, logger, clock, tails }: Ground,
  settings: Settings,
  stops: (() => Promise<unknown>)[],
): Promise<Analytics> {
  const pools = new Map<string, pg.Pool>();
  const readers = publishers.map(source => {
    const pool = pools.get(url_of(source)) ?? open_pool(url_of(source), role_of('analytics'), analytics_pool_max);
    pools.set(url_of(source), pool);
    const reader = table_log(source, pool);
    return tails.has(source) ? tail_of(tails, source).wrap(reader, real_clock.now_ms) : reader;
  });
  const analytics = await start_analytics({ readers, folder: join(settings.data_folder, 'analytics'), clock, waiting: real_clock, logger });
  const unlisten = [...tails.values()].map(tail => tail.on_append(() => analytics.poke()));
  stops.push(async () => {
    for (const stop_listening of unlisten) stop_listening();
    await analytics.stop();
    await Promise.all([...pools.values()].map(pool => pool.end()));
  });
  return analytics;
}

interface DoorParts {
  readonly options: UpOptions;
  readonly areas: ReadonlyMap<string, Area>;
  readonly runtimes: ReadonlyMap<string, Runtime>;
  readonly analytics: Analytics | undefined;
  readonly more: readonly Route[];
  readonly gateway_pool: pg.Pool;
  readonly signing_secret: string;
  readonly logger: Logger;
  readonly clock: Clock;
  admit(): { admitted: boolean; retry_after_s: number };
  fresh_id(prefix: string): string;
}

async function start_door(parts: DoorParts): Promise<Door> {
  const { settings } = parts.options;
  try {
    return await open_door({
      routes: routes_of(parts),
      pool: parts.gateway_pool,
      clock: real_clock,
      logger: parts.logger,
      fresh_id: parts.fresh_id,
      admit: parts.admit,
      settings: {
        host: settings.host,
        port: settings.port,
        server_secret: parts.signing_secret,
        ...(settings.port === 0 ? {} : { base_url: settings.public_url }),
      },
    });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    throw Object.assign(
      new Error(`port ${settings.port} on ${settings.host} is taken by another program: stop it, or set PORT to another one`, { cause }),
      { code: 'port_busy' },
    );
  }
}

function routes_of({ options, areas, runtimes, analytics, more, gateway_pool, clock }: DoorParts): Route[] {
  const services: DeskService[] = [...runtimes.values()].map(runtime => desk_service(runtime));
  return [
    ...[...runtimes.values()].flatMap(runtime => areas.get(runtime.service.name)?.routes(runtime.desk) ?? []),
    ...desk_routes({ services, now: clock.now, findings: options.findings ?? (() => ({ at: null, checked: 0, findings: [] })) }),
    ...(analytics === undefined ? [] : analytics_routes(analytics, clock)),
    ...more,
    ...timeline_routes({ logs: new Map(publishers.map(name => [name, gateway_pool])) }),
  ];
}

/** The two commands of the desk that every service with exceptions or operations understands. */
function desk_service(runtime: Runtime): DeskService {
  const { service, desk } = runtime;
  return {
    name: service.name,
    pool: runtime.pool,
    lags: runtime.lags,
    ...('resolve_exception' in service.commands
      ? {
          async resolve_exception(request, exception_id, subject, note, done) {
            // Orders calls its subject by its name.
            const command = { type: 'resolve_exception', exception_id, subject, order_id: subject, note };
            return reply_of(await desk.submit(command as never, { request, respond: () => done }));
          },
        }
      : {}),
    ...('settle_operation' in service.commands
      ? {
          async resolve_operation(request, op_id, outcome, evidence, done) {
            const [operation] = await desk.query<{ subject: string }>(
              'operation.subject',
              `select subject from ${service.name}.operations where op_id = $1`,
              [op_id],
            );
            const command = { type: 'settle_operation', op_id, subject: operation?.subject, outcome, evidence };
            return reply_of(await desk.submit(command as never, { request, respond: () => done }));
          },
        }
      : {}),
  };
}

function reply_of(submitted: { readonly reply?: Reply }): Reply {
  if (submitted.reply === undefined) throw new Error('a command of the desk was answered without a reply');
  return submitted.reply;
}

/** New orders wait outside while what was accepted is more than a few seconds behind. */
function admission_of(runtimes: ReadonlyMap<string, Runtime>): {
  admit(): { admitted: boolean; retry_after_s: number };
  stop(): Promise<void>;
} {
  let lag_s = 0;
  const stopping = new AbortController();
  const watch = async () => {
    while (!stopping.signal.aborted) {
      const lags = await Promise.all([...runtimes.values()].map(runtime => runtime.lags().catch(() => [])));
      lag_s = Math.max(0, ...lags.flat().map(lag => lag.seconds));
      await real_clock.sleep(lag_poll_ms, stopping.signal);
    }
  };
  const watching = watch();
  return {
    admit: () => ({ admitted: lag_s <= admission_lag_max_s, retry_after_s: Math.max(1, Math.ceil(lag_s - admission_lag_max_s)) }),
    async stop() {
      stopping.abort();
      await watching;
    },
  };
}
