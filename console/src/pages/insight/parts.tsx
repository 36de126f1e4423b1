/** Parts of every dashboard: a card that loads a metric, a tile with its change, bars in a row. */
import type { UseQueryResult } from '@tanstack/react-query';
import { type ReactNode, useMemo } from 'react';
import { Link, useLocation } from 'wouter';
import { address } from '../../api.ts';
import { Chart } from '../../components/Chart.tsx';
import { Card } from '../../components/Page.tsx';
import { Loaded } from '../../components/State.tsx';
import { count } from '../../format.ts';
import { useGet } from '../../queries.ts';
import type { MetricReply } from '../../types/analytics.ts';
import { type Change, compared, filled, unit_of } from './series.ts';
import { buckets_of, type Period, type Span } from './spans.ts';

export interface Shown {
  readonly period: Period;
  readonly currency: string;
}

/** Both periods of a metric. */
export function useMetric(metric: string, { from, to, grain, before }: Period, group_by?: string) {
  const path = `/v1/analytics/metrics/${metric}`;
  const now = useGet<MetricReply>(path, { from, to, grain, group_by });
  const past = useGet<MetricReply>(path, { ...before, grain, group_by });
  return { now, past };
}

/** Where the numbers of a metric are looked into. */
export function behind(metric: string, { from, to }: Span, more: Readonly<Record<string, string | null>> = {}): string {
  return address(`/insight/${metric}`, { period: 'custom', from: from.slice(0, 10), to: last_day(to), ...more });
}
function last_day(to: string): string {
  return new Date(Date.parse(to) - 1).toISOString().slice(0, 10);
}

interface MetricCardProps extends Shown {
  readonly title: string;
  readonly metric: string;
  readonly measure?: string;
  /** Of the line. */
  readonly name: string;
  readonly look?: 'lines' | 'bars';
  readonly note?: ReactNode;
}

/** A metric over time beside the period before. A click on a point leads to what stands behind it. */
export function MetricCard({ title, metric, measure = 'value', name, look = 'lines', note, period, currency }: MetricCardProps): ReactNode {
  const [, navigate] = useLocation();
  const { now, past } = useMetric(metric, period);
  const at = useMemo(() => buckets_of(period, period.grain), [period]);
  const series = useMemo(
    () => compared(filled(now.data, period, period, measure, currency), filled(past.data, period.before, period, measure, currency), name),
    [now.data, past.data, period, measure, currency, name],
  );
  return (
    <Card title={title} actions={<Link href={behind(metric, period, { currency })}>Look into it</Link>}>
      <Loaded query={now}>
        {reply => (
          <>
            <Chart
              label={title}
              at={at}
              series={look === 'bars' ? series.slice(0, 1) : series}
              unit={unit_of(reply.unit, currency)}
              look={look}
              grain={period.grain}
              pick={index => navigate(behind(metric, period, { currency, at: at[index] ?? '', grain: period.grain }))}
            />
            {note !== undefined && <p className="small quiet">{note}</p>}
          </>
        )}
      </Loaded>
    </Card>
  );
}

interface NumberTileProps {
  readonly label: string;
  readonly value: string;
  readonly change: Change | null;
  /** What is good: more, less, or neither. */
  readonly wanted?: 'more' | 'less';
  readonly note?: string;
  readonly href: string;
}

export function NumberTile({ label, value, change, wanted, note, href }: NumberTileProps): ReactNode {
  return (
    <Link href={href} className="card tile number-tile">
      <div className="label">{label}</div>
      <div className="value">{value}</div>
      <div className="note">
        {change === null ? (
          <span>nothing before</span>
        ) : (
          <span className={tone_of(change, wanted)}>
            <span aria-hidden="true">{change.direction === 'up' ? '▲ ' : change.direction === 'down' ? '▼ ' : ''}</span>
            {change.text}
          </span>
        )}
        {note !== undefined && ` · ${note}`}
      </div>
    </Link>
  );
}

function tone_of({ direction }: Change, wanted: 'more' | 'less' | undefined): string | undefined {
  if (direction === 'same' || wanted === undefined) return undefined;
  return (direction === 'up') === (wanted === 'more') ? 'up' : 'down';
}

export interface Bar {
  readonly key: string;
  readonly label: ReactNode;
  readonly share: number;
  readonly value: ReactNode;
  readonly note?: ReactNode;
}

/** Things side by side, the longest first or as they follow each other. */
export function Bars({ label, bars }: { readonly label: string; readonly bars: readonly Bar[] }): ReactNode {
  return (
    <ul className="bars" aria-label={label}>
      {bars.map(bar => (
        <li key={bar.key}>
          <span className="bars-label">{bar.label}</span>
          <span className="bars-value number">{bar.value}</span>
          <span className="bars-track" aria-hidden="true">
            <span style={{ width: `${Math.max(0, Math.min(1, bar.share)) * 100}%` }} />
          </span>
          {bar.note !== undefined && <span className="bars-note small quiet">{bar.note}</span>}
        </li>
      ))}
    </ul>
  );
}

/** A card of a list of analytics; its own loading and error. */
export function ListCard<T>({
  title,
  query,
  children,
  flush = true,
  actions,
}: {
  readonly title: string;
  readonly query: UseQueryResult<T, Error>;
  children(data: T): ReactNode;
  readonly flush?: boolean;
  readonly actions?: ReactNode;
}): ReactNode {
  return (
    <Card title={title} flush={flush} {...(actions === undefined ? {} : { actions })}>
      <Loaded query={query}>{children}</Loaded>
    </Card>
  );
}

export const share = (part: number, whole: number): string => (whole === 0 ? '–' : `${Math.round((part / whole) * 1_000) / 10} %`);
export const orders_words = (orders: number): string => `${count(orders)} ${orders === 1 ? 'order' : 'orders'}`;
