/** `start gateway`: no services here. The routes of all of them as data, each handed on to the process that serves it. */
import { live_route } from '../gateway/live.ts';
import { personal_data_routes } from '../gateway/personal_data.ts';
import { forward } from '../gateway/proxy.ts';
import { remote_desk_routes, remote_vitals } from '../gateway/remote_desk.ts';
import { timeline_routes } from '../gateway/timeline.ts';
import { type Upstream, upstream } from '../gateway/upstream.ts';
import { real_clock } from '../platform/clock.ts';
import type { Route } from '../platform/route.ts';
import { analytics_routes } from '../services/analytics/routes.ts';
import { analyst_routes } from '../services/analytics/routes_analyst.ts';
import { rebuild_routes } from '../services/analytics/routes_rebuild.ts';
import type { AnyDesk } from './compose.ts';
import { type DoorParts, exceptions_of, type Face, of_service } from './doors.ts';
import { sandbox_route } from './sandbox_guide.ts';
import { gateway_settings, type Settings } from './settings.ts';

export interface GatewayFace extends Face {
  close(): Promise<void>;
}

export function gateway_face(parts: DoorParts): GatewayFace {
  const { settings, logger, logs, clock } = parts;
  const upstreams = upstreams_of(settings, parts);
  const by_service = new Map(upstreams.flatMap(one => one.services.map(service => [service, one] as const)));
  const vitals = () => remote_vitals({ upstreams, logger }, parts.fresh_id);
  return {
    routes: [
      ...remote_routes(parts),
      ...remote_desk_routes({ upstreams, logger, now: clock.now, findings: parts.findings, ...exceptions_of(parts.webhooks) }),
      ...timeline_routes({ logs }),
      ...(parts.webhooks?.routes ?? []),
      live_route({ clock: real_clock, logger, logs, vitals }),
      ...(settings.sandbox ? [sandbox_route(parts.stand_ins)] : []),
    ],
    forward(handing) {
      const to = by_service.get(handing.route.service ?? '');
      return to === undefined ? undefined : forward(to, handing);
    },
    close: async () => void (await Promise.all(upstreams.map(one => one.close()))),
  };
}

/** One pool a process: services with the same address are one. */
function upstreams_of(settings: Settings, { logger }: DoorParts): Upstream[] {
  const { secret, urls } = gateway_settings(settings);
  const services_at = Map.groupBy(Object.entries(urls), ([, url]) => url);
  return [...services_at].map(([url, named]) =>
    upstream({ url, services: named.map(([service]) => service), secret, clock: real_clock, logger }),
  );
}

/** As their own processes mount them, so that both know the same addresses; nobody here handles them. */
function remote_routes({ areas }: DoorParts): Route[] {
  const nobody = new Proxy({}, { get: elsewhere }) as AnyDesk;
  return [
    ...[...areas].flatMap(([service, area]) => of_service(service, area.routes(nobody))),
    ...of_service('analytics', [
      ...analytics_routes(nobody as never, { now: elsewhere }),
      ...analyst_routes(nobody as never, { note: elsewhere }),
      ...rebuild_routes(nobody as never, { note: elsewhere }),
    ]),
    ...of_service('orders', personal_data_routes(nobody as never)),
  ];
}

function elsewhere(): never {
  throw new Error('a route of a service was handled in the gateway instead of being handed on');
}
