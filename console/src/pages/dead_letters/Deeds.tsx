/** What can be done with a dead letter: look into it, try again, give it up. */
import { type ReactNode, useState } from 'react';
import { Button } from '../../components/Button.tsx';
import { Confirm, Show } from '../../components/Dialog.tsx';
import { LongField } from '../../components/Field.tsx';
import { Loaded } from '../../components/State.tsx';
import { Subject } from '../../components/Subject.tsx';
import { CopyId, KeyValue, Raw, Time } from '../../components/Value.tsx';
import { useAction, useGet } from '../../queries.ts';
import type { DeadLetter, DeadLetterDetail } from '../../types/desk.ts';

const stale = ['/v1/dead-letters'];

interface InspectProps {
  readonly letter: DeadLetter | null;
  close(): void;
  redrive?(letter: DeadLetter): void;
  discard?(letter: DeadLetter): void;
}

export function Inspect({ letter, close, redrive, discard }: InspectProps): ReactNode {
  return (
    <Show
      open={letter !== null}
      close={close}
      title={letter?.type ?? 'Dead letter'}
      actions={
        letter !== null && (
          <>
            {discard !== undefined && <Button onClick={() => discard(letter)}>Discard…</Button>}
            {redrive !== undefined && (
              <Button look="primary" onClick={() => redrive(letter)}>
                Redrive…
              </Button>
            )}
          </>
        )
      }
    >
      {letter !== null && (
        <>
          <p className="notice bad">{letter.reason}</p>
          <KeyValue
            items={{
              About: <Subject id={letter.key} />,
              Event: letter.event_id === null ? null : <CopyId id={letter.event_id} label="event id" />,
              Since: <Time at={letter.since} />,
              Attempts: `${letter.attempts}${letter.redrives > 0 ? `, redriven ${letter.redrives} times` : ''}`,
              'Tries again': letter.quarantined ? 'no: given up until somebody redrives it' : <Time at={letter.next_at} ago />,
            }}
          />
          <Events id={letter.id} />
        </>
      )}
    </Show>
  );
}

function Events({ id }: { readonly id: string }): ReactNode {
  const query = useGet<DeadLetterDetail>(`/v1/dead-letters/${encodeURIComponent(id)}`);
  return (
    <Loaded query={query}>
      {({ events }) => (
        <div className="stack">
          {events.slice(0, 1).map(({ position, event }) => (
            <Raw key={position} value={event} label="The event" />
          ))}
          {events.length > 1 && (
            <details className="small">
              <summary>{events.length - 1} more wait behind it</summary>
              {events.slice(1).map(({ position, event }) => (
                <Raw key={position} value={event} label={`Event at position ${position}`} />
              ))}
            </details>
          )}
        </div>
      )}
    </Loaded>
  );
}

export function Redrive({ letters, close }: { readonly letters: readonly DeadLetter[]; close(): void }): ReactNode {
  const redrive = useAction<DeadLetter>({
    path: letter => `/v1/dead-letters/${encodeURIComponent(letter.id)}/redrive`,
    sends: () => ({}),
    invalidates: stale,
    done: letter_done,
  });
  return (
    <Confirm
      open={letters.length > 0}
      close={close}
      title={letters.length === 1 ? 'Try this event again?' : `Try these ${letters.length} events again?`}
      why="It is handled anew at once, and what waits behind it after it. If the cause is still there, it comes back here."
      deed="Redrive"
      run={async () => {
        // One after the other: the first that is refused ends it, and the rest is still here to be seen.
        for (const letter of letters) await redrive.run(letter);
      }}
    >
      <ul className="small">
        {letters.map(letter => (
          <li key={letter.id}>
            {letter.type} <span className="quiet mono">{letter.key}</span>
          </li>
        ))}
      </ul>
    </Confirm>
  );
}

const letter_done = (_reply: unknown, letter: DeadLetter): string => `${letter.type ?? 'The event'} is tried again`;

export function Discard({ letter, close }: { readonly letter: DeadLetter | null; close(): void }): ReactNode {
  const [reason, set_reason] = useState('');
  const discard = useAction<{ reason: string }>({
    path: () => `/v1/dead-letters/${encodeURIComponent(letter?.id ?? '')}/discard`,
    invalidates: stale,
    done: () => 'The event is given up; what waited behind it goes on',
  });
  return (
    <Confirm
      open={letter !== null}
      close={close}
      title="Give this event up?"
      why={`${letter?.type ?? 'It'} will never be handled by ${letter?.service ?? 'its service'}. What waits behind it goes on. Put right by hand what it would have done.`}
      deed="Discard event"
      danger
      ready={reason.trim() !== ''}
      run={async () => {
        await discard.run({ reason: reason.trim() });
        set_reason('');
      }}
    >
      <LongField
        label="Reason"
        hint="It is kept with the event."
        required
        maxLength={2_000}
        value={reason}
        onChange={event => set_reason(event.target.value)}
      />
    </Confirm>
  );
}
