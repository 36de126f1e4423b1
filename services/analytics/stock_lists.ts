/** Lists that decide: what to reorder now and why, and what does not sell. Both of the stock as it is, at the rate of sales before the period's `now`. */
import { in_days } from './dialect.ts';
import type { Period } from './period.ts';
import type { Answer, Ask } from './warehouses/warehouse.ts';

export const list_rows_max = 1_000;
export const slow_reasons = ['no_sale_in_90_days', 'over_180_days_of_cover'] as const;
export const reorder_reasons = [
  'out_of_stock',
  'backorders_uncovered',
  'runs_out_before_delivery',
  'position_at_reorder_point',
  'proposal_waits',
] as const;
type ReorderReason = (typeof reorder_reasons)[number];
/** Where no policy says how much: what sells in four weeks and while the supplier is on its way. */
const cover_days = 28;
/** Of a SKU that was never bought from a supplier: as long as its supplier took, then as the shop's take. */
const lead_days_unknown = 14;

/** Per SKU: confirmed units of the last 28 and 90 days, when the last was sold. */
export function units_sold(now: string): string {
  return `(select sku, coalesce(sum(quantity) filter (where confirmed_at > ${now} - interval 28 day), 0) as units, sum(quantity) as units_90,
              max(confirmed_at) as last_sold_at
             from money_change where kind = 'sale' and confirmed_at > ${now} - interval 90 day and confirmed_at <= ${now} group by sku)`;
}

/** A type, not an interface: it is replied as JSON. */
export type SlowMover = {
  readonly sku: string;
  readonly name: string | null;
  readonly available: number;
  readonly units_28_days: number;
  readonly days_of_cover: number | null;
  /** None in 90 days: null. */
  readonly last_sold_at: string | null;
  readonly reason: (typeof slow_reasons)[number];
};

/** Most units first. */
export async function slow_movers_of(ask: Ask, { now }: Period, limit: number): Promise<SlowMover[]> {
  const rows = await ask(`select s.sku, p.name, s.available, coalesce(u.units, 0) as units, u.last_sold_at
      from (select sku, sum(available) as available from stock_item group by sku having sum(available) > 0) s
      left join ${units_sold(now)} u on u.sku = s.sku left join product p on p.sku = s.sku
     where coalesce(u.units_90, 0) = 0 or s.available * 28 > 180 * u.units
     order by s.available desc, s.sku limit ${limit}`);
  return rows.map(row => {
    const [available, units] = [Number(row['available']), Number(row['units'])];
    return {
      sku: String(row['sku']),
      name: text(row, 'name'),
      available,
      units_28_days: units,
      days_of_cover: units === 0 ? null : (available * 28) / units,
      last_sold_at: text(row, 'last_sold_at'),
      reason: row['last_sold_at'] === null ? 'no_sale_in_90_days' : 'over_180_days_of_cover',
    };
  });
}

export type ReorderLine = {
  readonly sku: string;
  readonly name: string | null;
  readonly location_id: string;
  readonly available: number;
  readonly backordered: number;
  /** On purchase orders and not here yet. */
  readonly incoming: number;
  readonly incoming_at: string | null;
  /** What is there and comes, less what is promised (domain.md 7.1); open proposals are not in it. */
  readonly position: number;
  readonly reorder_point: number | null;
  readonly target: number | null;
  /** Shipped from there in 28 days. */
  readonly units_per_day: number;
  /** Until nothing is available at that rate; null: nothing is sold. */
  readonly days_left: number | null;
  /** p50 of the SKU's own receipts, or its supplier's, or all; null: nothing was ever received. */
  readonly lead_days: number | null;
  readonly supplier_id: string | null;
  /** Units to order: the open proposal's, what the policy asks for, or what sells until the next delivery and four weeks more. */
  readonly quantity: number;
  readonly proposal_id: string | null;
  readonly reasons: readonly ReorderReason[];
};

/** What runs out first comes first. */
export async function reorder_of(ask: Ask, period: Period, limit: number): Promise<ReorderLine[]> {
  const rows = await ask(`select * from (${reorder_rows(period)}) where ${reorder_reasons.map(reason => `${reason} = 1`).join(' or ')}
     order by days_left is null, days_left, sku, location_id limit ${limit}`);
  return rows.map(line_of);
}

/** Each as a condition of `reorder_rows`. */
const reasons: Readonly<Record<ReorderReason, string>> = {
  out_of_stock: 'available <= 0 and units > 0 and incoming = 0',
  backorders_uncovered: 'backordered > incoming',
  runs_out_before_delivery: `units > 0 and (greatest(available, 0) + incoming) * ${cover_days} < coalesce(lead_days, ${lead_days_unknown}) * units`,
  position_at_reorder_point: 'position <= reorder_point',
  proposal_waits: 'proposal_id is not null',
};

function reorder_rows({ sql, now }: Period): string {
  const lead = `(select sku, supplier_id, ${sql.elapsed_ms('sent_at', 'first_received_at')} as ms from purchase_line
      where sent_at is not null and first_received_at is not null)`;
  const p50 = in_days(sql.quantile('ms', 0.5));
  const facts = `select s.sku as sku, p.name as name, s.location_id as location_id, s.available as available, s.backordered as backordered,
        coalesce(i.units, 0) as incoming, i.incoming_at as incoming_at, s.on_hand - s.damaged - s.allocated - s.backordered + coalesce(i.units, 0) as position,
        r.reorder_point as reorder_point, r.target as target, coalesce(m.units, 0) as units, greatest(s.available, 0) * 28 / nullif(m.units, 0) as days_left,
        coalesce(own.days, its.days, every.days) as lead_days, coalesce(w.supplier_id, last.supplier_id) as supplier_id, w.proposal_id as proposal_id, w.quantity as proposed
      from stock_item s
      left join product p on p.sku = s.sku
      left join reorder_policy r on r.sku = s.sku and r.location_id = s.location_id
      left join (select sku, location_id, sum(quantity) as units from movement
                  where kind = 'shipped' and happened_at > ${now} - interval 28 day and happened_at <= ${now} group by sku, location_id) m
        on m.sku = s.sku and m.location_id = s.location_id
      left join (select sku, location_id, sum(outstanding) as units, min(promised_at) as incoming_at from purchase_line
                  where outstanding > 0 group by sku, location_id) i on i.sku = s.sku and i.location_id = s.location_id
      left join (select sku, location_id, max(proposal_id) as proposal_id, ${sql.arg_max('supplier_id', 'proposal_id')} as supplier_id,
                        ${sql.arg_max('quantity', 'proposal_id')} as quantity
                   from proposal where status = 'proposed' group by sku, location_id) w on w.sku = s.sku and w.location_id = s.location_id
      left join (select sku, ${sql.arg_max('supplier_id', 'po_id')} as supplier_id from purchase_line group by sku) last on last.sku = s.sku
      left join (select sku, ${p50} as days from ${lead} t group by sku) own on own.sku = s.sku
      left join (select supplier_id, ${p50} as days from ${lead} t group by supplier_id) its on its.supplier_id = coalesce(w.supplier_id, last.supplier_id)
      cross join (select ${p50} as days from ${lead} t) every`;
  const conditions = Object.entries(reasons).map(([name, condition]) => `case when ${condition} then 1 else 0 end as ${name}`);
  return `select *, ${conditions.join(', ')} from (${facts})`;
}

function line_of(row: Answer): ReorderLine {
  const number = (name: string) => Number(row[name] ?? 0);
  const number_or_null = (name: string) => (typeof row[name] === 'number' ? row[name] : null);
  const [units, position, target, proposed] = [number('units'), number('position'), number_or_null('target'), number_or_null('proposed')];
  const units_per_day = units / 28;
  const lead_days = number_or_null('lead_days');
  // A policy that asks for less than sells until the next delivery would say: buy nothing.
  const wanted = Math.max(target ?? 0, Math.ceil(units_per_day * ((lead_days ?? lead_days_unknown) + cover_days)));
  return {
    sku: String(row['sku']),
    name: text(row, 'name'),
    location_id: String(row['location_id']),
    available: number('available'),
    backordered: number('backordered'),
    incoming: number('incoming'),
    incoming_at: text(row, 'incoming_at'),
    position,
    reorder_point: number_or_null('reorder_point'),
    target,
    units_per_day,
    days_left: number_or_null('days_left'),
    lead_days,
    supplier_id: text(row, 'supplier_id'),
    quantity: proposed ?? Math.max(0, wanted - position),
    proposal_id: text(row, 'proposal_id'),
    reasons: reorder_reasons.filter(reason => row[reason] === 1),
  };
}

function text(row: Answer, name: string): string | null {
  const value = row[name];
  return typeof value === 'string' ? value : null;
}
