/** Third parties as the processes that call them find them. */
import type { ReactNode } from 'react';
import { Card } from '../../components/Page.tsx';
import { Empty } from '../../components/State.tsx';
import { StatusPill } from '../../components/StatusPill.tsx';
import { type Column, Table } from '../../components/Table.tsx';
import { Time } from '../../components/Value.tsx';
import { count, duration, named, words } from '../../format.ts';
import { useGet } from '../../queries.ts';
import type { Provider } from '../../types/desk.ts';

const every_ms = 5_000;

const columns: readonly Column<Provider>[] = [
  { id: 'provider', header: 'Third party', cell: one => <strong>{named(one.provider)}</strong> },
  { id: 'service', header: 'Called by', wide_only: true, cell: one => words(one.service) },
  {
    id: 'state',
    header: 'State',
    cell: one => (
      <>
        <StatusPill
          value={one.breaker}
          tone={one.breaker === 'open' ? 'bad' : 'good'}
          label={one.breaker === 'open' ? 'Not called' : one.breaker === 'closed' ? 'Called' : words(one.breaker)}
        />
        {one.reason !== null && <div className="small quiet">{words(one.reason)}</div>}
        {one.paused_until !== null && (
          <div className="small quiet">
            until <Time at={one.paused_until} />
          </div>
        )}
      </>
    ),
  },
  { id: 'p95', header: 'p95', align: 'end', cell: one => (one.p95_ms === null ? <span className="quiet">–</span> : duration(one.p95_ms)) },
  { id: 'in_flight', header: 'Under way', align: 'end', wide_only: true, cell: one => count(one.in_flight) },
  {
    id: 'outcomes',
    header: 'Outcomes since start',
    wide_only: true,
    cell: one =>
      Object.entries(one.outcomes)
        .map(([outcome, calls]) => `${words(outcome).toLowerCase()} ${count(calls)}`)
        .join(', ') || <span className="quiet">none yet</span>,
  },
];

export function Providers(): ReactNode {
  const query = useGet<{ data: readonly Provider[] }>('/v1/providers', {}, { every_ms });
  const shown = query.data === undefined ? undefined : { data: query.data.data, next_cursor: null };
  return (
    <Card title="Third parties" flush>
      <Table
        label="Third parties"
        columns={columns}
        query={{ data: shown, error: query.error, isPlaceholderData: query.isPlaceholderData, refetch: query.refetch }}
        id_of={one => `${one.service} ${one.provider}`}
        empty={<Empty title="Nobody is called">Everything is done by hand here.</Empty>}
      />
    </Card>
  );
}
