/** The orders, purchase orders or items that a number counts, and what each adds to it. */
import { type ReactNode, useMemo, useState } from 'react';
import { Link } from 'wouter';
import { Button } from '../../components/Button.tsx';
import { Card } from '../../components/Page.tsx';
import { Empty } from '../../components/State.tsx';
import { type Column, Table } from '../../components/Table.tsx';
import { Time } from '../../components/Value.tsx';
import { keep_csv } from '../../download.ts';
import { words } from '../../format.ts';
import { usePaging } from '../../location.ts';
import { useGet } from '../../queries.ts';
import { useMay } from '../../session.tsx';
import type { Drill, DrillRow, MetricAbout } from '../../types/analytics.ts';
import { in_unit } from '../../units.ts';
import { unit_of } from './series.ts';
import type { Period } from './spans.ts';

interface BehindProps {
  readonly about: MetricAbout;
  readonly period: Period;
  /** A bucket's beginning; '': the whole period. */
  readonly at: string;
  readonly currency: string;
  readonly group_by: string;
  readonly group: string;
}

const titles: Readonly<Record<string, string>> = {
  order: 'The orders behind it',
  checkout: 'The checkouts behind it',
  purchase_order: 'The purchase orders behind it',
  stock_item: 'The items behind it',
  product: 'The products behind it',
  exception: 'The exceptions behind it',
};

export function Behind({ about, period, at, currency, group_by, group }: BehindProps): ReactNode {
  const paging = usePaging();
  const may = useMay();
  const within = at === '' ? { from: period.from, to: period.to } : { at, grain: period.grain };
  const grouped = group_by !== '' && group !== '' ? { group_by, group } : {};
  const query = useGet<Drill>('/v1/analytics/drill', { metric: about.metric, ...within, currency, ...grouped, cursor: paging.cursor });
  const columns = useMemo(() => columns_of(about, may), [about, may]);
  return (
    <Card
      title={titles[about.drills_to] ?? 'Behind it'}
      flush
      actions={query.data !== undefined && query.data.data.length > 0 && <SaveRows drill={query.data} />}
    >
      <Table
        label={titles[about.drills_to] ?? 'Behind it'}
        columns={columns}
        query={query}
        paging={paging}
        id_of={row => `${row.id} ${row.at}`}
        empty={<Empty title="Nothing is behind it">In this period nothing adds to this number.</Empty>}
      />
    </Card>
  );
}

/** The page that is shown; the whole is an export. */
function SaveRows({ drill }: { readonly drill: Drill }): ReactNode {
  const [saved, set_saved] = useState(false);
  const save = () => {
    const rows = drill.data.map(row => [row.id, row.number, row.at, row.currency, row.value]);
    keep_csv([drill.kind, 'number', 'at', 'currency', drill.unit === 'minor' ? 'value_minor' : 'value'], rows, `${drill.metric}.csv`);
    set_saved(true);
  };
  return (
    <Button small onClick={save}>
      {saved ? 'Saved' : 'Save these as CSV'}
    </Button>
  );
}

function columns_of(about: MetricAbout, may: (scope: string) => boolean): readonly Column<DrillRow>[] {
  return [
    { id: 'what', header: words(about.drills_to), cell: row => <What row={row} kind={about.drills_to} may={may} /> },
    { id: 'at', header: 'When', keep: true, cell: row => <Time at={row.at} /> },
    {
      id: 'value',
      header: 'Adds',
      align: 'end',
      cell: row => added(row, about),
    },
  ];
}

/** Of a share each row is one that counts or does not. */
function added(row: DrillRow, about: MetricAbout): ReactNode {
  if (about.unit === 'ratio' && about.drills_to !== 'stock_item') {
    return row.value !== null && row.value > 0 ? <span className="up">counts</span> : <span className="quiet">does not count</span>;
  }
  if (about.drills_to === 'stock_item' && about.unit === 'ratio')
    return row.value === null ? '–' : in_unit(row.value, { kind: 'milliseconds' });
  if (about.metric === 'days_of_cover') return in_unit(row.value, { kind: 'count' });
  if (about.metric === 'repeat_orders') return in_unit(row.value, { kind: 'money', currency: row.currency ?? '' });
  return in_unit(row.value, unit_of(about.unit, row.currency ?? ''));
}

function What({ row, kind, may }: { readonly row: DrillRow; readonly kind: string; may(scope: string): boolean }): ReactNode {
  const label = row.number === null ? row.id : `#${row.number}`;
  const href = place_of(row, kind, may);
  if (href === null) return <span className={row.number === null ? 'mono' : 'number'}>{label}</span>;
  return (
    <Link href={href} className={row.number === null ? 'mono' : 'number'}>
      {label}
    </Link>
  );
}

function place_of(row: DrillRow, kind: string, may: (scope: string) => boolean): string | null {
  if (row.id.startsWith('ord_')) return may('orders:read') ? `/orders/${row.id}` : null;
  if (kind === 'purchase_order') return may('suppliers:read') ? `/purchasing/${row.id}` : null;
  if (kind === 'stock_item' || kind === 'product') return may('stock:read') ? `/stock/${row.id.split('@')[0] ?? row.id}` : null;
  return null;
}
