/** One endpoint: what it hears, how it does, and each delivery. */
import { type ReactNode, useState } from 'react';
import { useLocation, useParams } from 'wouter';
import { Button } from '../components/Button.tsx';
import { Confirm } from '../components/Dialog.tsx';
import { ChoiceFilter, Filters } from '../components/Filters.tsx';
import { Card, Page } from '../components/Page.tsx';
import { ShowSecret } from '../components/Secret.tsx';
import { Empty, Loaded } from '../components/State.tsx';
import { StatusPill } from '../components/StatusPill.tsx';
import { Subject } from '../components/Subject.tsx';
import { type Column, Table } from '../components/Table.tsx';
import { CopyId, KeyValue, Raw, Time } from '../components/Value.tsx';
import { useFilters, usePaging } from '../location.ts';
import { useAction, useGet, usePage } from '../queries.ts';
import type { Delivery, WebhookEndpoint } from '../types/gateway.ts';
import { useActorName } from './settings/names.ts';
import { EndpointState } from './Webhooks.tsx';

const back = { href: '/webhooks', label: 'Webhooks' };
const stale_after = ['/v1/webhook-endpoints'] as const;
const delivery_states = ['waiting', 'sending', 'delivered', 'given_up'];

export function Webhook(): ReactNode {
  const { id = '' } = useParams();
  const query = useGet<WebhookEndpoint>(`/v1/webhook-endpoints/${id}`);
  return (
    <Page
      title={query.data?.url ?? 'Endpoint'}
      back={back}
      beside={query.data !== undefined && <EndpointState endpoint={query.data} />}
      lead={query.data?.description}
      actions={query.data !== undefined && <Deeds endpoint={query.data} />}
    >
      {query.data === undefined ? (
        <div className="card">
          <Loaded query={query}>{() => null}</Loaded>
        </div>
      ) : (
        <div className="columns">
          <Deliveries endpoint={query.data} />
          <About endpoint={query.data} />
        </div>
      )}
    </Page>
  );
}

function About({ endpoint }: { readonly endpoint: WebhookEndpoint }): ReactNode {
  const name_of = useActorName();
  return (
    <Card title="About">
      <KeyValue
        items={{
          Id: <CopyId id={endpoint.id} label="endpoint id" />,
          Hears: endpoint.events.includes('*') ? 'Every event' : endpoint.events.join(', '),
          Made: <Time at={endpoint.created_at} />,
          By: name_of(endpoint.created_by),
          'Failing since': endpoint.failing_since === null ? null : <Time at={endpoint.failing_since} />,
          'Asked to wait until': endpoint.paused_until === null ? null : <Time at={endpoint.paused_until} />,
          'Old secret signs until': endpoint.previous_secret_until === null ? null : <Time at={endpoint.previous_secret_until} />,
          Disabled: endpoint.disabled_at === null ? null : <Time at={endpoint.disabled_at} />,
        }}
      />
    </Card>
  );
}

function Deeds({ endpoint }: { readonly endpoint: WebhookEndpoint }): ReactNode {
  const [, navigate] = useLocation();
  const [deed, set_deed] = useState<'rotate' | 'enable' | 'delete' | null>(null);
  const [secret, set_secret] = useState<string | null>(null);
  const close = () => set_deed(null);
  const at = `/v1/webhook-endpoints/${endpoint.id}`;
  const rotate = useAction<Record<string, never>, { secret: string }>({
    path: () => `${at}/rotate-secret`,
    invalidates: stale_after,
    done: () => 'The secret was changed',
  });
  const enable = useAction<Record<string, never>>({
    path: () => `${at}/enable`,
    invalidates: stale_after,
    done: () => 'It is sent to again',
  });
  const remove = useAction<Record<string, never>>({
    method: 'DELETE',
    path: () => at,
    invalidates: [],
    done: () => `Nothing more is sent to ${endpoint.url}`,
  });
  return (
    <>
      <Button onClick={() => set_deed('delete')}>Delete</Button>
      <Button onClick={() => set_deed('rotate')}>Change secret</Button>
      {endpoint.state === 'disabled' && (
        <Button look="primary" onClick={() => set_deed('enable')}>
          Enable
        </Button>
      )}
      <Confirm
        open={deed === 'rotate'}
        close={close}
        title="Change the secret?"
        why="The new one is shown once. Both sign for some time, so that nothing is refused while the receiver changes."
        deed="Change secret"
        run={async () => set_secret((await rotate.run({})).secret)}
      />
      <Confirm
        open={deed === 'enable'}
        close={close}
        title="Send to it again?"
        why="From now on. What happened while it was disabled is not sent."
        deed="Enable"
        run={() => enable.run({})}
      />
      <Confirm
        open={deed === 'delete'}
        close={close}
        title="Delete this endpoint?"
        why="Nothing more is sent to it, and what was sent is forgotten."
        deed="Delete endpoint"
        danger
        run={async () => {
          await remove.run({});
          navigate('/webhooks');
        }}
      />
      {secret !== null && (
        <ShowSecret title="New secret" secret={secret} close={() => set_secret(null)}>
          Give it to the receiver at {endpoint.url}.
        </ShowSecret>
      )}
    </>
  );
}

function Deliveries({ endpoint }: { readonly endpoint: WebhookEndpoint }): ReactNode {
  const [filters, set] = useFilters(['state']);
  const paging = usePaging();
  const at = `/v1/webhook-endpoints/${endpoint.id}/deliveries`;
  const query = usePage<Delivery>(at, { ...filters, cursor: paging.cursor });
  const redeliver = useAction<Delivery>({
    path: one => `${at}/${one.id}/redeliver`,
    sends: () => ({}),
    invalidates: stale_after,
    done: (_reply, one) => `${one.type} is sent once more`,
  });
  const columns: readonly Column<Delivery>[] = [
    ...facts,
    {
      id: 'again',
      header: 'Again',
      cell: one => (
        <Button
          small
          aria-label={`Send again: ${one.type} of ${one.subject}`}
          disabled={redeliver.pending || endpoint.state === 'disabled'}
          onClick={() => void redeliver.run(one).catch(() => undefined)}
        >
          Send again
        </Button>
      ),
    },
  ];
  return (
    <div>
      <Filters is_set={filters.state !== ''} clear={() => set({ state: '' })}>
        <ChoiceFilter label="Deliveries" value={filters.state} set={state => set({ state })} values={delivery_states} />
      </Filters>
      <Card title="Deliveries" flush>
        <Table
          label="Deliveries"
          columns={columns}
          query={query}
          paging={paging}
          id_of={one => one.id}
          empty={<Empty title="Nothing was sent to it yet">It hears of what happens from now on.</Empty>}
        />
      </Card>
    </div>
  );
}

const facts: readonly Column<Delivery>[] = [
  {
    id: 'event',
    header: 'Event',
    cell: one => (
      <>
        <strong>{one.type}</strong>
        <div className="small">
          <Subject id={one.subject} />
        </div>
      </>
    ),
  },
  {
    id: 'state',
    header: 'State',
    cell: one => (
      <>
        <StatusPill value={one.state} tone={one.state === 'given_up' ? 'bad' : undefined} />
        <div className="small quiet">
          {one.attempts} {one.attempts === 1 ? 'attempt' : 'attempts'}
          {one.last_status !== null && `, HTTP ${one.last_status}`}
        </div>
      </>
    ),
  },
  {
    id: 'reply',
    header: 'It said',
    wide_only: true,
    cell: one => {
      const said = one.last_error ?? one.last_reply;
      if (said === null || said === '') return <span className="quiet">–</span>;
      return (
        <details className="small">
          <summary className="quiet">{one.last_error === null ? 'Reply' : 'Error'}</summary>
          <Raw value={said} label={`What it said to ${one.type}`} />
        </details>
      );
    },
  },
  { id: 'last', header: 'Last tried', wide_only: true, keep: true, cell: one => <Time at={one.last_attempt_at} ago /> },
  { id: 'next', header: 'Next', wide_only: true, keep: true, cell: one => <Time at={one.next_attempt_at} ago /> },
];
