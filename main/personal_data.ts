/** A person's data from every service that holds some: composed here, because no service knows another. */
import type pg from 'pg';
import { opened_by } from '../contracts/personal.ts';
import { type PersonalDataPorts, personal_data_routes } from '../gateway/personal_data.ts';
import type { Clock } from '../platform/clock.ts';
import { open_pool, role_of } from '../platform/database.ts';
import { Problem, type Route } from '../platform/route.ts';
import type { Runtime } from '../platform/runtime.ts';
import type { Event, Json, Logged, Row } from '../platform/service.ts';
import { opened, type Vault } from '../platform/vault/vault.ts';
import type { OrdersDesk } from '../services/orders/answers.ts';
import { type FoundPerson, find_person, forget_person, order_ids_of, orders_held } from '../services/orders/personal_data.ts';
import { payments_held_sql } from '../services/payments/personal_data.ts';
import { shipments_held_sql } from '../services/shipping/personal_data.ts';
import { archived_events } from './archive/by_key.ts';

export interface PersonalDataGiven {
  readonly runtimes: ReadonlyMap<string, Runtime>;
  readonly gateway_pool: pg.Pool;
  readonly clock: Clock;
  url_of(service: string): string;
  vault_of(database_url: string): Vault;
  /** Where the archive is. */
  readonly data_folder: string;
}
/** Services whose logs hold something sealed. */
const sealing = ['orders', 'shipping'] as const;

/** Where orders runs; what other processes keep is read from their database. */
export function routes_of_personal_data(given: PersonalDataGiven): { routes: Route[]; stop(): Promise<unknown> } {
  const { runtimes, gateway_pool, clock } = given;
  const orders = runtimes.get('orders');
  if (orders === undefined) return { routes: [], stop: async () => undefined };
  // The desk of the runtime of orders is that of orders.
  const desk = orders.desk as unknown as OrdersDesk;
  const own: pg.Pool[] = [];
  const pool_of = (service: string): pg.Pool => {
    const running = runtimes.get(service)?.pool;
    if (running !== undefined) return running;
    const pool = open_pool(given.url_of(service), role_of(service), 1);
    own.push(pool);
    return pool;
  };
  const [payments, shipping] = [pool_of('payments'), pool_of('shipping')];
  const ports: PersonalDataPorts<FoundPerson> = {
    pool: gateway_pool,
    clock,
    find: ref => find_person(desk, ref),
    erase: (person, request) => forget_person(desk, person, request),
    async collect({ subject, customer, customer_ref }) {
      const order_ids = await order_ids_of(desk, subject);
      const [placed, paid, shipped, ...events] = await Promise.all([
        orders_held(desk, order_ids),
        payments.query<Row>(payments_held_sql, [order_ids]),
        shipping.query<Row>(shipments_held_sql, [order_ids]),
        ...sealing.map(source => opened_events(given, orders.pool, source, order_ids)),
      ]);
      return {
        customer: { id: customer, customer_ref },
        exported_at: clock.now(),
        orders: placed,
        payments: paid.rows,
        shipments: shipped.rows,
        events: events.flat(),
      };
    },
  };
  return { routes: personal_data_routes(ports), stop: () => Promise.all(own.map(pool => pool.end())) };
}

async function opened_events(
  given: PersonalDataGiven,
  pool: pg.Pool,
  source: (typeof sealing)[number],
  order_ids: readonly string[],
): Promise<Row[]> {
  const { rows } = await pool.query<Logged<Event>>(
    `select id, type, key, time, data from ${source}.events where key = any($1) and type = any($2) and data::jsonb ? 'personal' order by position`,
    [order_ids, Object.keys(opened_by)],
  );
  const events = [...(await archived(given, pool, source, order_ids)), ...rows];
  const keys = await given.vault_of(given.url_of(source)).keys_for(pool, events);
  return events.map(event => ({
    id: event.id,
    type: event.type,
    at: event.time,
    order_id: event.key,
    // JSON, sealed as such.
    personal: (opened(event, keys) ?? null) as Json,
  }));
}

/** What was taken out of the log. A document that lacked it would look whole: there is none, then. */
async function archived(given: PersonalDataGiven, pool: pg.Pool, source: string, order_ids: readonly string[]): Promise<Logged<Event>[]> {
  try {
    const events = await archived_events({ data_folder: given.data_folder, service: source, on: pool }, order_ids);
    return events.flatMap(event => {
      // The text is what the log held: JSON.
      const data = JSON.parse(event.data) as object;
      return Object.hasOwn(opened_by, event.type) && 'personal' in data ? [{ ...event, source, data }] : [];
    });
  } catch (cause) {
    const { code } = cause as { code?: string };
    if (code !== 'archive_missing' && code !== 'archive_changed') throw cause;
    throw new Problem(
      503,
      'archive_unavailable',
      `Events of this customer are in the archive, which cannot be read here: ${(cause as Error).message}`,
    );
  }
}
