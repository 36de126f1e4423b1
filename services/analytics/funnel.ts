/** How far checkouts come: a cohort of quotes, and of orders placed without one, step by step; and where each of them is now, in one bucket. */
import type { Period } from './period.ts';
import type { Ask } from './warehouses/warehouse.ts';

export const buckets = ['open', 'no_order', 'rejected', 'expired', 'cancelled', 'completed'] as const;
const steps = {
  placed: 'placed_at',
  reserved: 'reserved_at',
  payment_requested: 'payment_requested_at',
  paid: 'paid_at',
  confirmed: 'confirmed_at',
  dispatched: 'first_dispatched_at',
  // An order without goods is at its end at once: nothing was on its way.
  delivered: 'case when first_dispatched_at is not null then delivered_at end',
};

/** A type, not an interface: it is replied as JSON. */
export type Funnel = {
  readonly cohort: number;
  readonly conversion: number | null;
  /** `p50_ms`, `p90_ms`: since the step before (the first since the quote, where there was one). */
  readonly steps: readonly {
    readonly step: string;
    readonly checkouts: number;
    readonly p50_ms: number | null;
    readonly p90_ms: number | null;
  }[];
  readonly buckets: Readonly<Record<(typeof buckets)[number], number>>;
};

export async function funnel_of(ask: Ask, period: Period): Promise<Funnel> {
  const [row = {}] = await ask(steps_statement(period));
  // Apart: counted by what stands in a column, which is less than half of a condition for each.
  const stands = await ask(stands_statement(period));
  const number = (name: string) => Number(row[name] ?? 0);
  const time = (name: string) => (typeof row[name] === 'number' ? row[name] : null);
  const counted = (bucket: string) => Number(stands.find(one => one['stands'] === bucket)?.['counted'] ?? 0);
  const [cohort, no_order] = [number('cohort'), counted('no_order')];
  const [rejected, expired, cancelled, completed] = [counted('rejected'), counted('expired'), counted('cancelled'), counted('completed')];
  return {
    cohort,
    conversion: cohort === 0 ? null : number('confirmed') / cohort,
    steps: Object.keys(steps).map(step => ({ step, checkouts: number(step), p50_ms: time(`${step}_p50`), p90_ms: time(`${step}_p90`) })),
    buckets: { open: cohort - no_order - rejected - expired - cancelled - completed, no_order, rejected, expired, cancelled, completed },
  };
}

function steps_statement(period: Period): string {
  const names = Object.entries(steps);
  const measures = names.flatMap(([step, column], index) => {
    const elapsed = period.sql.elapsed_ms(names[index - 1]?.[1] ?? 'began_at', column);
    return [
      `count(${column}) as ${step}`,
      `${period.sql.quantile(elapsed, 0.5)} as ${step}_p50`,
      `${period.sql.quantile(elapsed, 0.9)} as ${step}_p90`,
    ];
  });
  return `select count(*) as cohort, ${measures.join(', ')} from checkout where ${began(period)}`;
}

function stands_statement(period: Period): string {
  return `select status as stands, count(*) as counted from checkout where ${began(period)} and placed_at is not null group by status
    union all select 'no_order', count(*) from checkout where ${began(period)} and placed_at is null and expires_at < ${period.now}`;
}

const began = ({ from, to }: Period) => `began_at >= ${from} and began_at < ${to}`;
