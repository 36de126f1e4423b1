/** How far checkouts come: a cohort of quotes, and of orders placed without one, step by step; and where each of them is now, in one bucket. */
import { milliseconds } from './dialect.ts';
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
  delivered: 'delivered_at',
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
  const [row = {}] = await ask(funnel_statement(period));
  const number = (name: string) => Number(row[name] ?? 0);
  const time = (name: string) => (typeof row[name] === 'number' ? row[name] : null);
  const cohort = number('cohort');
  return {
    cohort,
    conversion: cohort === 0 ? null : number('confirmed') / cohort,
    steps: Object.keys(steps).map(step => ({ step, checkouts: number(step), p50_ms: time(`${step}_p50`), p90_ms: time(`${step}_p90`) })),
    buckets: {
      open: number('open'),
      no_order: number('no_order'),
      rejected: number('rejected'),
      expired: number('expired'),
      cancelled: number('cancelled'),
      completed: number('completed'),
    },
  };
}

function funnel_statement({ sql, from, to, now }: Period): string {
  const names = Object.entries(steps);
  const measures = names.flatMap(([step, column], index) => {
    const before = names[index - 1]?.[1] ?? 'began_at';
    const elapsed = milliseconds(sql, before, column);
    return [`count(${column}) as ${step}`, `${sql.quantile(elapsed, 0.5)} as ${step}_p50`, `${sql.quantile(elapsed, 0.9)} as ${step}_p90`];
  });
  const in_bucket = buckets.map(bucket => `count(*) filter (where bucket = '${bucket}') as ${bucket}`);
  return `select count(*) as cohort, ${[...measures, ...in_bucket].join(', ')}
    from (select *, case when placed_at is null then case when expires_at < ${now} then 'no_order' else 'open' end
                         when status in ('rejected', 'expired', 'cancelled', 'completed') then status else 'open' end as bucket
            from checkout where began_at >= ${from} and began_at < ${to})`;
}
