/** What the shelf will need: what ran out and what that cost, what to reorder and why, what does not sell, how suppliers keep their word. */
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { PlainTable } from '../../components/PlainTable.tsx';
import { Empty, Loaded } from '../../components/State.tsx';
import { StatusPill } from '../../components/StatusPill.tsx';
import type { Column } from '../../components/Table.tsx';
import { Time } from '../../components/Value.tsx';
import { count, money, words } from '../../format.ts';
import { useGet } from '../../queries.ts';
import { useMay } from '../../session.tsx';
import type { Listed, MetricReply, ReorderRow, SlowMover } from '../../types/analytics.ts';
import { behind, ListCard, MetricCard, NumberTile, type Shown, share, useMetric } from './parts.tsx';
import { change_of, type Group, groups_of, in_currency } from './series.ts';

interface SupplyShown extends Shown {
  /** Sales are looked at up to here; up to now when absent. */
  readonly sales_end: string | undefined;
}

export function Supply(shown: SupplyShown): ReactNode {
  return (
    <>
      <Tiles {...shown} />
      <Reorder at={shown.sales_end} />
      <div className="halves">
        <MetricCard {...shown} title="Out of stock" metric="stockout_rate" name="Time out of stock" note="Of all the time of all items." />
        <MetricCard
          {...shown}
          title="Lost demand"
          metric="lost_demand"
          measure="value"
          name="Units"
          note="Wanted and not there: per customer, SKU and day the most that was missing."
        />
      </div>
      <div className="halves">
        <SupplierWord {...shown} />
        <LeadTime {...shown} />
      </div>
      <div className="halves">
        <MetricCard {...shown} title="Backorders" metric="backorders" name="Units that began to wait" />
        <SlowMovers at={shown.sales_end} />
      </div>
    </>
  );
}

const sum_of = (reply: MetricReply | undefined, measure: string, currency: string): number =>
  in_currency(reply?.series ?? [], currency).reduce((sum, point) => sum + (typeof point[measure] === 'number' ? point[measure] : 0), 0);

function Tiles({ period, currency, sales_end }: SupplyShown): ReactNode {
  const out = useMetric('stockout_rate', period);
  const lost = useMetric('lost_demand', period);
  const cover = useGet<MetricReply>('/v1/analytics/metrics/days_of_cover', { to: sales_end });
  const rate = (reply: MetricReply | undefined) => {
    const ms = sum_of(reply, 'ms', currency);
    return ms === 0 ? null : sum_of(reply, 'out_ms', currency) / ms;
  };
  const lost_amount = (reply: MetricReply | undefined) => sum_of(reply, 'amount', currency);
  const now = cover.data?.series[0];
  const days = now?.value ?? null;
  return (
    <Loaded query={out.now}>
      {reply => (
        <div className="numbers">
          <NumberTile
            label="Time out of stock"
            value={rate(reply) === null ? '–' : share(sum_of(reply, 'out_ms', currency), sum_of(reply, 'ms', currency))}
            change={change_of(rate(reply), rate(out.past.data), true)}
            wanted="less"
            href={behind('stockout_rate', period)}
          />
          <NumberTile
            label="Lost demand"
            value={money(lost_amount(lost.now.data), currency)}
            change={change_of(lost_amount(lost.now.data), lost_amount(lost.past.data), false)}
            wanted="less"
            note={`${count(sum_of(lost.now.data, 'value', currency))} units`}
            href={behind('lost_demand', period, { currency })}
          />
          <NumberTile
            label="Days of cover"
            value={days === null ? '–' : count(Math.round(days))}
            change={{ text: 'at the rate of 28 days', direction: 'same' }}
            href={behind('days_of_cover', period)}
          />
          <NumberTile
            label="Slow movers"
            value={count(Number(now?.['slow_movers'] ?? 0))}
            change={{ text: 'SKUs', direction: 'same' }}
            note={`${count(Number(now?.['available'] ?? 0))} units available in all`}
            href={behind('days_of_cover', period, { group_by: 'sku' })}
          />
        </div>
      )}
    </Loaded>
  );
}

const reason_words: Readonly<Record<string, string>> = {
  out_of_stock: 'Out of stock, nothing comes',
  backorders_uncovered: 'More is owed than comes',
  runs_out_before_delivery: 'Runs out before a delivery could be here',
  position_at_reorder_point: 'At its reorder point',
  proposal_waits: 'A proposal waits',
};
const reorder_max = 20;

function Reorder({ at }: { readonly at: string | undefined }): ReactNode {
  const may = useMay();
  const query = useGet<Listed<ReorderRow>>('/v1/analytics/reorder', { limit: reorder_max, at });
  return (
    <ListCard title="Reorder now" query={query} actions={may('suppliers:read') && <Link href="/purchasing">Purchasing</Link>}>
      {({ data }) =>
        data.length === 0 ? (
          <Empty title="Nothing to reorder" icon="purchasing">
            Every item lasts until its next delivery could be here.
          </Empty>
        ) : (
          <PlainTable label="What to reorder" columns={reorder_columns} rows={data} id_of={row => `${row.sku}@${row.location_id}`} />
        )
      }
    </ListCard>
  );
}

const reorder_columns: readonly Column<ReorderRow>[] = [
  {
    id: 'sku',
    header: 'Product',
    cell: row => (
      <>
        <Link href={`/stock/${row.sku}`}>{row.name ?? row.sku}</Link>
        <div className="small quiet">
          <span className="mono">{row.sku}</span>, {row.location_id}
        </div>
      </>
    ),
  },
  { id: 'quantity', header: 'Buy', align: 'end', cell: row => <Buy row={row} /> },
  { id: 'left', header: 'Lasts', align: 'end', keep: true, cell: row => <Lasts row={row} /> },
  { id: 'available', header: 'Available', align: 'end', wide_only: true, cell: row => count(row.available) },
  {
    id: 'incoming',
    header: 'Coming',
    align: 'end',
    wide_only: true,
    cell: row => (
      <>
        {count(row.incoming)}
        {row.incoming_at !== null && (
          <div className="small quiet">
            <Time at={row.incoming_at} />
          </div>
        )}
      </>
    ),
  },
  { id: 'owed', header: 'Owed', align: 'end', wide_only: true, cell: row => count(row.backordered) },
  { id: 'rate', header: 'A day', align: 'end', wide_only: true, cell: row => count(Math.round(row.units_per_day * 10) / 10) },
  {
    id: 'lead',
    header: 'Takes',
    align: 'end',
    wide_only: true,
    cell: row => (row.lead_days === null ? '–' : `${count(Math.round(row.lead_days))} d`),
  },
  { id: 'from', header: 'From', wide_only: true, cell: row => row.supplier_id ?? <span className="quiet">nobody yet</span> },
  { id: 'why', header: 'Why', cell: row => row.reasons.map(reason => reason_words[reason] ?? words(reason)).join('; ') },
];

/** It sells faster than its policy thinks: the target is what keeps it from being bought. */
function Buy({ row }: { readonly row: ReorderRow }): ReactNode {
  if (row.quantity > 0 || row.target === null) return <strong>{count(row.quantity)}</strong>;
  return <span className="small">its target of {count(row.target)} is too low</span>;
}

function Lasts({ row }: { readonly row: ReorderRow }): ReactNode {
  if (row.available <= 0) return <StatusPill value="out" tone="bad" label="Out" />;
  return row.days_left === null ? <span className="quiet">–</span> : `${count(Math.round(row.days_left))} d`;
}

function SlowMovers({ at }: { readonly at: string | undefined }): ReactNode {
  const query = useGet<Listed<SlowMover>>('/v1/analytics/slow-movers', { limit: 10, at });
  return (
    <ListCard title="Does not sell" query={query}>
      {({ data }) =>
        data.length === 0 ? (
          <Empty title="Everything sells">No SKU would last for more than half a year.</Empty>
        ) : (
          <PlainTable label="Slow movers" columns={slow_columns} rows={data} id_of={row => row.sku} />
        )
      }
    </ListCard>
  );
}

const slow_columns: readonly Column<SlowMover>[] = [
  { id: 'sku', header: 'Product', cell: row => <Link href={`/stock/${row.sku}`}>{row.name ?? row.sku}</Link> },
  { id: 'available', header: 'Available', align: 'end', cell: row => count(row.available) },
  {
    id: 'cover',
    header: 'Lasts',
    align: 'end',
    keep: true,
    cell: row => (row.days_of_cover === null ? '–' : `${count(Math.round(row.days_of_cover))} d`),
  },
  {
    id: 'last',
    header: 'Last sold',
    keep: true,
    cell: row => (row.last_sold_at === null ? <span className="quiet">not in 90 days</span> : <Time at={row.last_sold_at} ago />),
  },
];

function useBySupplier(metric: string, { period: { from, to } }: Shown) {
  return useGet<MetricReply>(`/v1/analytics/metrics/${metric}`, { from, to, grain: 'month', group_by: 'supplier_id' });
}

function supplier_column(metric: string, { period }: Shown): Column<Group> {
  return {
    id: 'supplier',
    header: 'Supplier',
    cell: row => <Link href={behind(metric, period, { group_by: 'supplier_id', group: row.name })}>{row.name ?? 'none'}</Link>,
  };
}

function SupplierWord(shown: Shown): ReactNode {
  const query = useBySupplier('supplier_otif', shown);
  const columns: readonly Column<Group>[] = [
    supplier_column('supplier_otif', shown),
    { id: 'lines', header: 'Lines due', align: 'end', cell: row => count(row.sum('lines')) },
    { id: 'full', header: 'In full', align: 'end', wide_only: true, cell: row => share(row.sum('in_full'), row.sum('lines')) },
    {
      id: 'otif',
      header: 'On time, in full',
      align: 'end',
      cell: row => <strong>{share(row.sum('on_time_in_full'), row.sum('lines'))}</strong>,
    },
  ];
  return (
    <ListCard title="Suppliers: on time, in full" query={query}>
      {({ series }) => {
        const rows = groups_of(series);
        if (rows.length === 0) return <Empty title="Nothing was due">Lines count on the day they were first promised for.</Empty>;
        return <PlainTable label="On time, in full" columns={columns} rows={rows} id_of={row => row.name ?? ''} />;
      }}
    </ListCard>
  );
}

interface Lead {
  readonly supplier: string | null;
  readonly lines: number;
  readonly p50: number;
  readonly p90: number;
  readonly deviation: number;
}

function LeadTime(shown: Shown): ReactNode {
  const query = useBySupplier('lead_time', shown);
  const days = (value: number) => `${count(Math.round(value * 10) / 10)} d`;
  const columns: readonly Column<Lead>[] = [
    {
      id: 'supplier',
      header: 'Supplier',
      cell: row => (
        <Link href={behind('lead_time', shown.period, { group_by: 'supplier_id', group: row.supplier })}>{row.supplier ?? 'none'}</Link>
      ),
    },
    { id: 'lines', header: 'Lines', align: 'end', cell: row => count(row.lines) },
    { id: 'p50', header: 'Half within', align: 'end', cell: row => <strong>{days(row.p50)}</strong> },
    { id: 'p90', header: 'Nine of ten', align: 'end', cell: row => days(row.p90) },
    { id: 'spread', header: 'Spread', align: 'end', wide_only: true, cell: row => `± ${days(row.deviation)}` },
  ];
  return (
    <ListCard title="Suppliers: how long they take" query={query}>
      {({ series }) => {
        const rows = leads_of(series);
        if (rows.length === 0) return <Empty title="Nothing was received">Lead times count from sent to the first receipt.</Empty>;
        return (
          <>
            <PlainTable label="Lead times" columns={columns} rows={rows} id_of={row => row.supplier ?? ''} />
            <p className="card-body small quiet">Of several months: their mean, each month as heavy as its lines.</p>
          </>
        );
      }}
    </ListCard>
  );
}

/** Medians of months cannot be added up; weighted by their lines they are near enough to compare suppliers, and the page says so. */
function leads_of(series: MetricReply['series']): readonly Lead[] {
  return groups_of(series.map(point => ({ ...point, ...weighted(point) }))).map(group => {
    const lines = group.sum('lines');
    const mean = (measure: string) => (lines === 0 ? 0 : group.sum(measure) / lines);
    return { supplier: group.name, lines, p50: mean('weighted_value'), p90: mean('weighted_p90'), deviation: mean('weighted_deviation') };
  });
}
function weighted(point: MetricReply['series'][number]): Readonly<Record<string, number>> {
  const lines = Number(point['lines'] ?? 0);
  const times = (measure: string) => Number(point[measure] ?? 0) * lines;
  return { weighted_value: times('value'), weighted_p90: times('p90'), weighted_deviation: times('deviation') };
}
