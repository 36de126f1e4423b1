/**
 * `node bench/sealing.ts`: what does it cost an order that its person is sealed? Processor time of this process, in µs an order: two parts sealed and opened
 * (payment.requested, fulfillment.requested), a key made for a new customer. The database is left out: bench.ts has both.
 */
import { cpus } from 'node:os';
import { event_contracts } from '../contracts/index.ts';
import type { NewEvent } from '../platform/batch.ts';
import { real_clock } from '../platform/clock.ts';
import { real_random } from '../platform/random.ts';
import type { Event, Logged } from '../platform/service.ts';
import { create_vault, opener, type Vault } from '../platform/vault/vault.ts';

const orders_per_batch = 100;
const batches = 300;
const opens = ['payment.requested', 'fulfillment.requested'];

/** The two events of an order, as orders says them. */
function events_of(order: number, customer_ref: string): NewEvent[] {
  return ([event_contracts['payment.requested'], event_contracts['fulfillment.requested']] as const).map(({ type, example }) => ({
    type,
    data: { ...example, order_id: `ord_${order}`, customer_ref },
    id: `evt_${order}_${type}`,
    key: `ord_${order}`,
    partition: 0,
    subject: `ord_${order}`,
    sequence: 1,
    time: '2026-03-01T10:00:00.000Z',
    cause: 'bench',
  }));
}

/** Nothing is there yet; what is asked for it says at once. */
const empty = { send: async () => ({ rows: [], rowCount: 0, command: '', oid: 0, fields: [] }), query: async () => ({ rows: [] }) };

async function measure(vault: Vault, customer_of: (order: number) => string): Promise<{ seal_us: number; open_us: number }> {
  let [seal_us, open_us] = [0, 0];
  for (let batch = 0; batch < batches; batch++) {
    const events = Array.from({ length: orders_per_batch }, (_, place) => batch * orders_per_batch + place).flatMap(order =>
      events_of(order, customer_of(order)),
    );
    let before = process.cpuUsage();
    const sealing = await vault.seal(empty, events);
    sealing.remember();
    seal_us += used_us(before);
    const logged = sealing.events.map((event, place): Logged<Event> => ({ ...event, source: 'orders', position: place + 1 }));
    before = process.cpuUsage();
    const open = opener(opens, await vault.keys_for(empty as never, logged));
    for (const event of logged) open(event);
    open_us += used_us(before);
  }
  const orders = batches * orders_per_batch;
  return { seal_us: seal_us / orders, open_us: open_us / orders };
}

function used_us(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

const fresh_vault = () => create_vault({ master_key: new Uint8Array(32).fill(1), random: real_random, now_ms: real_clock.now_ms });
await measure(fresh_vault(), () => 'cus_warm');
console.log(`\n  sealing: ${cpus()[0]?.model}, Node ${process.version}, ${batches * orders_per_batch} orders\n`);
for (const [who, customer_of] of [
  ['a new customer each', (order: number) => `cus_${order}`],
  ['one customer', () => 'cus_1'],
] as const) {
  const { seal_us, open_us } = await measure(fresh_vault(), customer_of);
  console.log(`  ${who.padEnd(22)} seal ${seal_us.toFixed(1)} µs an order, open ${open_us.toFixed(1)} µs`);
}
