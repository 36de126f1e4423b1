/** One call: what was asked, what was learned, what came back, redacted by the API. And settling it, when nobody else can. */
import { type ReactNode, useEffect, useState } from 'react';
import { Button } from '../../components/Button.tsx';
import { Confirm, Show } from '../../components/Dialog.tsx';
import { ChoiceField, LongField } from '../../components/Field.tsx';
import { Loaded } from '../../components/State.tsx';
import { StatusPill } from '../../components/StatusPill.tsx';
import { Subject } from '../../components/Subject.tsx';
import { CopyId, KeyValue, Raw, Time } from '../../components/Value.tsx';
import { words } from '../../format.ts';
import { useAction, useGet } from '../../queries.ts';
import { useMay } from '../../session.tsx';
import type { Operation, OperationDetail } from '../../types/desk.ts';

interface InspectProps {
  readonly operation: Operation | null;
  close(): void;
  resolve?(operation: Operation): void;
}

export function InspectOperation({ operation, close, resolve }: InspectProps): ReactNode {
  return (
    <Show
      open={operation !== null}
      close={close}
      title={operation === null ? '' : `${words(operation.kind)}, ${words(operation.provider)}`}
      actions={
        operation?.state === 'unknown' &&
        resolve !== undefined && (
          <Button look="primary" onClick={() => resolve(operation)}>
            Resolve with evidence…
          </Button>
        )
      }
    >
      {operation !== null && (
        <>
          <KeyValue
            items={{
              State: <StatusPill value={operation.state} />,
              About: <Subject id={operation.key} />,
              Subject: <Subject id={operation.subject} />,
              Id: <CopyId id={operation.id} label="operation id" />,
              Attempts: `${operation.attempts}, of them ${operation.queries} asking what became of it`,
              'Asked for': <Time at={operation.requested_at} />,
              Sent: <Time at={operation.sent_at} />,
              Ended: operation.ended_at === null ? null : <Time at={operation.ended_at} />,
              'Asked again': operation.state === 'unknown' ? <Time at={operation.next_at} ago /> : null,
              'Asked until': operation.asked_until === null ? null : <Time at={operation.asked_until} />,
            }}
          />
          <Exchanges id={operation.id} />
          {operation.service === 'payments' && /^pay_/.test(operation.subject) && <GatewayFacts payment_id={operation.subject} />}
        </>
      )}
    </Show>
  );
}

function Exchanges({ id }: { readonly id: string }): ReactNode {
  const query = useGet<OperationDetail>(`/v1/operations/${id}`);
  return (
    <Loaded query={query}>
      {({ request, learned, last_outcome }) => (
        <div className="stack">
          {(
            [
              ['What was asked', request],
              ['What came back last', last_outcome],
              ['What was learned on the way', learned],
            ] as const
          )
            .filter(([, value]) => value !== null && JSON.stringify(value) !== '{}')
            .map(([label, value]) => (
              <div key={label}>
                <h3>{label}</h3>
                <Raw value={value} label={label} />
              </div>
            ))}
        </div>
      )}
    </Loaded>
  );
}

interface GatewayFact {
  readonly fact: string;
  readonly object_ref: string;
  readonly received_at: string;
  readonly raw: unknown;
}

/** Everything that the gateway ever told about this payment, by reply, webhook or report, as it came. */
function GatewayFacts({ payment_id }: { readonly payment_id: string }): ReactNode {
  const may = useMay();
  const query = useGet<{ facts: readonly GatewayFact[] }>(`/v1/payments/${payment_id}`, {}, { enabled: may('payments:read') });
  const facts = query.data?.facts ?? [];
  if (facts.length === 0) return null;
  return (
    <details>
      <summary>What the gateway told about this payment ({facts.length})</summary>
      <div className="stack">
        {facts.map(fact => (
          <div key={`${fact.object_ref} ${fact.fact} ${fact.received_at}`}>
            <h3>
              {words(fact.fact)} <Time at={fact.received_at} /> <span className="quiet mono small">{fact.object_ref}</span>
            </h3>
            <Raw value={fact.raw} label={`${fact.fact}, as the gateway told it`} />
          </div>
        ))}
      </div>
    </details>
  );
}

const outcomes = [
  { value: '', label: 'Choose' },
  { value: 'succeeded', label: 'It succeeded' },
  { value: 'failed', label: 'It failed, nothing happened' },
];

export function Resolve({ operation, close }: { readonly operation: Operation | null; close(): void }): ReactNode {
  const [outcome, set_outcome] = useState('');
  const [evidence, set_evidence] = useState('');
  const open = operation !== null;
  useEffect(() => {
    if (!open) return;
    set_outcome('');
    set_evidence('');
  }, [open]);
  const resolve = useAction<{ outcome: string; evidence: string }>({
    path: () => `/v1/operations/${operation?.id ?? ''}/resolve`,
    invalidates: ['/v1/operations', '/v1/orders', '/v1/payments'],
    done: (_reply, body) => `Recorded: it ${body.outcome}`,
  });
  return (
    <Confirm
      open={open}
      close={close}
      title="What became of this call?"
      why="Look it up at the provider first. What you state here is believed: money and parcels follow from it."
      deed="Record outcome"
      danger
      ready={outcome !== '' && evidence.trim() !== ''}
      run={() => resolve.run({ outcome, evidence: evidence.trim() })}
    >
      <ChoiceField label="Outcome" choices={outcomes} value={outcome} onChange={event => set_outcome(event.target.value)} />
      <LongField
        label="Evidence"
        hint="The provider's own reference, where you found it, and when. A success needs the reference."
        maxLength={2_000}
        value={evidence}
        onChange={event => set_evidence(event.target.value)}
      />
    </Confirm>
  );
}
