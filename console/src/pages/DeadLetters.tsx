/** Events that a service could not handle. Their keys wait, in order, until somebody tries again or gives the event up. */
import { type ReactNode, useState } from 'react';
import { Button } from '../components/Button.tsx';
import { Page } from '../components/Page.tsx';
import { Empty } from '../components/State.tsx';
import { StatusPill } from '../components/StatusPill.tsx';
import { Subject } from '../components/Subject.tsx';
import { type Column, Table } from '../components/Table.tsx';
import { Time } from '../components/Value.tsx';
import { words } from '../format.ts';
import { usePage } from '../queries.ts';
import { useMay } from '../session.tsx';
import type { DeadLetter } from '../types/desk.ts';
import { Discard, Inspect, Redrive } from './dead_letters/Deeds.tsx';

const asked_every_ms = 15_000;
const nothing: ReadonlySet<string> = new Set();

export function DeadLetters(): ReactNode {
  const may = useMay();
  const query = usePage<DeadLetter>('/v1/dead-letters', {}, { every_ms: asked_every_ms });
  const [picked, set_picked] = useState<ReadonlySet<string>>(nothing);
  const [inspected, set_inspected] = useState<DeadLetter | null>(null);
  const [redriven, set_redriven] = useState<readonly DeadLetter[]>([]);
  const [discarded, set_discarded] = useState<DeadLetter | null>(null);
  const letters = query.data?.data ?? [];
  const chosen = letters.filter(letter => picked.has(letter.id));
  const acts = may('operations:write');
  return (
    <Page
      title="Dead letters"
      lead="Events that could not be handled. What comes after them under the same key waits too."
      actions={
        acts &&
        letters.length > 0 && (
          <Button look="primary" disabled={chosen.length === 0} onClick={() => set_redriven(chosen)}>
            {chosen.length === 0 ? 'Redrive picked' : `Redrive ${chosen.length}`}
          </Button>
        )
      }
    >
      <div className="card">
        <Table
          label="Dead letters"
          columns={columns_of({ inspect: set_inspected })}
          query={query}
          id_of={letter => letter.id}
          {...(acts ? { picked: { ids: picked, set: set_picked } } : {})}
          empty={
            <Empty title="No dead letters" icon="check">
              Every event that came was handled.
            </Empty>
          }
        />
      </div>
      <Inspect
        letter={inspected}
        close={() => set_inspected(null)}
        {...(acts
          ? {
              redrive: letter => {
                set_inspected(null);
                set_redriven([letter]);
              },
              discard: letter => {
                set_inspected(null);
                set_discarded(letter);
              },
            }
          : {})}
      />
      <Redrive
        letters={redriven}
        close={() => {
          set_redriven([]);
          set_picked(nothing);
        }}
      />
      <Discard letter={discarded} close={() => set_discarded(null)} />
    </Page>
  );
}

function columns_of({ inspect }: { inspect(letter: DeadLetter): void }): readonly Column<DeadLetter>[] {
  return [
    {
      id: 'type',
      header: 'Event',
      wrap: true,
      cell: letter => (
        <>
          <strong>{letter.type ?? 'unknown'}</strong>
          <div className="small quiet">
            {words(letter.service)}, from {letter.source}
          </div>
        </>
      ),
    },
    { id: 'key', header: 'About', cell: letter => <Subject id={letter.key} /> },
    { id: 'reason', header: 'Why', wrap: true, wide_only: true, cell: letter => <span className="small">{letter.reason}</span> },
    { id: 'since', header: 'Since', keep: true, cell: letter => <Time at={letter.since} ago /> },
    { id: 'waiting', header: 'Waiting', align: 'end', wide_only: true, cell: letter => letter.waiting },
    { id: 'attempts', header: 'Attempts', align: 'end', wide_only: true, cell: letter => letter.attempts },
    {
      id: 'state',
      header: 'State',
      cell: letter =>
        letter.quarantined ? <StatusPill value="quarantined" label="Given up" /> : <StatusPill value="parked" label="Tries again" />,
    },
    {
      id: 'inspect',
      header: '',
      align: 'end',
      cell: letter => (
        <Button small onClick={() => inspect(letter)}>
          Inspect
        </Button>
      ),
    },
  ];
}
