/** Payments, its operation runner and its inbox on real PostgreSQL, with the Stripe stand-in at the other end of the line: for the tests of what becomes of money. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { Problem } from '../../../platform/route.ts';
import { service_on_postgres, test_request } from '../../../platform/testing/harness.ts';
import type { PaymentsCommand } from '../commands.ts';
import { manual_gateway } from '../gateways/manual.ts';
import { stripe_gateway } from '../gateways/stripe.ts';
import type { Payment } from '../model.ts';
import { type PaymentsDesk, payments_routes } from '../routes.ts';
import { migrations_folder, payments_adapters, payments_service } from '../service.ts';
import { payment_rows } from '../store.ts';
import { start } from '../test_payments.ts';

export const webhook_secret = 'whsec_test';
/** Options of the stand-in. Its banks take longer than any test: they answer when the test says so. */
export const habits = { later_ms: 20, bank_ms: 3_600_000 };

/** Of a stand-in, what is used here: the tests start it, nothing else of a service may know it. */
interface StandIn {
  readonly url: string;
  ledger(): readonly {
    readonly kind: string;
    readonly amount?: number;
    readonly reference: string | null;
    readonly [field: string]: unknown;
  }[];
  stop(): Promise<void>;
}

export interface StripeDesk {
  readonly stand_in: StandIn;
  /** The owner's connection. */
  readonly reader: pg.Client;
  run(command: PaymentsCommand): Promise<unknown>;
  payment(id: string): Promise<Payment>;
  /** Waits for a condition, asking the runner to ask again at once where it would wait for its schedule. */
  until(id: string, wanted: (payment: Payment) => boolean): Promise<Payment>;
  /** What really happened there for one order: kind and amount. */
  deeds(order_id: string): (readonly [string, number | undefined])[];
  /** What was told of one order: types of events. */
  told(order_id: string): Promise<string[]>;
  /** A webhook as the door takes it. */
  deliver(body: Uint8Array, headers: Record<string, string>): Promise<{ status: number; code: string | undefined }>;
  /** From now on the stand-in's webhooks come. */
  webhooks_on(): Promise<void>;
  /** To the stand-in's operator. */
  post(path: string, body: object): Promise<void>;
  /** What happens there without our asking: sandbox/stripe/deeds.ts. */
  deed(deed: string, id: string | null): Promise<void>;
  fault(name: string, path: string, times?: number): Promise<void>;
  heal(): Promise<void>;
  begin(
    name: string,
    method_token?: string,
    more?: Parameters<typeof start>[0],
  ): { payment_id: string; order_id: string; start: () => Promise<unknown> };
}

/** Closed when the file's tests end. */
export async function stripe_desk(t: { after(stop: () => Promise<void>): void }, stand_in: StandIn): Promise<StripeDesk> {
  const settings = { base_url: stand_in.url, secret_key: 'sk_test_payments', webhook_secret, timeout_ms: 2_000, now_ms: Date.now };
  const gateways = { manual: manual_gateway, stripe: stripe_gateway(settings) };
  const harness = await service_on_postgres({
    service: payments_service({ gateways }),
    folder: migrations_folder,
    adapters: payments_adapters(gateways),
  });
  // The harness runs any service; this is payments.
  const desk = harness.runtime.desk as unknown as PaymentsDesk;
  const routes = payments_routes(desk, { gateways, webhook_secrets: { stripe: webhook_secret } });
  const inbound = routes.find(route => route.path === '/inbound/stripe') ?? assert.fail();
  const deliver = async (body: Uint8Array, headers: Record<string, string>) => {
    try {
      const reply = await inbound.handle(test_request(body, { headers }));
      return { status: reply.status, code: undefined };
    } catch (error) {
      if (error instanceof Problem) return { status: error.status, code: error.code };
      throw error;
    }
  };
  const inbox = await listen(deliver);
  const reader = new pg.Client({ connectionString: harness.url });
  await reader.connect();
  t.after(async () => {
    await stand_in.stop();
    inbox.close();
    await reader.end();
    await harness.stop();
  });

  const run = (command: PaymentsCommand) => desk.submit(command, { request: test_request({}) });
  const payment = async (id: string) => {
    const { rows } = await reader.query(payment_rows.load, [[id]]);
    return payment_rows.from_row(rows[0].rows[0]);
  };
  const post = async (path: string, body: object) => {
    const reply = await fetch(`${stand_in.url}${path}`, { method: 'POST', body: JSON.stringify(body) });
    assert.ok(reply.ok, `${path}: ${reply.status}`);
  };
  return {
    stand_in,
    reader,
    run,
    payment,
    deliver,
    post,
    until: (id, wanted) => until(reader, id, () => payment(id), wanted),
    deeds: order_id =>
      stand_in
        .ledger()
        .filter(entry => entry['payment_intent'] !== undefined && entry.reference === order_id)
        .map(({ kind, amount }) => [kind, amount] as const),
    told: async order_id => {
      const { rows } = await reader.query<{ type: string }>('select type from payments.events where key = $1 order by position', [
        order_id,
      ]);
      return rows.map(row => row.type);
    },
    webhooks_on: () => {
      // A listening server has an address with a port.
      const { port } = inbox.address() as AddressInfo;
      return post('/__sim/webhook', { url: `http://127.0.0.1:${port}/inbound/stripe`, secret: webhook_secret });
    },
    deed: (deed, id) => post('/__sim/deeds', { deed, id }),
    fault: (name, path, times = 1) => post('/__sim/faults', { match: { method: 'POST', path }, fault: name, times }),
    heal: async () => void (await fetch(`${stand_in.url}/__sim/faults`, { method: 'DELETE' })),
    begin: (name, method_token = 'pm_card_visa', more = {}) => {
      const of = { payment_id: `pay_${name}`, order_id: `ord_${name}` };
      return { ...of, start: () => run(start({ ...of, personal: { method_token }, ...more })) };
    },
  };
}

async function until(reader: pg.Client, id: string, look: () => Promise<Payment>, wanted: (payment: Payment) => boolean): Promise<Payment> {
  for (let round = 0; round < 400; round++) {
    const found = await look();
    if (wanted(found)) return found;
    await reader.query(`update payments.operations set next_at = now() where subject = $1 and (state = 'unknown' or waiting)`, [id]);
    await new Promise(resolve => setTimeout(resolve, 25));
  }
  assert.fail(`${id} is ${JSON.stringify(await look())}`);
}
export const in_state = (status: string) => (found: Payment) =>
  found.status === status && found.capture_pending + found.void_pending + found.refund_pending === 0;

/** The door, as far as a webhook needs it. */
async function listen(deliver: StripeDesk['deliver']): Promise<Server> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    // Headers of webhooks come once each.
    const { status } = await deliver(Buffer.concat(chunks), request.headers as Record<string, string>);
    response.writeHead(status).end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return server;
}
