/** Open proposals with their reasons: a person accepts or dismisses each. */
import { type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import { Button } from '../../components/Button.tsx';
import { Confirm } from '../../components/Dialog.tsx';
import { Card } from '../../components/Page.tsx';
import { type Column, Table } from '../../components/Table.tsx';
import { Time } from '../../components/Value.tsx';
import { count, words } from '../../format.ts';
import { useAction, usePage } from '../../queries.ts';
import { useMay } from '../../session.tsx';
import type { Proposal } from '../../types/purchasing.ts';

const shown_max = 50;

interface Deciding {
  readonly proposal: Proposal;
  readonly deed: 'accept' | 'dismiss';
}

export function Proposals(): ReactNode {
  const may = useMay();
  const query = usePage<Proposal>('/v1/replenishment-proposals', { status: 'proposed', limit: shown_max });
  const [deciding, set_deciding] = useState<Deciding | null>(null);
  const columns: readonly Column<Proposal>[] = [
    ...facts,
    ...(may('suppliers:write')
      ? [
          {
            id: 'deeds',
            header: 'Decide',
            keep: true,
            cell: (proposal: Proposal) => (
              <span className="actions">
                <Button small aria-label={`Accept ${proposal.sku}`} onClick={() => set_deciding({ proposal, deed: 'accept' })}>
                  Accept
                </Button>
                <Button
                  small
                  look="plain"
                  aria-label={`Dismiss ${proposal.sku}`}
                  onClick={() => set_deciding({ proposal, deed: 'dismiss' })}
                >
                  Dismiss
                </Button>
              </span>
            ),
          },
        ]
      : []),
  ];
  return (
    <Card title="Proposed" flush>
      <Table
        label="Proposals"
        columns={columns}
        query={query}
        id_of={one => one.id}
        empty={<p className="card-body quiet">Nothing to buy now: every item is above its reorder point, or already ordered.</p>}
      />
      {deciding !== null && <Decide deciding={deciding} close={() => set_deciding(null)} />}
    </Card>
  );
}

const facts: readonly Column<Proposal>[] = [
  {
    id: 'sku',
    header: 'SKU',
    keep: true,
    cell: one => (
      <Link href={`/stock/${one.sku}`} className="mono">
        {one.sku}
      </Link>
    ),
  },
  { id: 'location', header: 'For', wide_only: true, cell: one => one.location },
  { id: 'quantity', header: 'Buy', align: 'end', cell: one => <strong>{count(one.quantity)}</strong> },
  { id: 'supplier', header: 'From', wide_only: true, cell: one => <Link href={`/suppliers/${one.supplier}`}>{one.supplier}</Link> },
  {
    id: 'why',
    header: 'Why',
    cell: one => (
      <div className="roomy">
        {one.reasons.map(words).join(', ')}
        <div className="small quiet">
          {count(one.position)} there or coming; reorder at {count(one.reorder_point)}, up to {count(one.target)}
        </div>
      </div>
    ),
  },
  { id: 'since', header: 'Since', wide_only: true, keep: true, cell: one => <Time at={one.created_at} ago /> },
];

function Decide({ deciding: { proposal, deed }, close }: { readonly deciding: Deciding; close(): void }): ReactNode {
  const act = useAction<Record<string, never>, Proposal>({
    path: () => `/v1/replenishment-proposals/${proposal.id}/${deed}`,
    invalidates: ['/v1/replenishment-proposals', '/v1/purchase-orders'],
    done: () => (deed === 'accept' ? `A purchase order for ${proposal.sku} was drafted` : `The proposal for ${proposal.sku} was dismissed`),
  });
  const units = `${count(proposal.quantity)} of ${proposal.sku}`;
  return (
    <Confirm
      open
      close={close}
      title={deed === 'accept' ? `Buy ${units}?` : `Dismiss the proposal for ${proposal.sku}?`}
      why={
        deed === 'accept'
          ? `It becomes a draft to ${proposal.supplier}, together with what else you accept for ${proposal.location}. It is sent when the draft is approved.`
          : 'It is not proposed again for a week, unless somebody sets its policy anew.'
      }
      deed={deed === 'accept' ? 'Accept proposal' : 'Dismiss proposal'}
      run={() => act.run({})}
    />
  );
}
