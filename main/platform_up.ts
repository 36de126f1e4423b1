/** Brings up any subset of the services in this process: database, migrations, runtimes, door, metrics. What `up`, `start`, the tests and the bench share. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { opened_types } from '../contracts/personal.ts';
import type { DeskPorts } from '../gateway/desk.ts';
import type { Door } from '../gateway/door.ts';
import { ensure_first_keys, type FirstKeys } from '../gateway/first_keys.ts';
import { type Clock, real_clock } from '../platform/clock.ts';
import { open_pool, role_of } from '../platform/database.ts';
import { ids } from '../platform/ids.ts';
import { create_logger, type Logger } from '../platform/logger.ts';
import { migrate, type Schema } from '../platform/migrate.ts';
import { start_postgres } from '../platform/postgres/launcher.ts';
import { real_random } from '../platform/random.ts';
import { problem_reply } from '../platform/rejections.ts';
import { type Runtime, start_runtime } from '../platform/runtime.ts';
import type { Tail } from '../platform/tail.ts';
import { type KeyUse, vault_schema } from '../platform/vault/schema.ts';
import { service_vault, type Vault } from '../platform/vault/vault.ts';
import type { Batching } from '../services/analytics/batch.ts';
import type { Analytics } from '../services/analytics/service.ts';
import { type Area, compose, heard_by, key_use_of, publishers } from './compose.ts';
import { type DoorParts, type Face, inner_face, own_face, start_door } from './doors.ts';
import { gateway_face } from './gateway.ts';
import { metrics_registry, serve_metrics } from './metrics.ts';
import { start_olap } from './olap.ts';
import { routes_of_personal_data } from './personal_data.ts';
import { type Sandbox, stand_ins_elsewhere, start_sandbox, third_parties } from './sandbox.ts';
import { kept_secret, master_key_of, open_vaults } from './secrets.ts';
import { behind_settings, database_url_of, type ServiceName, type Settings } from './settings.ts';
import { open_webhooks } from './webhooks.ts';

export const admission_lag_max_s = 5;
const lag_poll_ms = 500;
const log_pool_max = 3;
const simulated_timers_poll_ms = 15;
const gateway_folder = join(import.meta.dirname, '..', 'gateway', 'migrations');

export interface UpOptions {
  readonly settings: Settings;
  readonly services: readonly string[];
  /** The stand-ins of third parties run in this process. */
  readonly with_sandbox: boolean;
  readonly with_door: boolean;
  /** What the door shows. Absent: these services, to anybody who may. `gateway`: all services, elsewhere. `inner`: these, to a gateway only. */
  readonly face?: 'gateway' | 'inner';
  readonly with_metrics: boolean;
  readonly clock?: Clock;
  readonly analytics_batching?: Partial<Batching>;
  /** For tests in which third parties answer too late: nobody waits half a minute for that. */
  readonly third_party_timeout_ms?: number;
  readonly say?: (line: string) => void;
  readonly findings?: DeskPorts['findings'];
}

export interface Up {
  readonly settings: Settings;
  readonly runtimes: ReadonlyMap<string, Runtime>;
  readonly areas: ReadonlyMap<string, Area>;
  readonly analytics: Analytics | undefined;
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
      timeout_ms: options.third_party_timeout_ms ?? settings.third_party_timeout_ms,
    },
    clock,
  });
  const ran = await migrate_all(areas, url_of);
  if (ran.length > 0) say(`${ran.length} migrations applied`);

  const gateway_pool = open_pool(url_of('gateway'), role_of('gateway'), 6);
  stops.push(() => gateway_pool.end());
  const fresh = ids(clock, real_random);
  // Behind a gateway keys are not this process's to make.
  const first_keys =
    options.face === 'inner' ? {} : await ensure_first_keys(gateway_pool, { clock, fresh_id: fresh.fresh, ...given_keys(settings) });
  const tails = new Map<string, Tail>();
  const vault_of = await open_vaults(settings, areas, url_of);
  const runtimes = await start_runtimes(options, { areas, url_of, logger, clock, tails, vault_of });
  stops.push(() => Promise.all([...runtimes.values()].map(runtime => runtime.stop())));
  await begin(areas, runtimes, fresh.fresh('sta'));
  const analytics = options.services.includes('analytics')
    ? await start_olap({ url_of, logger, clock, tails, settings, batching: options.analytics_batching }, stops)
    : undefined;
  const admission = admission_of(runtimes);
  stops.push(admission.stop);

  const personal_data = routes_of_personal_data({ runtimes, gateway_pool, clock, url_of, vault_of, data_folder: settings.data_folder });
  stops.push(personal_data.stop);
  const logs = options.with_door ? log_pools(url_of, gateway_pool, stops) : new Map<string, pg.Pool>();
  // Wherever strangers come in; several such processes share the work.
  const hooks =
    options.with_door && options.face !== 'inner'
      ? open_webhooks({
          settings,
          gateway_pool,
          logs,
          tails,
          master_key: await master_key_of(settings),
          signing_secret,
          clock,
          logger,
          fresh_id: fresh.fresh,
          base_url: () => (settings.port === 0 ? (door?.url ?? settings.public_url) : settings.public_url),
        })
      : undefined;
  const door: Door | undefined = options.with_door
    ? await open_for(
        options.face,
        {
          settings,
          areas,
          runtimes,
          analytics,
          personal_data: personal_data.routes,
          gateway_pool,
          webhooks: hooks,
          logs,
          stand_ins: sandbox?.stand_ins ?? stand_ins_elsewhere(settings),
          signing_secret,
          logger,
          clock,
          findings: options.findings ?? (() => ({ at: null, checked: 0, findings: [], left_out: [] })),
          admit: admission.admit,
          fresh_id: fresh.fresh,
        },
        stops,
      )
    : undefined;
  if (door !== undefined && sandbox !== undefined) await sandbox.aim(door.url);
  if (hooks !== undefined) {
    hooks.start();
    stops.push(hooks.stop);
  }
  const metrics = options.with_metrics
    ? await serve_metrics(metrics_registry(runtimes, hooks), settings.host, settings.metrics_port)
    : undefined;
  if (metrics !== undefined) stops.push(metrics.stop);
  return {
    settings,
    runtimes,
    areas,
    analytics,
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

function given_keys({ secret_key, publishable_key, admin_password }: Settings): FirstKeys {
  return {
    ...(secret_key === undefined ? {} : { secret_key }),
    ...(publishable_key === undefined ? {} : { publishable_key }),
    ...(admin_password === undefined ? {} : { admin_password }),
  };
}

/** Listens when it returns. */
async function open_for(kind: UpOptions['face'], parts: DoorParts, stops: (() => Promise<unknown>)[]): Promise<Door> {
  let face: Face;
  if (kind === 'gateway') {
    const { close, ...rest } = gateway_face(parts);
    stops.push(close);
    face = rest;
  } else face = kind === 'inner' ? inner_face(parts, behind_settings(parts.settings)) : own_face(parts);
  const door = await start_door(parts, face);
  stops.push(door.close);
  return door;
}

/** The logs as the gateway may read them, each in its service's database. */
function log_pools(url_of: (service: string) => string, gateway_pool: pg.Pool, stops: (() => Promise<unknown>)[]): Map<string, pg.Pool> {
  const by_url = new Map([[url_of('gateway'), gateway_pool]]);
  return new Map(
    publishers.map(service => {
      const url = url_of(service);
      const known = by_url.get(url);
      if (known !== undefined) return [service, known];
      const pool = open_pool(url, role_of('gateway'), log_pool_max);
      stops.push(() => pool.end());
      by_url.set(url, pool);
      return [service, pool];
    }),
  );
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

/** Each database gets the schemas that live in it; the roles of the others may read its logs. */
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
          haste: options.settings.third_party_haste,
          ...(options.clock === undefined ? {} : { timers_poll_ms: simulated_timers_poll_ms }),
        }),
      ),
  );
  return new Map(started.map(runtime => [runtime.service.name, runtime]));
}

/** What is to happen without anybody asking for it. */
async function begin(areas: ReadonlyMap<string, Area>, runtimes: ReadonlyMap<string, Runtime>, cause: string): Promise<void> {
  for (const [name, runtime] of runtimes)
    for (const [index, command] of (areas.get(name)?.begins ?? []).entries()) {
      const began = await runtime.front.submit({ command, cause: `${cause}#${index}`, actor: 'system' });
      if (began.result === 'failed') throw began.error;
    }
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
