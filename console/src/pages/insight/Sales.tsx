/** What was sold, to whom, where. */
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { PlainTable } from '../../components/PlainTable.tsx';
import { Empty, Loaded } from '../../components/State.tsx';
import type { Column } from '../../components/Table.tsx';
import { Money } from '../../components/Value.tsx';
import { count, money } from '../../format.ts';
import { useGet } from '../../queries.ts';
import type { Complete, Overview, TopRow } from '../../types/analytics.ts';
import { Bars, behind, ListCard, MetricCard, NumberTile, orders_words, type Shown, share } from './parts.tsx';
import { change_of } from './series.ts';

export function Sales(shown: Shown): ReactNode {
  return (
    <>
      <Tiles {...shown} />
      <MetricCard
        {...shown}
        title="Net sales"
        metric="net_sales"
        name="Net sales"
        note="Without tax and carriage: sold when placed, less what was cancelled and credited, each on its own day."
      />
      <div className="halves">
        <MetricCard {...shown} title="Orders" metric="orders" name="Orders" />
        <MetricCard {...shown} title="Refunds" metric="refunds" name="Refunded" />
      </div>
      <div className="halves">
        <BestSellers {...shown} />
        <Countries {...shown} />
      </div>
      <div className="halves">
        <MetricCard {...shown} title="Average order" metric="aov" name="Average" />
        <MetricCard {...shown} title="Returning customers' orders" metric="repeat_orders" name="Orders after a first" />
      </div>
    </>
  );
}

const share_text = (value: number | null): string => (value === null ? '–' : `${Math.round(value * 1_000) / 10} %`);

function Tiles({ period, currency }: Shown): ReactNode {
  const { from, to, before } = period;
  const now = useGet<Overview>('/v1/analytics/overview', { from, to });
  const past = useGet<Overview>('/v1/analytics/overview', { ...before });
  const of = (overview: Overview | undefined) => overview?.money.find(one => one.currency === currency);
  return (
    <Loaded query={now}>
      {overview => {
        const own = of(overview);
        const old = of(past.data);
        const amount = (value: number | null | undefined) => (value === null || value === undefined ? '–' : money(value, currency));
        const href = (metric: string) => behind(metric, period, { currency });
        const than = (value: number | null, other: number | null | undefined, is_share = false) =>
          past.data === undefined ? null : change_of(value, other ?? null, is_share);
        return (
          <div className="numbers">
            <NumberTile
              label="Net sales"
              value={amount(own?.net ?? 0)}
              change={than(own?.net ?? 0, old?.net)}
              wanted="more"
              href={href('net_sales')}
            />
            <NumberTile
              label="Gross sales"
              value={amount(own?.gross ?? 0)}
              change={than(own?.gross ?? 0, old?.gross)}
              wanted="more"
              href={href('gmv')}
            />
            <NumberTile
              label="Orders"
              value={count(overview.orders)}
              change={than(overview.orders, past.data?.orders)}
              wanted="more"
              note={`${count(overview.confirmed)} confirmed`}
              href={behind('orders', period)}
            />
            <NumberTile
              label="Average order"
              value={amount(own?.aov)}
              change={than(own?.aov ?? null, old?.aov)}
              wanted="more"
              href={href('aov')}
            />
            <NumberTile
              label="Units"
              value={count(overview.units)}
              change={than(overview.units, past.data?.units)}
              wanted="more"
              note={`${count(overview.returned)} returned`}
              href={behind('units', period)}
            />
            <NumberTile
              label="Refunds"
              value={amount(own?.refunds ?? 0)}
              change={than(own?.refunds ?? 0, old?.refunds)}
              wanted="less"
              href={href('refunds')}
            />
            <NumberTile
              label="Conversion"
              value={share_text(overview.conversion)}
              change={than(overview.conversion, past.data?.conversion, true)}
              wanted="more"
              href={behind('conversion', period)}
            />
            <NumberTile
              label="Payment success"
              value={share_text(overview.payment_success)}
              change={than(overview.payment_success, past.data?.payment_success, true)}
              wanted="more"
              href={behind('payment_success', period)}
            />
          </div>
        );
      }}
    </Loaded>
  );
}

type Top = Complete & { readonly data: readonly TopRow[] };
const rows_max = 10;

function useTop(dimension: string, { period: { from, to }, currency }: Shown) {
  const query = useGet<Top>('/v1/analytics/top', { dimension, from, to, limit: rows_max });
  return { query, rows: (query.data?.data ?? []).filter(row => row.currency === currency) };
}

function BestSellers(shown: Shown): ReactNode {
  const { query, rows } = useTop('sku', shown);
  const { period, currency } = shown;
  const columns: readonly Column<TopRow>[] = [
    {
      id: 'sku',
      header: 'Product',
      cell: row =>
        row.key === null ? (
          <span className="quiet">Credits without a line</span>
        ) : (
          <>
            <Link href={behind('net_sales', period, { currency, group_by: 'sku', group: row.key })}>{row.name ?? row.key}</Link>
            <div className="small quiet mono">{row.key}</div>
          </>
        ),
    },
    { id: 'units', header: 'Units', align: 'end', cell: row => count(row.units) },
    { id: 'orders', header: 'Orders', align: 'end', wide_only: true, cell: row => count(row.orders) },
    { id: 'net', header: 'Net', align: 'end', keep: true, cell: row => <Money amount={row.net} currency={row.currency} /> },
  ];
  return (
    <ListCard title="Best sellers" query={query}>
      {() =>
        rows.length === 0 ? (
          <Empty title="Nothing was sold" icon="insight">
            Choose another period.
          </Empty>
        ) : (
          <PlainTable label="Best sellers" columns={columns} rows={rows} id_of={row => row.key ?? ''} />
        )
      }
    </ListCard>
  );
}

const regions = new Intl.DisplayNames(undefined, { type: 'region', fallback: 'code' });
export function country_name(code: string | null): string {
  if (code === null) return 'Nowhere named';
  return /^[A-Z]{2}$/.test(code) ? (regions.of(code) ?? code) : code;
}

function Countries(shown: Shown): ReactNode {
  const { query, rows } = useTop('country', shown);
  const { period, currency } = shown;
  const total = rows.reduce((sum, row) => sum + row.net, 0);
  const most = Math.max(1, ...rows.map(row => row.net));
  return (
    <ListCard title="Countries" query={query} flush={false}>
      {() =>
        rows.length === 0 ? (
          <Empty title="Nothing was sold" icon="insight">
            Choose another period.
          </Empty>
        ) : (
          <Bars
            label="Countries"
            bars={rows.map(row => ({
              key: row.key ?? '',
              label: (
                <Link href={behind('net_sales', period, { currency, group_by: 'country', group: row.key })}>{country_name(row.key)}</Link>
              ),
              share: row.net / most,
              value: money(row.net, currency),
              note: `${orders_words(row.orders)}, ${share(row.net, total)}`,
            }))}
          />
        )
      }
    </ListCard>
  );
}
