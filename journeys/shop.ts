/**
 * For the journeys: a shop with every service in one process on real PostgreSQL, the stand-ins of third parties beside it, and the API to
 * talk to. Conditions are awaited, never durations; the shop's clock can be put forward, real time keeps running under it.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { audit, type Finding } from '../auditor/auditor.ts';
import { invariants } from '../auditor/invariants.ts';
import { audit_pools } from '../auditor/watch.ts';
import { type MovableClock, movable_clock } from '../gateway/testing/door.ts';
import { bring_up, type Up, type UpOptions } from '../main/platform_up.ts';
import { read_settings, type Settings, service_list } from '../main/settings.ts';
import { fresh_database } from '../platform/postgres/test_database.ts';
import { type Api, api_of, type Order } from './api.ts';
import { type Parties, start_parties } from './parties.ts';

export const secret_key = 'sk_journeys_0123456789abcdef';
export const publishable_key = 'pk_journeys_0123456789abcdef';
const wait_max_ms = 30_000;
/** A machine that is busy with something else, or stands still, gives few looks in that time: then there are more. */
const looks_min = 400;
const look_again_ms = 15;

export interface ShopOptions {
  /** Every request through a gateway over HTTP, services behind it. Absent: as JOURNEYS_THROUGH says. */
  readonly through_gateway?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly products?: readonly ProductGiven[];
  readonly third_party_timeout_ms?: number;
  readonly deliver_after_ms?: number;
  /** No auditor runs beside it: what he would have found. */
  readonly findings?: UpOptions['findings'];
}
export interface ProductGiven {
  readonly sku: string;
  readonly amount?: number;
  readonly stocked?: boolean;
  /** Units per location; `north` and `south` exist. */
  readonly on_hand?: Readonly<Record<string, number>>;
  readonly backorder_limit?: number;
}
export interface Shop
  extends Api,
    Pick<Parties, 'stripe' | 'easypost' | 'purolator' | 'supplier' | 'cybersource' | 'x12_supplier' | 'peppol_supplier'> {
  readonly up: Up;
  readonly clock: MovableClock;
  /** The owner's connection: reads every schema. */
  readonly pool: pg.Pool;
  stock(products: readonly ProductGiven[]): Promise<void>;
}

/** Closed when the test, or the suite it is opened for, ends. */
export async function open_shop(t: { after(stop: () => Promise<void>): void }, options: ShopOptions = {}): Promise<Shop> {
  const database = await fresh_database();
  const folder = await mkdtemp(join(tmpdir(), 'cartwright-journey-'));
  const clock = movable_clock();
  const parties = await start_parties(clock.now_ms, options.deliver_after_ms);
  const settings = read_settings({
    DATABASE_URL: database.url,
    CARTWRIGHT_DATA: folder,
    PORT: '0',
    METRICS_PORT: '0',
    ...parties.env,
    CARTWRIGHT_SECRET_KEY: secret_key,
    CARTWRIGHT_PUBLISHABLE_KEY: publishable_key,
    LOG_LEVEL: 'silent',
    CARRIER: 'manual',
    MANUAL_DELIVERY_MS: '0',
    FULFILLMENT: 'auto',
    REPLENISHMENT: 'manual',
    ...options.env,
  });
  const is_behind = options.through_gateway ?? process.env['JOURNEYS_THROUGH'] === 'gateway';
  const up = await (is_behind ? up_behind_gateway : up_alone)(settings, {
    clock,
    third_party_timeout_ms: options.third_party_timeout_ms,
    findings: options.findings,
  });
  const pool = new pg.Pool({ connectionString: database.url, max: 2, options: '-c timezone=UTC' });
  t.after(async () => {
    await up.stop();
    await Promise.all([parties.stop(), pool.end()]);
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });
  const url = up.door?.url ?? '';
  await parties.aim(url);
  const api = api_of(url, secret_key);
  const { stripe, easypost, purolator, supplier, cybersource, x12_supplier, peppol_supplier } = parties;
  const shop: Shop = {
    ...api,
    stripe,
    easypost,
    purolator,
    supplier,
    cybersource,
    x12_supplier,
    peppol_supplier,
    up,
    clock,
    pool,
    stock: products => stock(api, products),
  };
  for (const [index, code] of ['north', 'south'].entries()) {
    const address = { line1: '1 Wharf Road', city: 'London', postal_code: 'N1 7AA', country: 'GB' };
    await api.put(`/v1/locations/${code}`, { name: code, priority: index + 1, address });
  }
  await shop.stock(options.products ?? [{ sku: 'LAMP', amount: 1_000, on_hand: { north: 100_000 } }]);
  return shop;
}

type UpGiven = Pick<UpOptions, 'clock' | 'third_party_timeout_ms' | 'findings'>;

async function up_alone(settings: Settings, given: UpGiven): Promise<Up> {
  return bring_up({ ...given, settings, services: service_list, with_sandbox: false, with_door: true, with_metrics: false });
}

/** Two doors, and HTTP between them; in one process, so that the journeys can still look inside. */
async function up_behind_gateway(settings: Settings, given: UpGiven): Promise<Up> {
  const secret = { internal_secrets: ['a secret of the journeys and of nobody else'] };
  const common = { with_sandbox: false, with_door: true, with_metrics: false, ...given } as const;
  const inner = await bring_up({ ...common, settings: { ...settings, ...secret }, services: service_list, face: 'inner' });
  const service_urls = Object.fromEntries(service_list.map(name => [name, inner.door?.url ?? '']));
  const gateway = await bring_up({ ...common, settings: { ...settings, ...secret, service_urls }, services: [], face: 'gateway' });
  const stop = async () => {
    await gateway.stop();
    await inner.stop();
  };
  return { ...inner, door: gateway.door, first_keys: gateway.first_keys, stop };
}

async function stock(api: Api, products: readonly ProductGiven[]): Promise<void> {
  const lines = products.map(({ sku, amount = 1_000, stocked = true }) => ({
    sku,
    name: `Product ${sku}`,
    stocked,
    prices: [{ currency: 'GBP', amount }],
  }));
  await api.import('/v1/products/import', lines);
  const levels = products.flatMap(({ sku, on_hand = {}, backorder_limit = 0 }) =>
    Object.entries(on_hand).map(([location, units]) => ({ sku, location, on_hand: units, backorder_limit })),
  );
  if (levels.length > 0) await api.import('/v1/stock/import', levels);
}

/** Looks until there is something to see, and gives it. `what` stands in the error when it never comes, with what was seen last. */
export async function until<T>(what: string, look: () => Promise<T | false | undefined> | T | false | undefined): Promise<T> {
  const end = performance.now() + wait_max_ms;
  for (let looks = 1; ; looks++) {
    const seen = await look();
    if (seen !== false && seen !== undefined) return seen;
    if (performance.now() > end && looks >= looks_min) throw new Error(`waited in vain until ${what}`);
    await pause(look_again_ms);
  }
}

/** The order once it is as wanted. When it never is, the error tells its whole story. */
export async function reached(shop: Shop, id: string, what: string, is: (order: Order) => boolean): Promise<Order> {
  try {
    return await until(`${id} is ${what}`, async () => {
      const order = await shop.order(id);
      return is(order) && order;
    });
  } catch (cause) {
    const { status, payment_status, fulfillment_status } = await shop.order(id);
    const story = (await shop.timeline(id)).map(
      ({ at, service, type, data }) => `  ${at} ${service} ${type} ${JSON.stringify(data['cause'] ?? data['reason'] ?? '')}`,
    );
    throw new Error(`${id} was never ${what} but ${status}, ${payment_status}, ${fulfillment_status}:\n${story.join('\n')}`, { cause });
  }
}
export function ended(shop: Shop, id: string, status: Order['status']): Promise<Order> {
  return reached(shop, id, status, order => order.status === status);
}

interface Blocked {
  readonly service: string;
  readonly source: string;
  readonly key: string;
  readonly reason: string;
  readonly quarantined: boolean;
}

/**
 * Nothing runs, nothing is due, everybody has heard everything, no parked event is tried again. Operations that wait for somebody outside, and unknown ones,
 * may stay; so may the watches of providers (their subject is the provider), which ask one that is silent again and again. Returns what was seen parked.
 */
export async function rest(shop: Shop): Promise<Blocked[]> {
  let before = '';
  let calm = 0;
  const parked = new Map<string, Blocked>();
  await until('the shop is at rest', async () => {
    const runtimes = [...shop.up.runtimes.values()];
    const seen = await Promise.all(
      runtimes.map(async ({ service: { name }, lags }) => {
        const { rows } = await shop.pool.query<{ head: string; busy: boolean; blocked: Blocked[] }>(
          `select (select coalesce(max(position), 0) from ${name}.events) as head,
                  exists (select 1 from ${name}.operations where subject <> provider
                             and (state = 'requested' or state = 'sent' and not waiting or state = 'unknown' and next_at <= $1))
               or exists (select 1 from ${name}.timers where due_at <= $1) as busy,
                  (select coalesce(json_agg(json_build_object('service', '${name}', 'source', source, 'key', key, 'reason', reason, 'quarantined', quarantined)), '[]')
                     from ${name}.blocked) as blocked`,
          [shop.clock.now()],
        );
        const blocked = rows[0]?.blocked ?? [];
        for (const one of blocked) parked.set(`${name} ${one.source} ${one.key}`, one);
        const behind = (await lags()).some(lag => lag.events > 0);
        return `${name} ${rows[0]?.head} ${rows[0]?.busy === true || behind || blocked.some(({ quarantined }) => !quarantined)}`;
      }),
    );
    const now = seen.join();
    calm = now === before && !now.includes('true') ? calm + 1 : 0;
    before = now;
    return calm >= 2;
  });
  return [...parked.values()];
}

/** At rest: no event was parked, and the auditor finds nothing in the tables, the logs and the stand-ins' ledgers. */
export async function sound(shop: Shop): Promise<void> {
  assert.deepEqual(await rest(shop), [], 'these could not be handled');
  assert.deepEqual(await findings(shop), []);
}

async function findings(shop: Shop): Promise<Finding[]> {
  const pools = audit_pools(shop.up.url_of);
  try {
    const ledgers = new Map(
      [shop.stripe, shop.easypost, shop.purolator, shop.supplier, shop.cybersource, shop.x12_supplier].map(
        party => [party.name, party.ledger()] as const,
      ),
    );
    const lines = await audit({ pool_of: pools.pool_of, ledgers, now: shop.clock.now(), at_rest: true, incremental: false }, invariants);
    return lines.flatMap(line => line.findings);
  } finally {
    await pools.end();
  }
}

/** A name nobody else uses. */
export function fresh(prefix: string): string {
  return `${prefix}-${randomUUID()}`;
}
