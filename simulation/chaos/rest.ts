/** Faults are off: every order must come to its end, or to a wait that has a name. A busy machine may take its time, as long as orders end. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';

export interface Patience {
  /** No order more has ended for so long: the rest is stuck, or waits. */
  readonly stuck_after_s: number;
  /** However it goes. */
  readonly at_most_s: number;
}
const told_every_s = 10;
/** What ends a wait that nobody asks about. */
const until: Readonly<Record<string, string>> = { 'a person': '', 'the buyer': ', until the reservation expires' };

/** `look`: what people do meanwhile, each second. */
export async function rest(pool: pg.Pool, { stuck_after_s, at_most_s }: Patience, look: () => Promise<void>): Promise<boolean> {
  console.log(`  faults off; orders are waited for while one ends every ${stuck_after_s} s, and ${at_most_s / 60} minutes at most`);
  const began = performance.now();
  const waited_s = () => Math.round((performance.now() - began) / 1_000);
  let [fewest, ended_at_s, told_at_s] = [Number.POSITIVE_INFINITY, 0, 0];
  while (waited_s() < at_most_s && waited_s() - ended_at_s < stuck_after_s) {
    const { rows } = await pool.query<{ status: string; count: number }>(
      `select status, count(*)::int as count from orders.orders where closed_at is null group by status`,
    );
    const open = rows.reduce((sum, { count }) => sum + count, 0);
    if (open === 0) {
      console.log(`  every order came to its end ${waited_s()} s after the last fault`);
      return true;
    }
    if (open < fewest) [fewest, ended_at_s] = [open, waited_s()];
    await look();
    if (waited_s() - told_at_s >= told_every_s) {
      told_at_s = waited_s();
      console.log(`    still open after ${told_at_s} s: ${rows.map(row => `${row.count} ${row.status}`).join(', ')}`);
    }
    await sleep(1_000);
  }
  const progress = waited_s() - ended_at_s < stuck_after_s ? 'the time is over' : `no order has ended for ${stuck_after_s} s`;
  console.log(`  ${fewest} orders are open after ${waited_s()} s: ${progress}`);
  return named_waits(pool);
}

/**
 * What is left must wait for somebody by name: a person (an exception with an owner and a deadline), a supplier (a backorder), the buyer (another card,
 * until the reservation expires), or a third party whose answer was lost and is asked for again on schedule (a label in doubt is looked up, and for a person
 * after 15 minutes).
 */
async function named_waits(pool: pg.Pool): Promise<boolean> {
  const asked = (service: string) =>
    `exists (select 1 from ${service}.operations p where p.key = o.id and p.state in ('requested', 'sent', 'unknown') and p.next_at < now() + interval '1 day')`;
  const { rows } = await pool.query<{
    id: string;
    status: string;
    payment_status: string;
    fulfillment_status: string;
    wait: string | null;
  }>(
    `select o.id, o.status, o.payment_status, o.fulfillment_status,
            case when ${asked('shipping')} then 'the carrier' when ${asked('payments')} then 'the gateway'
                 when o.exceptions::text <> '[]'
                      or exists (select 1 from shipping.shipment s where s.order_id = o.id and s.exceptions::text <> '[]')
                      or exists (select 1 from payments.payment p where p.order_id = o.id and p.exceptions::text <> '[]') then 'a person'
                 when o.fulfillment_status = 'backordered' then 'a supplier'
                 when o.status = 'awaiting_payment' and o.payment_status in ('declined', 'action_required') and o.expires_at > now()
                      then 'the buyer' end as wait
       from orders.orders o where o.closed_at is null order by o.id`,
  );
  for (const [wait, list] of Map.groupBy(rows, row => row.wait))
    if (wait !== null) console.log(`  ${list.length} orders wait for ${wait}${until[wait] ?? ', who is asked again on schedule'}`);
  const stuck = rows.filter(row => row.wait === null);
  for (const row of stuck.slice(0, 20))
    console.log(`    stuck: ${row.id} ${row.status}, payment ${row.payment_status}, ${row.fulfillment_status}`);
  return stuck.length === 0;
}
