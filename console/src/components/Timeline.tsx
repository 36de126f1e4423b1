/** Events in the order in which they happened, one lane a service, and a line from each cause to what it caused. */
import { type ReactNode, type RefObject, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { json_with_money, with_money } from '../details.ts';
import { clock_time, day, duration, exact, words } from '../format.ts';
import { Icon } from './Icon.tsx';
import { Raw } from './Value.tsx';

export interface TimelineEvent {
  readonly id: string;
  readonly at: string;
  readonly service: string;
  readonly type: string;
  readonly summary: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly caused_by: string;
}

const lane_width = 18;
/** The middle of a dot, below the top of its entry. */
const dot_top = 16;
const dot_reach = 7;

interface TimelineProps {
  readonly events: readonly TimelineEvent[];
  /** The order's. */
  readonly currency: string;
}

export function Timeline({ events, currency }: TimelineProps): ReactNode {
  const [lit, set_lit] = useState<string | null>(null);
  const list = useRef<HTMLOListElement>(null);
  const by_id = useMemo(() => new Map(events.map(event => [event.id, event])), [events]);
  const lanes = useMemo(() => [...new Set(events.map(event => event.service))], [events]);
  const tops = useTops(list, events);
  const width = Math.max(1, lanes.length) * lane_width;
  const x_of = (event: TimelineEvent) => (lanes.indexOf(event.service) + 0.5) * lane_width;
  const show = (id: string) => {
    set_lit(id);
    document.getElementById(id)?.scrollIntoView({ block: 'nearest' });
  };
  return (
    <ol className="timeline" ref={list} style={{ '--lanes': `${width}px` }}>
      {events.map((event, index) => (
        <Entry
          key={event.id}
          event={event}
          says={says_of(event, currency)}
          data={json_with_money(event.data, currency)}
          before={events[index - 1]}
          cause={by_id.get(event.caused_by)}
          lit={lit === event.id}
          x={x_of(event)}
          show={show}
        />
      ))}
      <li className="causes" aria-hidden="true">
        <svg width={width} height="100%" role="presentation">
          <defs>
            <marker id="arrow" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="6" markerHeight="6" orient="auto">
              <path d="M0 0L6 3L0 6z" />
            </marker>
          </defs>
          {events.map(event => {
            const cause = by_id.get(event.caused_by);
            const [from, to] = [tops.get(event.caused_by), tops.get(event.id)];
            if (cause === undefined || from === undefined || to === undefined) return null;
            const is_lit = lit === event.id || lit === cause.id;
            return (
              <path
                key={event.id}
                className={`service-${event.service}${is_lit ? ' is-lit' : ''}`}
                markerEnd="url(#arrow)"
                d={bend(x_of(cause), from + dot_top, x_of(event), to + dot_top - dot_reach)}
              />
            );
          })}
        </svg>
      </li>
    </ol>
  );
}

/** Down from the cause, then over into the effect's lane. */
function bend(x1: number, y1: number, x2: number, y2: number): string {
  const reach = Math.min(40, (y2 - y1) / 2);
  return `M${x1} ${y1}C${x1} ${y1 + reach} ${x2} ${y2 - reach} ${x2} ${y2}`;
}

/** Where each entry begins, below the top of the list; read again whenever something in it opens or the page gets narrower. */
function useTops(list: RefObject<HTMLOListElement | null>, events: readonly TimelineEvent[]): ReadonlyMap<string, number> {
  const [tops, set_tops] = useState<ReadonlyMap<string, number>>(new Map());
  // biome-ignore lint/correctness/useExhaustiveDependencies: other events are other entries to be measured
  useLayoutEffect(() => {
    const element = list.current;
    if (element === null) return;
    const measure = () => set_tops(new Map([...element.querySelectorAll('li')].map(entry => [entry.id, entry.offsetTop])));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [list, events]);
  return tops;
}

/** In the console's money where the summary has minor units; nothing when it says no more than its type. */
function says_of({ type, summary, data }: TimelineEvent, currency: string): string | null {
  const { reason, detail } = data;
  if (type.startsWith('exception.') && typeof reason === 'string' && typeof detail === 'string')
    return `${words(reason)} · ${with_money(detail, currency)}`;
  return summary.toLowerCase() === type.replaceAll(/[._]/g, ' ') ? null : summary;
}

interface EntryProps {
  readonly event: TimelineEvent;
  readonly says: string | null;
  readonly data: string;
  readonly before: TimelineEvent | undefined;
  readonly cause: TimelineEvent | undefined;
  readonly lit: boolean;
  readonly x: number;
  show(id: string): void;
}

function Entry({ event, says, data, before, cause, lit, x, show }: EntryProps): ReactNode {
  const is_new_day = before === undefined || day(before.at) !== day(event.at);
  return (
    <li id={event.id} className={lit ? 'is-lit' : undefined}>
      <time dateTime={event.at} title={exact(event.at)}>
        {clock_time(event.at)}
        {is_new_day && <div>{day(event.at)}</div>}
      </time>
      <span className={`dot service-${event.service}`} style={{ left: x }} aria-hidden="true" />
      <div className="what">
        <strong>{event.type}</strong> <span className="small quiet">{words(event.service)}</span>
        {says !== null && <span className="says">{says}</span>}
        <div className="why">
          {cause !== undefined && (
            <button type="button" className="cause" onClick={() => show(cause.id)}>
              <Icon name="cause" size={12} /> caused by {cause.type}, {duration(Date.parse(event.at) - Date.parse(cause.at))} before
            </button>
          )}
          <details className="small">
            <summary>Data</summary>
            <Raw value={data} label={`Data of ${event.type}`} />
          </details>
        </div>
      </div>
    </li>
  );
}
