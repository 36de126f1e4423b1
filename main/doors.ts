/** What this process shows to the outside: the public door of its services, the inner one behind a gateway, or the gateway's. */
import type pg from 'pg';
import { append_audit, audit_entry } from '../gateway/audit_log.ts';
import { audited } from '../gateway/audited.ts';
import type { Behind } from '../gateway/behind.ts';
import { type DeskPorts, type DeskService, desk_routes } from '../gateway/desk.ts';
import { type Door, type DoorGiven, open_door } from '../gateway/door.ts';
import { live_route } from '../gateway/live.ts';
import { mount_pages } from '../gateway/pages.ts';
import { transaction } from '../gateway/store.ts';
import { timeline_routes } from '../gateway/timeline.ts';
import { type Patient, vitals_of, vitals_route } from '../gateway/vitals.ts';
import type { Webhooks } from '../gateway/webhooks/webhooks.ts';
import { type Clock, real_clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Reply, Route } from '../platform/route.ts';
import type { Runtime } from '../platform/runtime.ts';
import { analytics_routes } from '../services/analytics/routes.ts';
import { type AnalystGiven, analyst_routes } from '../services/analytics/routes_analyst.ts';
import { rebuild_routes } from '../services/analytics/routes_rebuild.ts';
import type { Analytics } from '../services/analytics/service.ts';
import type { Area } from './compose.ts';
import { demo_publishable_key } from './demo_keys.ts';
import { sites } from './pages.ts';
import { type NamedUrl, sandbox_route } from './sandbox_guide.ts';
import type { Settings } from './settings.ts';

/** Of the demo catalog's prices (seed.ts). */
const demo_currency = 'GBP';

export interface DoorParts {
  readonly settings: Settings;
  readonly areas: ReadonlyMap<string, Area>;
  readonly runtimes: ReadonlyMap<string, Runtime>;
  readonly analytics: Analytics | undefined;
  /** Outgoing webhooks: served where strangers come in. */
  readonly webhooks: Webhooks | undefined;
  /** A person's data from all services; served where orders runs. */
  readonly personal_data: readonly Route[];
  readonly gateway_pool: pg.Pool;
  /** Per service with a log, a pool that may read it. */
  readonly logs: ReadonlyMap<string, pg.Pool>;
  /** As this process reaches them. */
  readonly stand_ins: readonly NamedUrl[];
  readonly signing_secret: string;
  readonly logger: Logger;
  readonly clock: Clock;
  findings: DeskPorts['findings'];
  admit(): { admitted: boolean; retry_after_s: number };
  fresh_id(prefix: string): string;
}
/** What one kind of door shows, and how. */
export type Face = Pick<DoorGiven, 'routes' | 'forward' | 'behind'>;

export async function start_door(parts: DoorParts, face: Face): Promise<Door> {
  const { settings } = parts;
  try {
    return await open_door({
      ...face,
      ...(face.behind === undefined ? { extend: server => mount_pages(server, { sites, shop_config: () => shop_config(settings) }) } : {}),
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
        ...(settings.cors_origins.length === 0 ? {} : { cors_origins: settings.cors_origins }),
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

/** Nobody's secret: what any page that sells would have in its source. In earnest a shop is its owner's own page, with a key of his. */
async function shop_config(settings: Settings): Promise<{ publishable_key: string; currency: string; api: string } | undefined> {
  const publishable_key = settings.sandbox ? await demo_publishable_key(settings) : undefined;
  return publishable_key === undefined ? undefined : { publishable_key, currency: demo_currency, api: '/v1' };
}

/** For anybody who may: the routes of this process's services, their desk, and what reads the logs. */
export function own_face(parts: DoorParts): Face {
  const { logger, logs } = parts;
  const vitals = () => own_vitals(parts);
  return {
    routes: [
      ...audited_routes(parts),
      ...timeline_routes({ logs }),
      ...(parts.webhooks?.routes ?? []),
      live_route({ clock: real_clock, logger, logs, vitals: async () => ({ found: await vitals(), unavailable: [] }) }),
      ...(parts.settings.sandbox ? [sandbox_route(parts.stand_ins)] : []),
    ],
  };
}

/** For a gateway: what it cannot read itself. */
export function inner_face(parts: DoorParts, secrets: readonly string[]): Face {
  const audiences = [...parts.runtimes.keys(), ...(parts.analytics === undefined ? [] : ['analytics'])];
  const behind: Behind = { secrets, audiences };
  return { routes: [...audited_routes(parts), vitals_route(() => own_vitals(parts))], behind };
}

/** In the process that does the deed, not in a gateway that hands it on. */
function audited_routes(parts: DoorParts): Route[] {
  return audited([...service_routes(parts), ...own_desk(parts)], { pool: parts.gateway_pool, clock: real_clock });
}

/** Each marked with its service: what a gateway's token must name. */
function service_routes({ areas, runtimes, analytics, personal_data, clock, gateway_pool }: DoorParts): Route[] {
  return [
    ...[...runtimes.values()].flatMap(({ service, desk }) => of_service(service.name, areas.get(service.name)?.routes(desk) ?? [])),
    ...(analytics === undefined ? [] : of_service('analytics', analytics_faces(analytics, clock, gateway_pool))),
    ...of_service('orders', personal_data),
  ];
}

function analytics_faces(analytics: Analytics, clock: Clock, gateway_pool: pg.Pool): Route[] {
  const given: AnalystGiven = {
    note: (request, action, object, after) =>
      transaction(gateway_pool, client => append_audit(client, audit_entry(real_clock, request, action, object, { after }))),
  };
  return [...analytics_routes(analytics, clock), ...analyst_routes(analytics, given), ...rebuild_routes(analytics, given)];
}

export function of_service(service: string, routes: readonly Route[]): Route[] {
  return routes.map(route => ({ ...route, service }));
}

function own_desk({ runtimes, analytics, clock, findings, webhooks }: DoorParts): Route[] {
  const services = [...runtimes.values()].map(desk_service);
  const listeners = analytics === undefined ? [] : [{ name: 'analytics', lags: analytics.lags }];
  return desk_routes({ services, listeners, now: clock.now, findings, ...exceptions_of(webhooks) });
}

export function exceptions_of(webhooks: Webhooks | undefined): Pick<DeskPorts, 'exceptions'> {
  return webhooks === undefined ? {} : { exceptions: webhooks.exceptions };
}

function own_vitals({ runtimes, analytics, clock }: DoorParts): Promise<Awaited<ReturnType<typeof vitals_of>>[]> {
  const patients: Patient[] = [...runtimes.values()].map(({ service, pool, lags }) => ({ name: service.name, pool, lags }));
  if (analytics !== undefined) patients.push({ name: 'analytics', lags: analytics.lags });
  return Promise.all(patients.map(patient => vitals_of(patient, clock.now())));
}

/** The two commands of the desk that every service with exceptions or operations understands. */
function desk_service(runtime: Runtime): DeskService {
  const { service, desk } = runtime;
  return {
    name: service.name,
    pool: runtime.pool,
    lags: runtime.lags,
    providers: runtime.providers,
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
