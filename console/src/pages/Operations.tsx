/** Calls to third parties and what became of them. One whose outcome is unknown is asked about for a day; then a person with evidence says what happened. */
import { type ReactNode, useState } from 'react';
import { Button } from '../components/Button.tsx';
import { ChoiceFilter, Filters, TextFilter } from '../components/Filters.tsx';
import { Card, Page } from '../components/Page.tsx';
import { Scroll } from '../components/Scroll.tsx';
import { Empty, Loaded } from '../components/State.tsx';
import { StatusPill } from '../components/StatusPill.tsx';
import { Subject } from '../components/Subject.tsx';
import { type Column, Table } from '../components/Table.tsx';
import { Time } from '../components/Value.tsx';
import { duration, words } from '../format.ts';
import { useFilters, usePaging } from '../location.ts';
import { useGet, usePage } from '../queries.ts';
import { useMay } from '../session.tsx';
import type { Operation, Provider } from '../types/desk.ts';
import { InspectOperation, Resolve } from './operations/Deeds.tsx';

const names = ['state', 'provider', 'kind'] as const;
const asked_every_ms = 10_000;

export function Operations(): ReactNode {
  const may = useMay();
  const [filters, set] = useFilters(names);
  const { cursor, ...paging } = usePaging();
  const query = usePage<Operation>('/v1/operations', { ...filters, cursor }, { every_ms: asked_every_ms });
  const [inspected, set_inspected] = useState<Operation | null>(null);
  const [resolved, set_resolved] = useState<Operation | null>(null);
  const is_set = names.some(name => filters[name] !== '');
  return (
    <Page title="Operations" lead="Calls to payment gateways, carriers and suppliers.">
      <div className="stack">
        <Providers />
        <div>
          <Filters is_set={is_set} clear={() => set({ state: '', provider: '', kind: '' })}>
            <ChoiceFilter
              label="State"
              value={filters.state}
              set={state => set({ state })}
              values={['unknown', 'requested', 'sent', 'succeeded', 'failed']}
            />
            <TextFilter label="Provider" value={filters.provider} set={provider => set({ provider })} />
            <TextFilter label="Kind" value={filters.kind} set={kind => set({ kind })} />
          </Filters>
          <div className="card">
            <Table
              label="Operations"
              columns={columns_of(set_inspected)}
              query={query}
              paging={{ cursor, ...paging }}
              id_of={operation => operation.id}
              empty={
                filters.state === 'unknown' ? (
                  <Empty title="No outcome is unknown" icon="check">
                    Every call has an answer, or is still being asked about.
                  </Empty>
                ) : (
                  <Empty title={is_set ? 'No call is like this' : 'No calls yet'}>
                    {is_set ? 'Change a filter, or clear them all.' : 'They appear when money moves or a label is bought.'}
                  </Empty>
                )
              }
            />
          </div>
        </div>
      </div>
      <InspectOperation
        operation={inspected}
        close={() => set_inspected(null)}
        {...(may('operations:write')
          ? {
              resolve: operation => {
                set_inspected(null);
                set_resolved(operation);
              },
            }
          : {})}
      />
      <Resolve operation={resolved} close={() => set_resolved(null)} />
    </Page>
  );
}

function columns_of(inspect: (operation: Operation) => void): readonly Column<Operation>[] {
  return [
    {
      id: 'kind',
      header: 'Call',
      cell: operation => (
        <>
          <strong>{words(operation.kind)}</strong>
          <div className="small quiet">{words(operation.provider)}</div>
        </>
      ),
    },
    { id: 'key', header: 'About', cell: operation => <Subject id={operation.key} /> },
    { id: 'state', header: 'State', cell: operation => <StatusPill value={operation.state} /> },
    { id: 'attempts', header: 'Attempts', align: 'end', wide_only: true, cell: operation => operation.attempts },
    { id: 'requested', header: 'Asked for', keep: true, wide_only: true, cell: operation => <Time at={operation.requested_at} /> },
    {
      id: 'until',
      header: 'Next',
      keep: true,
      wide_only: true,
      cell: operation => (operation.state === 'unknown' ? <Time at={operation.next_at} ago /> : <span className="quiet">–</span>),
    },
    {
      id: 'inspect',
      header: '',
      align: 'end',
      cell: operation => (
        <Button small onClick={() => inspect(operation)}>
          Inspect
        </Button>
      ),
    },
  ];
}

/** Whether each third party is called at all, and how it does. */
function Providers(): ReactNode {
  const query = useGet<{ data: readonly Provider[] }>('/v1/providers', {}, { every_ms: asked_every_ms });
  return (
    <Card title="Third parties" flush>
      <Loaded query={query}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="None is called">Everything here is done by hand or by the gateway manual.</Empty>
          ) : (
            <Scroll label="Third parties">
              <table className="table">
                <caption className="hidden">How each third party is</caption>
                <thead>
                  <tr>
                    <th scope="col">Provider</th>
                    <th scope="col">State</th>
                    <th scope="col" className="end">
                      Now
                    </th>
                    <th scope="col" className="end wide-only">
                      95 of 100 within
                    </th>
                    <th scope="col" className="wide-only">
                      Outcomes since the start
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {data.map(one => (
                    <tr key={`${one.service} ${one.provider}`}>
                      <th scope="row">
                        {words(one.provider)} <span className="quiet small">{words(one.service)}</span>
                      </th>
                      <td>
                        <ProviderPill provider={one} />
                      </td>
                      <td className="end">{one.in_flight}</td>
                      <td className="end wide-only">{one.p95_ms === null ? <span className="quiet">–</span> : duration(one.p95_ms)}</td>
                      <td className="wide-only small">
                        {Object.entries(one.outcomes)
                          .map(([outcome, times]) => `${times} ${words(outcome).toLowerCase()}`)
                          .join(', ') || <span className="quiet">not called yet</span>}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
          )
        }
      </Loaded>
    </Card>
  );
}

function ProviderPill({ provider }: { readonly provider: Provider }): ReactNode {
  if (provider.breaker === 'open')
    return <StatusPill value="open" label={`Not called: ${provider.reason === null ? 'ill' : words(provider.reason).toLowerCase()}`} />;
  if (provider.paused_until !== null) return <StatusPill value="paused" tone="warn" label="Asked us to wait" />;
  return <StatusPill value="fine" label="Called" />;
}
