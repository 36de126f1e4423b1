/** What partners sent, as it came. */
import { type ReactNode, useState } from 'react';
import { Button } from '../../components/Button.tsx';
import { Show } from '../../components/Dialog.tsx';
import { Card } from '../../components/Page.tsx';
import { Loaded } from '../../components/State.tsx';
import { StatusPill } from '../../components/StatusPill.tsx';
import { type Column, Table } from '../../components/Table.tsx';
import { Raw, Time } from '../../components/Value.tsx';
import { named, words } from '../../format.ts';
import { useGet, usePage } from '../../queries.ts';
import type { Interchange, InterchangeDetail } from '../../types/purchasing.ts';

const shown_max = 20;

export function channel_words(kind: string): string {
  return kind === 'manual' ? 'a person' : named(kind);
}

/** `partner` null: of all of them. */
export function Interchanges({ partner }: { readonly partner: string | null }): ReactNode {
  const query = usePage<Interchange>('/v1/interchanges', { partner, limit: shown_max });
  const [shown, set_shown] = useState<string | null>(null);
  const columns: readonly Column<Interchange>[] = [
    { id: 'at', header: 'Came', keep: true, cell: one => <Time at={one.received_at} /> },
    {
      id: 'partner',
      header: 'From',
      cell: one => (one.partner === '' ? <span className="quiet">nobody named</span> : <span className="mono">{one.partner}</span>),
    },
    { id: 'channel', header: 'By', wide_only: true, cell: one => channel_words(one.channel) },
    { id: 'number', header: 'Number', wide_only: true, cell: one => <span className="mono">{one.control_number}</span> },
    {
      id: 'status',
      header: 'Status',
      cell: one => (
        <>
          <StatusPill value={one.status} tone={one.status === 'taken' ? 'good' : 'bad'} />{' '}
          {one.waits_for_person && <StatusPill value="exception" label="Needs a person" />}
        </>
      ),
    },
    {
      id: 'open',
      header: 'Text',
      cell: one => (
        <Button small aria-label={`Show interchange ${one.control_number}`} onClick={() => set_shown(one.id)}>
          Show
        </Button>
      ),
    },
  ];
  return (
    <Card title="Interchanges" flush>
      <Table
        label="Interchanges"
        columns={columns}
        query={query}
        id_of={one => one.id}
        empty={<p className="card-body quiet">Nobody has sent one yet. They come by X12 and Peppol.</p>}
      />
      {shown !== null && <Opened id={shown} close={() => set_shown(null)} />}
    </Card>
  );
}

function Opened({ id, close }: { readonly id: string; close(): void }): ReactNode {
  const query = useGet<InterchangeDetail>(`/v1/interchanges/${id}`);
  return (
    <Show open close={close} title="As it came">
      <Loaded query={query}>
        {one => (
          <div className="stack">
            {one.exceptions.map(exception => (
              <p key={exception.id} className="notice bad">
                {words(exception.reason)}: {exception.detail}
              </p>
            ))}
            <Raw value={one.text.replaceAll('~', '~\n')} label="Interchange" />
            {one.reply !== null && (
              <>
                <h3>Our answer</h3>
                <Raw value={one.reply.replaceAll('~', '~\n')} label="Our answer" />
              </>
            )}
          </div>
        )}
      </Loaded>
    </Show>
  );
}
