/** Every event behind this order, for the curious: what Cartwright's services told each other. */
import { useState } from 'preact/hooks';
import type { Access, Api } from '../api.ts';
import { moment, time_of_day } from '../format.ts';
import { useLoaded } from '../loaded.ts';
import { Trouble, Waiting } from './small.tsx';

export function Backstage({ api, access, version }: { api: Api; access: Access; version: number }) {
  const [open, set_open] = useState(false);
  return (
    <details class="card" onToggle={event => set_open(event.currentTarget.open)}>
      <summary>Behind the counter</summary>
      {open && <Events api={api} access={access} version={version} />}
    </details>
  );
}

function Events({ api, access, version }: { api: Api; access: Access; version: number }) {
  const events = useLoaded(() => api.timeline(access), [access.id, version]);
  if (events.state === 'failed') return <Trouble problem={events.problem} again={events.again} />;
  if (events.state === 'loading') return <Waiting what="Reading the logs …" />;
  const { data, archived } = events.value;
  return (
    <>
      {archived !== undefined && (
        <p>
          {archived.events} events of this order are in the archive since {moment(archived.since)}.
        </p>
      )}
      <ol class="events">
        {data.map(({ id, at, service, type, summary }) => (
          <li key={id}>
            <time dateTime={at} title={at}>
              {time_of_day(at)}
            </time>
            <span class={`service ${service}`}>{service}</span>
            <code>{type}</code>
            <small>{summary}</small>
          </li>
        ))}
      </ol>
    </>
  );
}
