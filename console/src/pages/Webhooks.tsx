/** Who hears of our events: addresses of other systems, and how they do. */
import { type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import { Button } from '../components/Button.tsx';
import { Page } from '../components/Page.tsx';
import { ShowSecret } from '../components/Secret.tsx';
import { Empty } from '../components/State.tsx';
import { StatusPill } from '../components/StatusPill.tsx';
import { type Column, Table } from '../components/Table.tsx';
import { Time } from '../components/Value.tsx';
import { usePaging } from '../location.ts';
import { usePage } from '../queries.ts';
import type { WebhookEndpoint } from '../types/gateway.ts';
import { CreateEndpoint } from './webhooks/Create.tsx';

const columns: readonly Column<WebhookEndpoint>[] = [
  {
    id: 'url',
    header: 'Address',
    cell: one => (
      <>
        <Link href={`/webhooks/${one.id}`}>{one.url}</Link>
        {one.description !== '' && <div className="small quiet">{one.description}</div>}
      </>
    ),
  },
  { id: 'state', header: 'State', cell: one => <EndpointState endpoint={one} /> },
  { id: 'events', header: 'Hears', wide_only: true, cell: one => <Hears events={one.events} /> },
  { id: 'created', header: 'Made', wide_only: true, keep: true, cell: one => <Time at={one.created_at} /> },
];

export function EndpointState({ endpoint }: { readonly endpoint: WebhookEndpoint }): ReactNode {
  if (endpoint.state === 'disabled')
    return (
      <StatusPill
        value="disabled"
        label={endpoint.disabled_reason === 'gone' ? 'Disabled: it said it is gone' : 'Disabled: it took nothing for days'}
      />
    );
  if (endpoint.failing_since !== null)
    return (
      <>
        <StatusPill value="failing" tone="warn" />{' '}
        <span className="small quiet">
          since <Time at={endpoint.failing_since} ago />
        </span>
      </>
    );
  return <StatusPill value="enabled" />;
}

export function Hears({ events }: { readonly events: readonly string[] }): ReactNode {
  if (events.includes('*')) return 'Every event';
  const [first = '', ...others] = events;
  return (
    <span title={events.join(', ')}>
      {first}
      {others.length > 0 && <span className="quiet"> and {others.length} more</span>}
    </span>
  );
}

export function Webhooks(): ReactNode {
  const paging = usePaging();
  const query = usePage<WebhookEndpoint>('/v1/webhook-endpoints', { cursor: paging.cursor });
  const [creating, set_creating] = useState(false);
  const [made, set_made] = useState<{ url: string; secret: string } | null>(null);
  return (
    <Page
      title="Webhooks"
      lead="Events sent to other systems, signed, until they are taken."
      actions={
        <Button look="primary" onClick={() => set_creating(true)}>
          Add an endpoint
        </Button>
      }
    >
      <div className="card">
        <Table
          label="Webhook endpoints"
          columns={columns}
          query={query}
          paging={paging}
          id_of={one => one.id}
          href_of={one => `/webhooks/${one.id}`}
          empty={
            <Empty title="Nobody listens yet" icon="webhooks">
              Add the address of a system that should hear of orders, payments or shipments.
            </Empty>
          }
        />
      </div>
      {creating && <CreateEndpoint close={() => set_creating(false)} made={set_made} />}
      {made !== null && (
        <ShowSecret title="Endpoint added" secret={made.secret} close={() => set_made(null)}>
          {made.url} verifies each delivery with this secret, by any library of Standard Webhooks.
        </ShowSecret>
      )}
    </Page>
  );
}
