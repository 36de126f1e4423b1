/** The shop now: what flows, what it earns, and what does not move and should. */
import '../styles/live.css';
import { lazy, type ReactNode, Suspense, useMemo } from 'react';
import { Link } from 'wouter';
import { Chart } from '../components/Chart.tsx';
import { Card, Page, Tile } from '../components/Page.tsx';
import { Scroll } from '../components/Scroll.tsx';
import { Bones, Empty } from '../components/State.tsx';
import { StatusPill } from '../components/StatusPill.tsx';
import { Subject } from '../components/Subject.tsx';
import { Time } from '../components/Value.tsx';
import { count, duration, money, words } from '../format.ts';
import { useGet } from '../queries.ts';
import type { Consumer, Sample, Stuck, Vitals } from '../types/desk.ts';
import { type LiveState, useLive } from './live/samples.ts';

// The largest piece of the console, and only this page draws with it.
const Graph = lazy(async () => ({ default: (await import('./live/Graph.tsx')).Graph }));
const consumers_every_ms = 10_000;

export function Live(): ReactNode {
  const live = useLive();
  const consumers = useGet<{ data: readonly Consumer[] }>('/v1/consumers', {}, { every_ms: consumers_every_ms });
  return (
    <Page title="Live" beside={<Connection live={live} />} lead="The shop, every second.">
      {live.now === null ? (
        <div className="card">
          <Bones rows={6} />
        </div>
      ) : (
        <div className="stack">
          <Numbers now={live.now} />
          <Card title="Services" flush>
            <div className="graph-place">
              <Suspense fallback={<Bones />}>
                <Graph services={live.now.services} consumers={consumers.data?.data ?? []} />
              </Suspense>
            </div>
            <Services services={live.now.services} />
          </Card>
          <Charts past={live.past} />
          <StuckNow stuck={live.now.stuck} />
        </div>
      )}
    </Page>
  );
}

function Connection({ live }: { readonly live: LiveState }): ReactNode {
  if (live.stream === 'away') return <StatusPill value="away" tone="bad" label="Reconnecting" />;
  const away = live.now?.unavailable ?? [];
  if (away.length > 0) return <StatusPill value="away" tone="bad" label={`No answer: ${away.join(', ')}`} />;
  return live.now === null ? (
    <StatusPill value="connecting" tone="idle" label="Connecting" />
  ) : (
    <StatusPill value="live" tone="good" label="Live" />
  );
}

function Numbers({ now }: { readonly now: Sample }): ReactNode {
  const behind = Math.max(0, ...now.services.map(service => service.lag.events));
  const unknown = now.services.reduce((sum, service) => sum + service.unknown_operations, 0);
  const earned = now.captured_per_minute;
  return (
    <div className="tiles">
      <Tile label="Orders a second" value={now.orders_per_s} />
      <Tile
        label="Captured in the last minute"
        value={earned.length === 0 ? '–' : earned.map(one => money(one.amount, one.currency)).join(' · ')}
        note={earned.length === 0 ? 'No money was taken' : undefined}
      />
      <Tile
        label="Furthest behind"
        value={`${count(behind)} ${behind === 1 ? 'event' : 'events'}`}
        note={behind === 0 ? 'Everybody has heard everything' : undefined}
      />
      <Tile
        label="Stuck"
        value={now.stuck.length}
        note={unknown > 0 ? `${unknown} ${unknown === 1 ? 'call' : 'calls'} with unknown outcome` : undefined}
      />
    </div>
  );
}

/** The graph's numbers, for who does not see it: and on a phone the only ones. */
function Services({ services }: { readonly services: readonly Vitals[] }): ReactNode {
  return (
    <Scroll label="Services">
      <table className="table">
        <caption className="hidden">How each service is</caption>
        <thead>
          <tr>
            <th scope="col">Service</th>
            <th scope="col" className="end">
              Events a second
            </th>
            <th scope="col" className="end">
              Behind
            </th>
            <th scope="col" className="end">
              Stopped keys
            </th>
            <th scope="col" className="end">
              Unknown calls
            </th>
            <th scope="col">Oldest waiting</th>
          </tr>
        </thead>
        <tbody>
          {services.map(service => (
            <tr key={service.service}>
              <th scope="row">
                <span className={`service-${service.service}`} aria-hidden="true">
                  ●
                </span>{' '}
                {words(service.service)}
              </th>
              <td className="end">{service.events_per_s}</td>
              <td className="end">
                {count(service.lag.events)}{' '}
                {service.lag.events > 0 && <span className="quiet">({duration(service.lag.seconds * 1_000)})</span>}
              </td>
              <td className="end">{service.parked}</td>
              <td className="end">{service.unknown_operations}</td>
              <td>
                {service.oldest_waiting_at === null ? (
                  <span className="quiet">nothing waits</span>
                ) : (
                  <Time at={service.oldest_waiting_at} ago />
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Charts({ past }: { readonly past: readonly Sample[] }): ReactNode {
  const at = useMemo(() => past.map(sample => sample.at), [past]);
  const orders = useMemo(() => [{ name: 'Orders a second', values: past.map(sample => sample.orders_per_s) }], [past]);
  const currency = past.flatMap(sample => sample.captured_per_minute)[0]?.currency;
  const earned = useMemo(
    () => [
      {
        name: 'Captured in the minute before',
        values: past.map(sample => sample.captured_per_minute.find(one => one.currency === currency)?.amount ?? 0),
      },
    ],
    [past, currency],
  );
  return (
    <div className="halves">
      <Card title="Orders a second">
        <Chart label="Orders a second" at={at} series={orders} unit={{ kind: 'count' }} grain="second" height={150} />
      </Card>
      <Card title="Money a minute">
        <Chart
          label="Money captured in the minute before"
          at={at}
          series={earned}
          unit={currency === undefined ? { kind: 'count' } : { kind: 'money', currency }}
          grain="second"
          height={150}
        />
      </Card>
    </div>
  );
}

const places: Readonly<Record<Stuck['kind'], { readonly href: string; readonly label: string }>> = {
  dead_letter: { href: '/dead-letters', label: 'Dead letter' },
  operation: { href: '/operations?state=unknown', label: 'Unknown call' },
  exception: { href: '/exceptions', label: 'Exception' },
  timer: { href: '/consumers', label: 'Late timer' },
};

function StuckNow({ stuck }: { readonly stuck: readonly Stuck[] }): ReactNode {
  return (
    <Card title="What does not move" flush>
      {stuck.length === 0 ? (
        <Empty title="Nothing is stuck" icon="check">
          Dead letters, calls with an unknown outcome, late timers and open exceptions appear here, the oldest first.
        </Empty>
      ) : (
        <Scroll label="What does not move">
          <table className="table">
            <caption className="hidden">What does not move, the oldest first</caption>
            <thead>
              <tr>
                <th scope="col">What</th>
                <th scope="col">About</th>
                <th scope="col" className="wide-only">
                  Service
                </th>
                <th scope="col">Since</th>
                <th scope="col" className="wide-only">
                  Why
                </th>
              </tr>
            </thead>
            <tbody>
              {stuck.map(one => (
                <tr key={`${one.service} ${one.kind} ${one.id}`}>
                  <td className="keep">
                    <Link href={places[one.kind].href}>{places[one.kind].label}</Link>
                  </td>
                  <td>
                    <Subject id={one.subject} />
                  </td>
                  <td className="wide-only">{words(one.service)}</td>
                  <td className="keep">
                    <Time at={one.since} ago />
                  </td>
                  <td className="wide-only small">{one.detail}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Card>
  );
}
