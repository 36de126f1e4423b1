/** The composition root's list: every service, what it needs from the outside, where its migrations are. A new service is one entry. */
import { contracts_of, event_contracts, is_event_type } from '../contracts/index.ts';
import { is_sealing, opened_types } from '../contracts/personal.ts';
import type { Check } from '../platform/adapters/check.ts';
import type { AnyService } from '../platform/batch.ts';
import type { Clock } from '../platform/clock.ts';
import type { Desk, Route } from '../platform/route.ts';
import type { Adapter, Command, Event, Rejection, States } from '../platform/service.ts';
import type { KeyUse } from '../platform/vault/schema.ts';
import { inventory_area } from './areas/inventory.ts';
import { orders_area } from './areas/orders.ts';
import { payments_area } from './areas/payments.ts';
import { shipping_area } from './areas/shipping.ts';
import { suppliers_area } from './areas/suppliers.ts';
import type { Settings } from './settings.ts';

/** Third parties as this process reaches them: the live hosts, or the sandbox's stand-ins. */
export interface ThirdParties {
  readonly stripe: { readonly base_url: string; readonly secret_key: string; readonly webhook_secret: string };
  readonly easypost: { readonly base_url: string; readonly api_key: string; readonly webhook_secret: string };
  readonly purolator: {
    readonly base_url: string;
    readonly key: string;
    readonly password: string;
    readonly account: string;
    /** It sends no webhooks: the stand-in, which delivers in seconds, is asked sooner. */
    readonly poll_first_ms?: number;
  };
  readonly supplier: { readonly base_url: string; readonly secret: string };
  readonly cybersource: {
    readonly base_url: string;
    readonly merchant_id: string;
    readonly key_pem: string;
    readonly certificate_pem: string;
    readonly schema_version: string;
  };
  /** Undefined: no supplier can have the channel. */
  readonly x12: {
    readonly http: { readonly url: string; readonly password: string } | undefined;
    readonly inbound_password: string | undefined;
    readonly folder: string | undefined;
  };
  /** Likewise. */
  readonly peppol: {
    readonly http: { readonly url: string; readonly password: string } | undefined;
    readonly inbound_password: string | undefined;
  };
  /** Of one operation, in real time; absent: what each adapter thinks right for its provider. */
  readonly timeout_ms?: number;
}

export interface AreaGiven {
  readonly settings: Settings;
  readonly third_parties: ThirdParties;
  readonly signing_secret: string;
  /** The one the services decide by: adapters count the age of a key, and of an unknown, from times of theirs. */
  readonly clock: Pick<Clock, 'now_ms'>;
}

export type AnyDesk = Desk<States, Command, Event, Rejection>;

/** One service as main sees it. */
export interface Area {
  readonly service: AnyService;
  readonly migrations_folder: string;
  readonly adapters: Readonly<Record<string, Adapter>>;
  /** One harmless call to each third party, for `doctor`. */
  readonly checks?: Readonly<Record<string, Check>>;
  routes(desk: AnyDesk): readonly Route[];
  /** Given at every start of a process that runs it; only the first of each counts. */
  readonly begins?: readonly Command[];
}

export const publishers = Object.keys(contracts_of);

export function compose(given: AreaGiven): ReadonlyMap<string, Area> {
  const areas = [orders_area(given), inventory_area(), payments_area(given), shipping_area(given), suppliers_area(given)];
  return new Map(areas.map(area => [area.service.name, area]));
}

/** Which events of which log a service hears: from its own table of reactions, so nobody keeps a second list. */
export function heard_by(service: AnyService): Record<string, string[]> {
  const heard: Record<string, string[]> = {};
  for (const type of Object.keys(service.reactions)) {
    if (!is_event_type(type)) throw new Error(`${service.name} reacts to ${type}, which no contract names`);
    const source = event_contracts[type].service;
    heard[source] = [...(heard[source] ?? []), type];
  }
  return heard;
}

/** What a service does with the keys of persons' data; undefined: nothing. */
export function key_use_of(service: string): KeyUse | undefined {
  if (is_sealing(service)) return 'make';
  return opened_types(service).length > 0 ? 'open' : undefined;
}
