/** The services as processes of their own behind a gateway that is one, too: real processes, real HTTP, one database or several. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fresh_database } from '../platform/postgres/test_database.ts';
import { type Running, run_services } from '../simulation/chaos/processes.ts';
import { type Api, api_of } from './api.ts';
import { type Parties, start_parties } from './parties.ts';
import { publishable_key, secret_key } from './shop.ts';

export const internal_secret = 'a secret of this fleet and of nobody else';

export interface Fleet extends Api {
  readonly orders: Running;
  readonly money: Running;
  readonly stock: Running;
  readonly gateway: Running;
  readonly parties: Parties;
}

/** Payments keep their schema in a database of their own. Closed when the file ends. */
export async function start_fleet(
  t: { after(stop: () => Promise<void>): void },
  more_env: Readonly<Record<string, string>> = {},
): Promise<Fleet> {
  const [database, of_payments] = await Promise.all([fresh_database(), fresh_database()]);
  const folder = await mkdtemp(join(tmpdir(), 'cartwright-fleet-'));
  const parties = await start_parties(Date.now);
  const [orders_port = 0, money_port = 0, stock_port = 0, gateway_port = 0] = await free_ports(4);
  const at = (port: number) => `http://127.0.0.1:${port}`;
  const env = {
    DATABASE_URL: database.url,
    PAYMENTS_DATABASE_URL: of_payments.url,
    CARTWRIGHT_DATA: folder,
    CARTWRIGHT_SECRET_KEY: secret_key,
    CARTWRIGHT_PUBLISHABLE_KEY: publishable_key,
    CARTWRIGHT_SIGNING_SECRET: 'a secret that signs the orders of this fleet',
    CARTWRIGHT_INTERNAL_SECRET: internal_secret,
    ORDERS_URL: at(orders_port),
    PAYMENTS_URL: at(money_port),
    SHIPPING_URL: at(money_port),
    INVENTORY_URL: at(stock_port),
    SUPPLIERS_URL: at(stock_port),
    ANALYTICS_URL: at(stock_port),
    CORS_ORIGINS: 'https://shop.example',
    FULFILLMENT: 'auto',
    REPLENISHMENT: 'manual',
    CARRIER: 'manual',
    MANUAL_DELIVERY_MS: '0',
    LOG_LEVEL: 'silent',
    ...parties.env,
    ...more_env,
  };
  const behind = '--behind-gateway';
  // One after the other: the first migrates, and two processors are not many.
  const gateway = await run_services('gateway', ['gateway'], gateway_port, env);
  const [orders, money, stock] = await Promise.all([
    run_services('orders', ['orders', behind], orders_port, env),
    run_services('money', ['payments', 'shipping', behind], money_port, env),
    run_services('stock', ['inventory', 'suppliers', 'analytics', behind], stock_port, env),
  ]);
  t.after(async () => {
    await Promise.all([gateway, orders, money, stock].map(one => one.stop()));
    await parties.stop();
    await Promise.all([database.drop(), of_payments.drop()]);
    await rm(folder, { recursive: true, force: true });
  });
  await parties.aim(at(gateway_port));
  return { ...api_of(at(gateway_port), secret_key), orders, money, stock, gateway, parties };
}

async function free_ports(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  const ports = await Promise.all(
    servers.map(
      server =>
        new Promise<number>(resolve => {
          server.once('listening', () => {
            const address = server.address();
            resolve(typeof address === 'object' && address !== null ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
  return ports;
}
