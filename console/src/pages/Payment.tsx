/** One payment: its money, what we asked the gateway, and what we learned from it. */
import type { ReactNode } from 'react';
import { Link, useParams } from 'wouter';
import { Card, Page, Tile } from '../components/Page.tsx';
import { PlainTable } from '../components/PlainTable.tsx';
import { Empty, Loaded } from '../components/State.tsx';
import { StatusPill } from '../components/StatusPill.tsx';
import type { Column } from '../components/Table.tsx';
import { CopyId, KeyValue, Money, Raw, Time } from '../components/Value.tsx';
import { with_money } from '../details.ts';
import { money, named, words } from '../format.ts';
import { useGet } from '../queries.ts';
import { useMay } from '../session.tsx';
import type { GatewayFact, PaymentDetail, PaymentOperation } from '../types/payments.ts';
import { PaymentDeeds } from './payment/Deeds.tsx';

const back = { href: '/payments', label: 'Payments' };
const every_ms = 5_000;

export function Payment(): ReactNode {
  const { id = '' } = useParams();
  const query = useGet<PaymentDetail>(`/v1/payments/${id}`, {}, { every_ms });
  if (query.data === undefined) {
    return (
      <Page title="Payment" back={back}>
        <div className="card">
          <Loaded query={query}>{() => null}</Loaded>
        </div>
      </Page>
    );
  }
  return <PaymentPage payment={query.data} />;
}

function PaymentPage({ payment }: { readonly payment: PaymentDetail }): ReactNode {
  const may = useMay();
  return (
    <Page
      title={`${named(payment.gateway)} payment`}
      beside={<StatusPill value={payment.status} />}
      back={back}
      lead={
        <>
          Of order <Link href={`/orders/${payment.order_id}`}>{payment.order_id}</Link>
          {payment.decline_code !== null && ` · declined: ${words(payment.decline_code).toLowerCase()}`}
        </>
      }
      actions={may('payments:write') && <PaymentDeeds payment={payment} />}
    >
      <div className="stack">
        <Numbers payment={payment} />
        {payment.exceptions.map(one => (
          <p key={one.exception_id} className="notice bad">
            <span>
              {words(one.reason)}: {with_money(one.detail, payment.currency)} <Link href="/exceptions">Exceptions</Link>
            </span>
          </p>
        ))}
        <div className="columns">
          <div className="stack">
            <Card title="What we asked" flush>
              {payment.operations.length === 0 ? (
                <p className="card-body quiet">Nobody was called: this gateway is kept by hand.</p>
              ) : (
                <PlainTable
                  label="Operations"
                  columns={operation_columns(payment.currency)}
                  rows={payment.operations}
                  id_of={one => one.id}
                />
              )}
            </Card>
            <Card title="What we learned" flush>
              {payment.facts.length === 0 ? (
                <Empty title="Nothing yet">Facts come from replies, webhooks and the gateway's lists; each counts once.</Empty>
              ) : (
                <PlainTable
                  label="Facts"
                  columns={fact_columns}
                  rows={payment.facts}
                  id_of={one => `${one.object_ref} ${one.fact} ${one.amount}`}
                />
              )}
            </Card>
          </div>
          <Card title="About">
            <KeyValue
              items={{
                Id: <CopyId id={payment.id} label="payment id" />,
                'At the gateway': payment.gateway_ref === null ? null : <CopyId id={payment.gateway_ref} label="gateway reference" />,
                Method: words(payment.method_kind),
                Intent: words(payment.intent),
                Tender: `${payment.tender_no}, attempt ${payment.attempt_no}`,
                'Must end by': ['processing', 'pending', 'action_required'].includes(payment.status) ? (
                  <Time at={payment.deadline} />
                ) : null,
                'Authorized until': payment.authorization_expires_at === null ? null : <Time at={payment.authorization_expires_at} />,
              }}
            />
          </Card>
        </div>
      </div>
    </Page>
  );
}

function Numbers({ payment }: { readonly payment: PaymentDetail }): ReactNode {
  const { currency } = payment;
  const pending = (amount: number, what: string) => (amount > 0 ? `${money(amount, currency)} ${what}` : undefined);
  return (
    <div className="tiles">
      <Tile label="Amount" value={money(payment.amount, currency)} />
      <Tile label="Authorized" value={money(payment.authorized, currency)} />
      <Tile label="Captured" value={money(payment.captured, currency)} note={pending(payment.capture_pending, 'on its way')} />
      <Tile label="Voided" value={money(payment.voided, currency)} note={pending(payment.void_pending, 'being released')} />
      <Tile label="Refunded" value={money(payment.refunded, currency)} note={pending(payment.refund_pending, 'on its way back')} />
    </div>
  );
}

function operation_columns(currency: string): readonly Column<PaymentOperation>[] {
  return [
    { id: 'at', header: 'When', keep: true, cell: one => <Time at={one.requested_at} /> },
    {
      id: 'kind',
      header: 'What',
      cell: one => (
        <>
          {words(one.kind)}
          {one.attempts > 1 && <span className="small quiet"> {one.attempts} attempts</span>}
        </>
      ),
    },
    { id: 'amount', header: 'Amount', align: 'end', cell: one => <Money amount={one.amount} currency={currency} /> },
    {
      id: 'state',
      header: 'Outcome',
      cell: one => (
        <>
          <StatusPill value={one.state} /> {one.code !== null && <span className="small quiet">{words(one.code)}</span>}
          {one.evidence !== null && <div className="small quiet">{one.evidence}</div>}
        </>
      ),
    },
    { id: 'ended', header: 'Known', wide_only: true, keep: true, cell: one => <Time at={one.ended_at} /> },
  ];
}

const fact_columns: readonly Column<GatewayFact>[] = [
  { id: 'at', header: 'Learned', keep: true, cell: one => <Time at={one.received_at} /> },
  {
    id: 'fact',
    header: 'Fact',
    cell: one => (
      <>
        {words(one.fact)}{' '}
        {one.drift !== null && <StatusPill value={one.drift} tone="bad" label={`Differs: ${words(one.drift).toLowerCase()}`} />}
        {one.decline_code !== null && <div className="small quiet">{words(one.decline_code)}</div>}
      </>
    ),
  },
  { id: 'amount', header: 'Amount', align: 'end', cell: one => <Money amount={one.amount} currency={one.currency} /> },
  {
    id: 'source',
    header: 'In their words',
    cell: one => (
      <details className="small">
        <summary className="quiet mono">{one.object_ref}</summary>
        <Raw value={one.raw} label={`${one.fact} as the gateway told it`} />
      </details>
    ),
  },
];
