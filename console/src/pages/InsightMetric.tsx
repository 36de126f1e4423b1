/** One number looked into: over time, in groups, and the orders that stand behind it. */
import '../styles/insight.css';
import { type ReactNode, useMemo } from 'react';
import { Link, useParams } from 'wouter';
import { Button } from '../components/Button.tsx';
import { Chart } from '../components/Chart.tsx';
import { ChoiceField } from '../components/Field.tsx';
import { Card, Page } from '../components/Page.tsx';
import { Bones, Empty, Failed, Loaded } from '../components/State.tsx';
import { Time } from '../components/Value.tsx';
import { bucket, words } from '../format.ts';
import { useFilters } from '../location.ts';
import { useGet } from '../queries.ts';
import type { MetricAbout, MetricReply } from '../types/analytics.ts';
import type { Series } from '../units.ts';
import { PeriodPicker } from './Insight.tsx';
import { Behind } from './insight/Behind.tsx';
import { metric_words } from './insight/names.ts';
import { useMetric } from './insight/parts.tsx';
import { type Chosen, useChosenPeriod } from './insight/period.ts';
import { compared, filled, groups_of, in_currency, unit_of } from './insight/series.ts';
import { buckets_of } from './insight/spans.ts';

const back = { href: '/insight', label: 'Insight' };
const groups_max = 6;

export function InsightMetric(): ReactNode {
  const { metric = '' } = useParams();
  const chosen = useChosenPeriod();
  const abouts = useGet<{ data: readonly MetricAbout[] }>('/v1/analytics/metrics');
  const about = abouts.data?.data.find(one => one.metric === metric);
  if (abouts.error !== null) return <Failed error={abouts.error} again={() => void abouts.refetch()} />;
  if (chosen === undefined || abouts.data === undefined) {
    return (
      <Page title={metric_words(metric)} back={back}>
        <div className="card">
          <Bones />
        </div>
      </Page>
    );
  }
  if (about === undefined) {
    return (
      <Page title="Not found" back={back}>
        <div className="card">
          <Empty title={`There is no metric ${metric}`} />
        </div>
      </Page>
    );
  }
  return <MetricPage about={about} chosen={chosen} />;
}

const names = ['currency', 'group_by', 'group', 'at'] as const;

function MetricPage({ about, chosen }: { readonly about: MetricAbout; readonly chosen: Chosen }): ReactNode {
  const { period } = chosen;
  const [asked, set] = useFilters([...names, 'measure', 'period', 'from', 'to', 'grain']);
  const group_by = about.group_by.includes(asked.group_by) ? asked.group_by : '';
  const measure = about.measures.includes(asked.measure) ? asked.measure : (about.measures[0] ?? 'value');
  const { now, past } = useMetric(about.metric, period, group_by === '' ? undefined : group_by);
  const currencies = [
    ...new Set(
      [...(now.data?.series ?? []), ...(past.data?.series ?? [])].flatMap(point =>
        typeof point.currency === 'string' ? [point.currency] : [],
      ),
    ),
  ].sort();
  const currency = asked.currency !== '' ? asked.currency : (currencies[0] ?? '');
  return (
    <Page
      title={metric_words(about.metric)}
      back={back}
      lead={
        <>
          {about.summary}.{' '}
          {now.data?.watermark !== null && now.data !== undefined && <>Complete up to {<Time at={now.data.watermark} />}.</>}
        </>
      }
    >
      <div className="stack">
        <div className="insight-bar">
          <PeriodPicker chosen={chosen} />
          {about.group_by.length > 0 && (
            <ChoiceField
              label="In groups by"
              value={group_by}
              choices={[{ value: '', label: 'Not grouped' }, ...about.group_by.map(one => ({ value: one, label: words(one) }))]}
              onChange={event => set({ group_by: event.target.value, group: '' })}
            />
          )}
          {about.measures.length > 1 && (
            <ChoiceField
              label="Shown"
              value={measure}
              choices={about.measures.map(one => ({ value: one, label: one === 'value' ? metric_words(about.metric) : words(one) }))}
              onChange={event => set({ measure: event.target.value })}
            />
          )}
          {about.per_currency && currencies.length > 1 && (
            <ChoiceField
              label="Currency"
              value={currency}
              choices={currencies.map(one => ({ value: one, label: one }))}
              onChange={event => set({ currency: event.target.value })}
            />
          )}
        </div>
        {!about.of_now && (
          <Card title={`${metric_words(about.metric)} over time`}>
            <Loaded query={now}>
              {reply => (
                <OverTime
                  about={about}
                  chosen={chosen}
                  reply={reply}
                  past={past.data}
                  measure={measure}
                  currency={currency}
                  grouped={group_by !== ''}
                  pick={at => set({ at })}
                />
              )}
            </Loaded>
          </Card>
        )}
        <Narrowed asked={asked} chosen={chosen} clear={set} />
        <Behind
          about={about}
          period={period}
          at={asked.at}
          currency={about.per_currency ? currency : ''}
          group_by={group_by}
          group={asked.group}
        />
      </div>
    </Page>
  );
}

interface OverTimeProps {
  readonly about: MetricAbout;
  readonly chosen: Chosen;
  readonly reply: MetricReply;
  readonly past: MetricReply | undefined;
  readonly measure: string;
  readonly currency: string;
  readonly grouped: boolean;
  pick(at: string): void;
}

function OverTime({ about, chosen: { period }, reply, past, measure, currency, grouped, pick }: OverTimeProps): ReactNode {
  const at = useMemo(() => buckets_of(period, period.grain), [period]);
  const series = useMemo<readonly Series[]>(() => {
    if (!grouped)
      return compared(
        filled(reply, period, period, measure, currency),
        filled(past, period.before, period, measure, currency),
        metric_words(about.metric),
      );
    const groups = groups_of(in_currency(reply.series, currency)).toSorted((a, b) => b.sum(measure) - a.sum(measure));
    return groups.slice(0, groups_max).map(({ name }) => ({
      name: name ?? 'None',
      values: filled({ ...reply, series: reply.series.filter(point => (point.group ?? null) === name) }, period, period, measure, currency),
    }));
  }, [about.metric, reply, past, period, measure, currency, grouped]);
  if (series.length === 0) return <Empty title="Nothing in this period">Choose another one.</Empty>;
  // Only the first measure is surely in the metric's own unit.
  const unit =
    measure === 'value' || about.unit === 'minor' ? unit_of(reply.unit, currency) : unit_of(unit_of_measure(measure, about.unit), currency);
  return (
    <>
      <Chart
        label={metric_words(about.metric)}
        at={at}
        series={series}
        unit={unit}
        grain={period.grain}
        height={260}
        pick={index => pick(at[index] ?? '')}
      />
      {grouped && (
        <p className="small quiet">
          {series.length < groups_max ? '' : `The ${groups_max} largest. `}Click a point to see what is behind it.
        </p>
      )}
    </>
  );
}

/** p90 is a time like p50; how many of something is a count. */
function unit_of_measure(measure: string, own: string): string {
  if (/^(p\d+|last_p\d+|deviation)$/.test(measure) || measure.startsWith('by_')) return own;
  if (measure === 'amount' || measure === 'net') return 'minor';
  return measure === 'share' ? 'ratio' : measure.startsWith('days_') ? 'days' : 'count';
}

interface NarrowedProps {
  readonly asked: Readonly<Record<(typeof names)[number], string>>;
  readonly chosen: Chosen;
  clear(changes: { at?: string; group?: string }): void;
}

/** What the list below is limited to. */
function Narrowed({ asked, chosen, clear }: NarrowedProps): ReactNode {
  if (asked.at === '' && asked.group === '') return null;
  return (
    <p className="narrowed">
      Only
      {asked.at !== '' && <Taken text={bucket(asked.at, chosen.period.grain)} away={() => clear({ at: '' })} />}
      {asked.group !== '' && <Taken text={`${words(asked.group_by)}: ${asked.group}`} away={() => clear({ group: '' })} />}
      <Link href="/insight" className="small">
        All numbers
      </Link>
    </p>
  );
}

function Taken({ text, away }: { readonly text: string; away(): void }): ReactNode {
  return (
    <Button small onClick={away}>
      <span className="hidden">No longer only</span> {text} <span aria-hidden="true">×</span>
    </Button>
  );
}
