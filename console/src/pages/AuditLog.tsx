/** Who did what, newest first. Each entry is chained to the one before by its hash. */
import type { ReactNode } from 'react';
import { Filters, TextFilter } from '../components/Filters.tsx';
import { Page } from '../components/Page.tsx';
import { Empty } from '../components/State.tsx';
import { StatusPill } from '../components/StatusPill.tsx';
import { Subject } from '../components/Subject.tsx';
import { type Column, Table } from '../components/Table.tsx';
import { Time } from '../components/Value.tsx';
import { named, words } from '../format.ts';
import { useFilters, usePaging } from '../location.ts';
import { usePage } from '../queries.ts';
import type { AuditEntry } from '../types/gateway.ts';
import { useActorName } from './settings/names.ts';

const names = ['actor', 'action', 'object'] as const;
const none = Object.fromEntries(names.map(name => [name, '']));

export function AuditLog(): ReactNode {
  const [filters, set] = useFilters(names);
  const paging = usePaging();
  const name_of = useActorName();
  const query = usePage<AuditEntry>('/v1/audit-log', { ...filters, cursor: paging.cursor });
  const is_set = names.some(name => filters[name] !== '');
  const columns: readonly Column<AuditEntry>[] = [
    { id: 'at', header: 'When', keep: true, cell: one => <Time at={one.at} /> },
    {
      id: 'actor',
      header: 'Who',
      cell: one => (
        <>
          <button type="button" className="as-link" title={one.actor} onClick={() => set({ actor: one.actor })}>
            {name_of(one.actor)}
          </button>{' '}
          <span className="small quiet">{named(one.actor_type)}</span>
        </>
      ),
    },
    {
      id: 'action',
      header: 'Did',
      cell: one => (
        <>
          {words(one.action)} {one.outcome === 'attempted' && <StatusPill value={one.outcome} tone="warn" label="Outcome not known" />}
          {one.outcome === 'attempted' && (
            <div className="small">It is under way, or what did it broke or died. Look at what it was done to.</div>
          )}
        </>
      ),
    },
    {
      id: 'object',
      header: 'To',
      cell: one => (
        <>
          <ObjectName id={one.object} name={name_of(one.object)} />
          {one.reason !== null && <div className="small">{one.reason}</div>}
        </>
      ),
    },
    { id: 'request', header: 'Request', wide_only: true, cell: one => <span className="mono small quiet">{one.request_id}</span> },
    {
      id: 'seq',
      header: 'Entry',
      align: 'end',
      wide_only: true,
      cell: one => (
        <span className="mono small quiet" title={`Hash ${one.hash}`}>
          {one.seq}
        </span>
      ),
    },
  ];
  return (
    <Page title="Audit log" lead="Who did what. Nothing here can be changed: each entry carries the hash of the one before.">
      <Filters is_set={is_set} clear={() => set(none)}>
        <TextFilter label="Actor id" value={filters.actor} set={actor => set({ actor })} />
        <TextFilter label="Action" value={filters.action} set={action => set({ action })} placeholder="key.created" />
        <TextFilter label="Object id" value={filters.object} set={object => set({ object })} />
      </Filters>
      <div className="card">
        <Table
          label="Audit log"
          columns={columns}
          query={query}
          paging={paging}
          id_of={one => String(one.seq)}
          empty={
            is_set ? (
              <Empty title="No entry is like this">Filters compare whole words: an action is written like key.created.</Empty>
            ) : (
              <Empty title="Nothing yet" icon="log" />
            )
          }
        />
      </div>
    </Page>
  );
}

function ObjectName({ id, name }: { readonly id: string; readonly name: string }): ReactNode {
  return name === id ? <Subject id={id} /> : <span title={id}>{name}</span>;
}
