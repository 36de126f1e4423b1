/** Taking, releasing and giving back money of one payment. Each is a command of its order, so its order is stale afterwards. */
import { type ReactNode, useState } from 'react';
import { Button } from '../../components/Button.tsx';
import { Confirm } from '../../components/Dialog.tsx';
import { ChoiceField, TextField } from '../../components/Field.tsx';
import { money, money_plain, read_money } from '../../format.ts';
import { useAction } from '../../queries.ts';
import type { PaymentDetail } from '../../types/payments.ts';

type Deed = 'capture' | 'void' | 'refund';
const stale_after = ['/v1/payments', '/v1/orders'] as const;
const reasons = [
  { value: 'goodwill', label: 'Goodwill' },
  { value: 'return', label: 'Goods came back' },
  { value: 'lost', label: 'Lost on the way' },
  { value: 'sent_back', label: 'Parcel was sent back' },
];

export function PaymentDeeds({ payment }: { readonly payment: PaymentDetail }): ReactNode {
  const [deed, set_deed] = useState<Deed | null>(null);
  const close = () => set_deed(null);
  const authorized = payment.authorized - payment.captured - payment.voided - payment.capture_pending - payment.void_pending;
  const refundable = payment.captured - payment.refunded - payment.refund_pending;
  return (
    <>
      {authorized > 0 && <Button onClick={() => set_deed('void')}>Void</Button>}
      {refundable > 0 && <Button onClick={() => set_deed('refund')}>Refund</Button>}
      {authorized > 0 && (
        <Button look="primary" onClick={() => set_deed('capture')}>
          Capture
        </Button>
      )}
      {deed === 'capture' && <Capture payment={payment} most={authorized} close={close} />}
      {deed === 'void' && <Void payment={payment} most={authorized} close={close} />}
      {deed === 'refund' && <Refund payment={payment} most={refundable} close={close} />}
    </>
  );
}

interface DeedProps {
  readonly payment: PaymentDetail;
  /** In minor units. */
  readonly most: number;
  close(): void;
}

function useAmount({ payment: { currency }, most }: DeedProps) {
  const [text, set_text] = useState(() => money_plain(most, currency));
  const typed = read_money(text, currency);
  const amount = typed !== null && typed > 0 && typed <= most ? typed : null;
  const field = (
    <TextField
      label={`Amount in ${currency}`}
      inputMode="decimal"
      autoComplete="off"
      value={text}
      hint={`Up to ${money(most, currency)}`}
      wrong={amount === null ? `Type an amount up to ${money(most, currency)}` : undefined}
      onChange={event => set_text(event.target.value)}
    />
  );
  return { amount, field };
}

function Capture(props: DeedProps): ReactNode {
  const { payment, close } = props;
  const { amount, field } = useAmount(props);
  const capture = useAction<{ amount: number }>({
    path: () => `/v1/payments/${payment.id}/capture`,
    invalidates: stale_after,
    done: (_reply, body) => `${money(body.amount, payment.currency)} are being taken`,
  });
  return (
    <Confirm
      open
      close={close}
      title="Capture this payment?"
      why="Takes what the shopper's bank has authorized, before it is taken by itself at dispatch."
      deed={amount === null ? 'Capture' : `Capture ${money(amount, payment.currency)}`}
      ready={amount !== null}
      run={() => capture.run({ amount: amount ?? 0 })}
    >
      {field}
    </Confirm>
  );
}

function Void({ payment, most, close }: DeedProps): ReactNode {
  const act = useAction<Record<string, never>>({
    path: () => `/v1/payments/${payment.id}/void`,
    invalidates: stale_after,
    done: () => 'The authorization is being released',
  });
  return (
    <Confirm
      open
      close={close}
      title={`Release ${money(most, payment.currency)}?`}
      why="The shopper's bank gives the money free. To take it later the shopper must pay again."
      deed="Void payment"
      danger
      run={() => act.run({})}
    />
  );
}

function Refund(props: DeedProps): ReactNode {
  const { payment, close } = props;
  const { amount, field } = useAmount(props);
  const [reason, set_reason] = useState('goodwill');
  const refund = useAction<{ amount: number; reason: string }>({
    path: () => `/v1/payments/${payment.id}/refunds`,
    invalidates: stale_after,
    done: (_reply, body) => `${money(body.amount, payment.currency)} are on their way back`,
  });
  return (
    <Confirm
      open
      close={close}
      title="Refund this payment?"
      why="The money goes back the way it came. This cannot be undone."
      deed={amount === null ? 'Refund' : `Refund ${money(amount, payment.currency)}`}
      danger
      ready={amount !== null}
      run={() => refund.run({ amount: amount ?? 0, reason })}
    >
      {field}
      <ChoiceField label="Reason" choices={reasons} value={reason} onChange={event => set_reason(event.target.value)} />
    </Confirm>
  );
}
