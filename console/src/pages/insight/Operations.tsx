/** How orders get from Pay to the door: where they stop, how payments go, how fast parcels leave. */
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { PlainTable } from '../../components/PlainTable.tsx';
import { Empty } from '../../components/State.tsx';
import type { Column } from '../../components/Table.tsx';
import { count, duration, named, words } from '../../format.ts';
import { useGet } from '../../queries.ts';
import type { Funnel, MetricReply } from '../../types/analytics.ts';
import { type Bar, Bars, behind, ListCard, MetricCard, type Shown, share } from './parts.tsx';
import { type Group, groups_of } from './series.ts';

export function Operations(shown: Shown): ReactNode {
  return (
    <>
      <div className="halves">
        <FunnelCard {...shown} />
        <Ends {...shown} />
      </div>
      <div className="halves">
        <MetricCard
          {...shown}
          title="Payment success"
          metric="payment_success"
          name="Succeeded"
          note="Authorized or captured, of those that came to an end."
        />
        <Gateways {...shown} />
      </div>
      <div className="halves">
        <Declines {...shown} />
        <Latency {...shown} />
      </div>
      <div className="halves">
        <MetricCard
          {...shown}
          title="Click to ship"
          metric="click_to_ship"
          name="Half are faster"
          note="From placed to the first parcel handed over."
        />
        <MetricCard
          {...shown}
          title="On-time delivery"
          metric="on_time_delivery"
          name="On time"
          note="Units delivered by the first promise, of those delivered or overdue."
        />
      </div>
      <div className="halves">
        <MetricCard {...shown} title="Orders in several shipments" metric="split_rate" name="Split" />
        <MetricCard {...shown} title="Parcels" metric="parcels" name="Dispatched" />
      </div>
      <MetricCard {...shown} title="Exceptions" metric="exceptions" name="Raised" note="What waited for a person." />
    </>
  );
}

function useFunnel({ period: { from, to } }: Shown) {
  return useGet<Funnel>('/v1/analytics/funnel', { from, to });
}

const step_words: Readonly<Record<string, string>> = {
  placed: 'Order placed',
  reserved: 'Stock reserved',
  payment_requested: 'Payment asked for',
  paid: 'Paid',
  confirmed: 'Confirmed',
  dispatched: 'Dispatched',
  delivered: 'Delivered',
};

function FunnelCard(shown: Shown): ReactNode {
  const query = useFunnel(shown);
  return (
    <ListCard
      title="From checkout to the door"
      query={query}
      flush={false}
      actions={<Link href={behind('conversion', shown.period)}>Look into it</Link>}
    >
      {funnel => {
        if (funnel.cohort === 0) return <Empty title="No checkouts">Choose another period.</Empty>;
        const bars: readonly Bar[] = [
          {
            key: 'checkout',
            label: 'Checkout begun',
            share: 1,
            value: count(funnel.cohort),
            note: 'quotes, and orders placed without one',
          },
          ...funnel.steps.map((step, place) => ({
            key: step.step,
            label: step_words[step.step] ?? words(step.step),
            share: step.checkouts / funnel.cohort,
            value: count(step.checkouts),
            note: step_note(step.checkouts, funnel.steps[place - 1]?.checkouts ?? funnel.cohort, step.p50_ms),
          })),
        ];
        return <Bars label="Funnel" bars={bars} />;
      }}
    </ListCard>
  );
}

function step_note(here: number, before: number, p50_ms: number | null): string {
  const kept = before === 0 ? '' : `${share(here, before)} of the step before`;
  return [kept, p50_ms === null || p50_ms === 0 ? '' : `half within ${duration(p50_ms)}`].filter(part => part !== '').join(', ');
}

const end_words: Readonly<Record<string, string>> = {
  open: 'Under way',
  no_order: 'Left without an order',
  rejected: 'Rejected',
  expired: 'Expired unpaid',
  cancelled: 'Cancelled',
  completed: 'Completed',
};

function Ends(shown: Shown): ReactNode {
  const query = useFunnel(shown);
  return (
    <ListCard title="Where they are now" query={query} flush={false}>
      {funnel =>
        funnel.cohort === 0 ? (
          <Empty title="No checkouts">Choose another period.</Empty>
        ) : (
          <Bars
            label="Where they are now"
            bars={Object.entries(funnel.buckets)
              .toSorted(([, a], [, b]) => b - a)
              .map(([name, checkouts]) => ({
                key: name,
                label: end_words[name] ?? words(name),
                share: checkouts / funnel.cohort,
                value: count(checkouts),
                note: share(checkouts, funnel.cohort),
              }))}
          />
        )
      }
    </ListCard>
  );
}

function useGroups(metric: string, group_by: string, { period: { from, to, grain } }: Shown) {
  return useGet<MetricReply>(`/v1/analytics/metrics/${metric}`, { from, to, grain, group_by });
}

function Gateways(shown: Shown): ReactNode {
  const query = useGroups('payment_success', 'gateway', shown);
  const columns: readonly Column<Group>[] = [
    {
      id: 'gateway',
      header: 'Gateway',
      cell: row => (
        <Link href={behind('payment_success', shown.period, { group_by: 'gateway', group: row.name })}>{named(row.name ?? 'none')}</Link>
      ),
    },
    { id: 'ok', header: 'Succeeded', align: 'end', cell: row => count(row.sum('succeeded')) },
    { id: 'refused', header: 'Refused', align: 'end', cell: row => count(row.sum('refused')) },
    { id: 'unknown', header: 'Unknown', align: 'end', wide_only: true, cell: row => count(row.sum('unknown')) },
    {
      id: 'share',
      header: 'Success',
      align: 'end',
      cell: row => <strong>{share(row.sum('succeeded'), row.sum('succeeded') + row.sum('refused'))}</strong>,
    },
  ];
  return (
    <ListCard title="By gateway" query={query}>
      {({ series }) => {
        const rows = groups_of(series);
        if (rows.length === 0) return <Empty title="No payments">Choose another period.</Empty>;
        return <PlainTable label="Payments by gateway" columns={columns} rows={rows} id_of={row => row.name ?? ''} />;
      }}
    </ListCard>
  );
}

function Declines(shown: Shown): ReactNode {
  const query = useGroups('payment_declines', 'decline_code', shown);
  return (
    <ListCard title="Why payments were declined" query={query} flush={false}>
      {({ series }) => {
        const groups = groups_of(series).toSorted((a, b) => b.sum('value') - a.sum('value'));
        const all = groups.reduce((sum, group) => sum + group.sum('value'), 0);
        if (all === 0) return <Empty title="Nothing was declined" />;
        return (
          <Bars
            label="Declines"
            bars={groups.map(group => ({
              key: group.name ?? '',
              label: (
                <Link href={behind('payment_declines', shown.period, { group_by: 'decline_code', group: group.name })}>
                  {words(group.name ?? 'other')}
                </Link>
              ),
              share: group.sum('value') / all,
              value: count(group.sum('value')),
              note: share(group.sum('value'), all),
            }))}
          />
        );
      }}
    </ListCard>
  );
}

function Latency(shown: Shown): ReactNode {
  return (
    <MetricCard
      {...shown}
      title="How long gateways take"
      metric="payment_operation_time"
      name="Half are faster"
      note="From asking until the outcome was known, days of unknown outcomes too."
    />
  );
}
