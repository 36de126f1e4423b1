/** Business cases that need a person: why, whose, until when. Resolving one says how it was dealt with. */
import { type ReactNode, useState } from 'react';
import { Button } from '../components/Button.tsx';
import { Detail } from '../components/Detail.tsx';
import { Confirm } from '../components/Dialog.tsx';
import { LongField } from '../components/Field.tsx';
import { ChoiceFilter, Filters } from '../components/Filters.tsx';
import { Page } from '../components/Page.tsx';
import { Empty } from '../components/State.tsx';
import { StatusPill } from '../components/StatusPill.tsx';
import { Subject } from '../components/Subject.tsx';
import { type Column, Table } from '../components/Table.tsx';
import { Time } from '../components/Value.tsx';
import { words } from '../format.ts';
import { useFilters } from '../location.ts';
import { now_ms } from '../ports.ts';
import { useAction, usePage } from '../queries.ts';
import { useMay } from '../session.tsx';
import type { BusinessException } from '../types/desk.ts';

const asked_every_ms = 15_000;

export function Exceptions(): ReactNode {
  const may = useMay();
  const [filters, set] = useFilters(['service', 'owner']);
  const query = usePage<BusinessException>('/v1/exceptions', {}, { every_ms: asked_every_ms });
  const [chosen, set_chosen] = useState<BusinessException | null>(null);
  const all = query.data?.data ?? [];
  const shown = all.filter(
    one => (filters.service === '' || one.service === filters.service) && (filters.owner === '' || one.owner === filters.owner),
  );
  return (
    <Page title="Exceptions" lead="What the machine cannot decide, the most urgent first.">
      <Filters is_set={filters.service !== '' || filters.owner !== ''} clear={() => set({ service: '', owner: '' })}>
        <ChoiceFilter
          label="Service"
          value={filters.service}
          set={service => set({ service })}
          values={distinct(all.map(one => one.service))}
        />
        <ChoiceFilter label="Owner" value={filters.owner} set={owner => set({ owner })} values={distinct(all.map(one => one.owner))} />
      </Filters>
      <div className="card">
        <Table
          label="Exceptions"
          columns={columns_of(may('operations:write') ? set_chosen : undefined)}
          query={query.data === undefined ? query : { ...query, data: { ...query.data, data: shown } }}
          id_of={one => one.exception_id}
          empty={
            all.length > 0 ? (
              <Empty title="No exception is like this">Change a filter, or clear them all.</Empty>
            ) : (
              <Empty title="Nothing needs a person" icon="check">
                A refund that failed, a parcel that got lost, a supplier who refuses: such cases appear here with who owns them and until
                when.
              </Empty>
            )
          }
        />
      </div>
      <Resolve chosen={chosen} close={() => set_chosen(null)} />
    </Page>
  );
}

const distinct = (values: readonly string[]): string[] => [...new Set(values)].sort();

function columns_of(resolve: ((one: BusinessException) => void) | undefined): readonly Column<BusinessException>[] {
  const columns: readonly Column<BusinessException>[] = [
    {
      id: 'reason',
      header: 'What',
      wrap: true,
      cell: one => (
        <>
          <strong>{words(one.reason)}</strong>
          <div className="small quiet">
            <Detail text={one.detail} order={one.key} />
          </div>
        </>
      ),
    },
    { id: 'subject', header: 'About', cell: one => <Subject id={one.key} /> },
    { id: 'service', header: 'Service', wide_only: true, cell: one => words(one.service) },
    { id: 'owner', header: 'Owner', wide_only: true, cell: one => words(one.owner) },
    { id: 'raised', header: 'Since', wide_only: true, keep: true, cell: one => <Time at={one.raised_at} ago /> },
    { id: 'deadline', header: 'Until', keep: true, cell: one => <Deadline at={one.deadline} /> },
  ];
  if (resolve === undefined) return columns;
  const button: Column<BusinessException> = {
    id: 'resolve',
    header: '',
    align: 'end',
    cell: one => (
      <Button small onClick={() => resolve(one)}>
        Resolve
      </Button>
    ),
  };
  return [...columns, button];
}

function Deadline({ at }: { readonly at: string }): ReactNode {
  return (
    <>
      <Time at={at} ago /> {Date.parse(at) < now_ms() && <StatusPill value="overdue" tone="bad" />}
    </>
  );
}

function Resolve({ chosen, close }: { readonly chosen: BusinessException | null; close(): void }): ReactNode {
  const [note, set_note] = useState('');
  const resolve = useAction<{ note: string }>({
    path: () => `/v1/exceptions/${chosen?.exception_id ?? ''}/resolve`,
    invalidates: ['/v1/exceptions'],
    done: () => 'Resolved',
  });
  return (
    <Confirm
      open={chosen !== null}
      close={close}
      title={chosen === null ? '' : `Resolve: ${words(chosen.reason)}?`}
      why="The case closes and your note stays in the history. It changes nothing else: do what must be done first."
      deed="Resolve"
      ready={note.trim() !== ''}
      run={async () => {
        await resolve.run({ note: note.trim() });
        set_note('');
      }}
    >
      <LongField label="How it was dealt with" required maxLength={2_000} value={note} onChange={event => set_note(event.target.value)} />
    </Confirm>
  );
}
