/** A person says that the shelf holds something else than the books. */
import { type ReactNode, useEffect, useState } from 'react';
import { Button } from '../../components/Button.tsx';
import { Confirm } from '../../components/Dialog.tsx';
import { ChoiceField, LongField, TextField } from '../../components/Field.tsx';
import { count } from '../../format.ts';
import { type PageOf, useAction, useGet } from '../../queries.ts';
import type { Location, Movement } from '../../types/stock.ts';

const kinds = [
  { value: 'counted', label: 'Counted: the shelf was counted' },
  { value: 'adjusted', label: 'Adjusted: found, lost, corrected' },
  { value: 'received', label: 'Received: came without a purchase order' },
  { value: 'damaged', label: 'Damaged: more of them, or written off' },
];

interface Given {
  readonly sku?: string;
  readonly location?: string;
}

export function AdjustButton({ sku, location, look }: Given & { readonly look?: 'primary' }): ReactNode {
  const [open, set_open] = useState(false);
  return (
    <>
      <Button {...(look === undefined ? {} : { look })} onClick={() => set_open(true)}>
        Adjust stock
      </Button>
      <Adjust
        {...(sku === undefined ? {} : { sku })}
        {...(location === undefined ? {} : { location })}
        open={open}
        close={() => set_open(false)}
      />
    </>
  );
}

interface Adjustment {
  readonly sku: string;
  readonly location: string;
  readonly kind: string;
  readonly quantity: number;
  readonly reason: string;
  readonly force: boolean;
}
const empty: Adjustment = { sku: '', location: '', kind: 'counted', quantity: 0, reason: '', force: false };

function Adjust({ sku = '', location, open, close }: Given & { readonly open: boolean; close(): void }): ReactNode {
  const [typed, set_typed] = useState('');
  const [body, set_body] = useState(empty);
  const locations = useGet<PageOf<Location>>('/v1/locations', {}, { enabled: open });
  const codes = (locations.data?.data ?? []).filter(one => one.active).map(one => ({ value: one.code, label: one.name }));
  const chosen = body.location === '' ? (location ?? codes[0]?.value ?? '') : body.location;
  useEffect(() => {
    if (!open) return;
    set_typed('');
    set_body({ ...empty, sku });
  }, [open, sku]);
  const quantity = /^[+−-]?\d{1,9}$/.test(typed.trim()) ? Number(typed.trim().replace('−', '-')) : 0;
  const adjust = useAction<Adjustment, Movement>({
    path: () => '/v1/stock/adjustments',
    invalidates: ['/v1/stock'],
    done: moved => `${count(moved.quantity)} of ${moved.sku}: ${moved.from_account} to ${moved.to_account}`,
  });
  const set = (changes: Partial<Adjustment>) => set_body(before => ({ ...before, ...changes }));
  return (
    <Confirm
      open={open}
      close={close}
      title={sku === '' ? 'Adjust stock' : `Adjust ${sku}`}
      why="The change stands in the ledger with your name and reason. What is promised to orders stays promised."
      deed="Adjust stock"
      ready={body.sku !== '' && chosen !== '' && quantity !== 0 && body.reason.trim() !== ''}
      run={() => adjust.run({ ...body, location: chosen, quantity, reason: body.reason.trim(), force: body.force && quantity < 0 })}
    >
      {sku === '' && (
        <TextField label="SKU" value={body.sku} required autoComplete="off" onChange={event => set({ sku: event.target.value.trim() })} />
      )}
      <ChoiceField label="Location" choices={codes} value={chosen} onChange={event => set({ location: event.target.value })} />
      <ChoiceField label="What happened" choices={kinds} value={body.kind} onChange={event => set({ kind: event.target.value })} />
      <TextField
        label="Change in units"
        inputMode="numeric"
        autoComplete="off"
        required
        value={typed}
        hint={
          body.kind === 'damaged' ? '5: five more are damaged. -5: five damaged ones were written off.' : '5: five more. -5: five fewer.'
        }
        wrong={typed !== '' && quantity === 0 ? 'Type a whole number, with a minus when there are fewer' : undefined}
        onChange={event => set_typed(event.target.value)}
      />
      <LongField label="Reason" required maxLength={500} value={body.reason} onChange={event => set({ reason: event.target.value })} />
      {quantity < 0 && (
        <label className="check">
          <input type="checkbox" checked={body.force} onChange={event => set({ force: event.target.checked })} />
          If they are promised, end the youngest unpaid reservations
        </label>
      )}
    </Confirm>
  );
}
