/** Announcing a return: which units will come back, and why. Receiving them restocks and refunds. */
import { type ReactNode, useEffect, useState } from 'react';
import { Confirm } from '../../components/Dialog.tsx';
import { TextField } from '../../components/Field.tsx';
import { useAction } from '../../queries.ts';
import type { Return } from '../../types/orders.ts';
import { type DeedProps, stale_after } from './Actions.tsx';
import { returnable } from './Lines.tsx';
import { PickUnits, picked, type Units } from './Units.tsx';

interface ReturnBody {
  readonly lines: readonly { readonly line_id: string; readonly quantity: number; readonly reason: string }[];
}

export function ReturnUnits({ order, open, close }: DeedProps): ReactNode {
  const [units, set_units] = useState<Units>({});
  const [reason, set_reason] = useState('');
  useEffect(() => {
    if (open) set_units({});
  }, [open]);
  const announce = useAction<ReturnBody, Return>({
    path: () => `/v1/orders/${order.id}/returns`,
    invalidates: stale_after,
    done: made => `Return ${made.id} is announced`,
  });
  return (
    <Confirm
      open={open}
      close={close}
      title={`Announce a return of #${order.number}?`}
      why="The dock then expects these units. They are restocked and refunded when they are received."
      deed="Announce return"
      wide
      ready={reason.trim() !== '' && picked(units).length > 0}
      run={() => announce.run({ lines: picked(units).map(line => ({ ...line, reason: reason.trim() })) })}
    >
      <PickUnits label="Units that come back" lines={order.lines} max_of={returnable} units={units} set={set_units} />
      <TextField label="Reason" required maxLength={500} value={reason} onChange={event => set_reason(event.target.value)} />
    </Confirm>
  );
}
