/** The shop in numbers, beside the period before. Every number leads to what stands behind it. */
import '../styles/insight.css';
import { type ReactNode, useState } from 'react';
import { Link, useSearch } from 'wouter';
import { address } from '../api.ts';
import { Button } from '../components/Button.tsx';
import { ChoiceField, TextField } from '../components/Field.tsx';
import { Card, Page } from '../components/Page.tsx';
import { Bones, Loaded } from '../components/State.tsx';
import { Time } from '../components/Value.tsx';
import { bucket, day } from '../format.ts';
import { useFilters } from '../location.ts';
import { useGet } from '../queries.ts';
import type { MetricAbout, Overview } from '../types/analytics.ts';
import { ExportFile } from './insight/Export.tsx';
import { metric_words } from './insight/names.ts';
import { Operations } from './insight/Operations.tsx';
import { behind, type Shown } from './insight/parts.tsx';
import { type Chosen, useChosenPeriod } from './insight/period.ts';
import { Sales } from './insight/Sales.tsx';
import { Supply } from './insight/Supply.tsx';
import { preset_words, presets } from './insight/spans.ts';

const views = { sales: 'Sales', operations: 'Operations', stock: 'Stock and suppliers' } as const;
type View = keyof typeof views;

export function Insight(): ReactNode {
  const chosen = useChosenPeriod();
  return (
    <Page
      title="Insight"
      lead={chosen === undefined ? 'The shop in numbers.' : <Watermark chosen={chosen} />}
      actions={
        <>
          <Link href="/insight/query" className="button">
            Ask in SQL
          </Link>
          {chosen !== undefined && <ExportButton chosen={chosen} />}
        </>
      }
    >
      {chosen === undefined ? (
        <div className="card">
          <Bones rows={6} />
        </div>
      ) : (
        <Dashboards chosen={chosen} />
      )}
    </Page>
  );
}

function ExportButton({ chosen }: { readonly chosen: Chosen }): ReactNode {
  const [open, set_open] = useState(false);
  return (
    <>
      <Button onClick={() => set_open(true)}>Export</Button>
      {open && <ExportFile period={chosen.period} close={() => set_open(false)} />}
    </>
  );
}

function Watermark({ chosen }: { readonly chosen: Chosen }): ReactNode {
  const { from, to } = chosen.period;
  const overview = useGet<Overview>('/v1/analytics/overview', { from, to });
  if (overview.data === undefined) return 'The shop in numbers.';
  const { watermark } = overview.data;
  return watermark === null ? (
    'The logs are still being read: numbers grow.'
  ) : (
    <>
      Complete up to <Time at={watermark} />. Days are UTC.
    </>
  );
}

function Dashboards({ chosen }: { readonly chosen: Chosen }): ReactNode {
  const { from, to } = chosen.period;
  const [{ view: asked, currency: wanted }, set] = useFilters(['view', 'currency', 'period', 'from', 'to']);
  const overview = useGet<Overview>('/v1/analytics/overview', { from, to });
  const currencies = (overview.data?.money ?? []).toSorted((a, b) => b.net - a.net).map(one => one.currency);
  const currency = wanted === '' ? (currencies[0] ?? 'GBP') : wanted;
  const view: View = asked === 'operations' || asked === 'stock' ? asked : 'sales';
  const shown = { period: chosen.period, currency };
  return (
    <div className="stack">
      <div className="insight-bar">
        <Tabs view={view} />
        <PeriodPicker chosen={chosen} />
        {currencies.length > 1 && (
          <ChoiceField
            label="Currency"
            value={currency}
            choices={currencies.map(one => ({ value: one, label: one }))}
            onChange={event => set({ currency: event.target.value })}
          />
        )}
      </div>
      {chosen.long_ago !== null && chosen.preset !== 'custom' && (
        <p className="notice">The last orders are of {bucket(chosen.long_ago, 'month')}: periods end there.</p>
      )}
      <p className="small quiet">
        {day_span(chosen.period)}, compared with {day_span(chosen.period.before)}
      </p>
      {view === 'sales' && <Sales {...shown} />}
      {view === 'operations' && <Operations {...shown} />}
      {view === 'stock' && <Supply {...shown} sales_end={chosen.sales_end} />}
      <EveryMetric {...shown} />
    </div>
  );
}

/** Also those that stand on no dashboard. */
function EveryMetric({ period, currency }: Shown): ReactNode {
  const query = useGet<{ data: readonly MetricAbout[] }>('/v1/analytics/metrics');
  return (
    <Card title="Every metric">
      <Loaded query={query}>
        {({ data }) => (
          <ul className="metrics">
            {data.map(one => (
              <li key={one.metric}>
                <Link href={behind(one.metric, period, one.per_currency ? { currency } : {})}>{metric_words(one.metric)}</Link>
                <div className="small quiet">{one.summary}</div>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Card>
  );
}

function day_span({ from, to }: { readonly from: string; readonly to: string }): string {
  const last = new Date(Date.parse(to) - 1).toISOString();
  const named = (at: string) => day(`${at.slice(0, 10)}T12:00:00.000Z`);
  return named(from) === named(last) ? named(from) : `${named(from)} to ${named(last)}`;
}

function Tabs({ view }: { readonly view: View }): ReactNode {
  const search = useSearch();
  const { view: _view, ...others } = Object.fromEntries(new URLSearchParams(search));
  return (
    <nav className="tabs" aria-label="Dashboards">
      {Object.entries(views).map(([name, label]) => (
        <Link key={name} href={address('/insight', { ...others, view: name })} aria-current={name === view ? 'page' : undefined} replace>
          {label}
        </Link>
      ))}
    </nav>
  );
}

export function PeriodPicker({ chosen }: { readonly chosen: Chosen }): ReactNode {
  const { preset, custom, period, set } = chosen;
  const pick = (value: string) => {
    if (value !== 'custom') set({ period: value, from: '', to: '' });
    else set({ period: 'custom', from: period.from.slice(0, 10), to: new Date(Date.parse(period.to) - 1).toISOString().slice(0, 10) });
  };
  return (
    <div className="period">
      <ChoiceField
        label="Period"
        value={preset}
        choices={presets.map(one => ({ value: one, label: preset_words[one] }))}
        onChange={event => pick(event.target.value)}
      />
      {preset === 'custom' && (
        <>
          <TextField label="From" type="date" value={custom.from} onChange={event => set({ from: event.target.value })} />
          <TextField label="To" type="date" value={custom.to} onChange={event => set({ to: event.target.value })} />
        </>
      )}
    </div>
  );
}
