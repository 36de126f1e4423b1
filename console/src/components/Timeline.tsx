/** Events in the order in which they happened, each with an arrow to the event that caused it. */
import { type ReactNode, useMemo, useState } from 'react';
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

export function Timeline({ events }: { readonly events: readonly TimelineEvent[] }): ReactNode {
  const [lit, set_lit] = useState<string | null>(null);
  const by_id = useMemo(() => new Map(events.map(event => [event.id, event])), [events]);
  const show = (id: string) => {
    set_lit(id);
    document.getElementById(id)?.scrollIntoView({ block: 'nearest' });
  };
  return (
    <ol className="timeline">
      {events.map((event, index) => (
        <Entry
          key={event.id}
          event={event}
          before={events[index - 1]}
          cause={by_id.get(event.caused_by)}
          lit={lit === event.id}
          show={show}
        />
      ))}
    </ol>
  );
}

interface EntryProps {
  readonly event: TimelineEvent;
  readonly before: TimelineEvent | undefined;
  readonly cause: TimelineEvent | undefined;
  readonly lit: boolean;
  show(id: string): void;
}

function Entry({ event, before, cause, lit, show }: EntryProps): ReactNode {
  const is_new_day = before === undefined || day(before.at) !== day(event.at);
  return (
    <li id={event.id} className={lit ? 'is-lit' : undefined}>
      <time dateTime={event.at} title={exact(event.at)}>
        {is_new_day && (
          <>
            {day(event.at)}
            <br />
          </>
        )}
        {clock_time(event.at)}
      </time>
      <span className={`dot service-${event.service}`} aria-hidden="true" />
      <div className="what">
        <div>
          <strong>{event.type}</strong> <span className="small quiet">{words(event.service)}</span>
        </div>
        {event.summary !== '' && event.summary !== event.type && <div>{event.summary}</div>}
        {cause !== undefined && (
          <button type="button" className="cause" onClick={() => show(cause.id)}>
            <Icon name="cause" size={12} /> caused by {cause.type}, {duration(Date.parse(event.at) - Date.parse(cause.at))} before
          </button>
        )}
        <details className="small">
          <summary className="quiet">Data</summary>
          <Raw value={event.data} label={`Data of ${event.type}`} />
        </details>
      </div>
    </li>
  );
}
