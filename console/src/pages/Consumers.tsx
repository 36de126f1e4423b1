/** Who hears whom, and how far each has come. */
import type { ReactNode } from 'react';
import { Page } from '../components/Page.tsx';
import { Empty } from '../components/State.tsx';
import { StatusPill } from '../components/StatusPill.tsx';
import { type Column, Table } from '../components/Table.tsx';
import { count, duration, words } from '../format.ts';
import { usePage } from '../queries.ts';
import type { Consumer } from '../types/desk.ts';

const asked_every_ms = 3_000;
/** Longer than this behind is not a batch under way any more. */
const late_s = 5;

const columns: readonly Column<Consumer>[] = [
  { id: 'service', header: 'Service', cell: one => <strong>{words(one.service)}</strong> },
  { id: 'source', header: 'Hears', cell: one => words(one.source) },
  {
    id: 'state',
    header: 'State',
    cell: one => (one.seconds > late_s ? <StatusPill value="behind" tone="bad" /> : <StatusPill value="fine" label="Up to date" />),
  },
  { id: 'events', header: 'Behind', align: 'end', cell: one => count(one.events) },
  {
    id: 'seconds',
    header: 'For',
    align: 'end',
    cell: one => (one.events === 0 ? <span className="quiet">–</span> : duration(one.seconds * 1_000)),
  },
  { id: 'position', header: 'Position', align: 'end', wide_only: true, cell: one => count(one.position) },
  { id: 'head', header: 'Head', align: 'end', wide_only: true, cell: one => count(one.head) },
];

export function Consumers(): ReactNode {
  const query = usePage<Consumer>('/v1/consumers', {}, { every_ms: asked_every_ms });
  return (
    <Page title="Consumers" lead="Each service hears the events of others, in order. Here is how far each has come.">
      <div className="card">
        <Table
          label="Consumers"
          columns={columns}
          query={query}
          id_of={one => `${one.service} ${one.source}`}
          empty={<Empty title="Nobody hears anybody">No service runs in a process that answers here.</Empty>}
        />
      </div>
    </Page>
  );
}
