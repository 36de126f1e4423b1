/** What a warehouse does with a shipment where it is not done by itself: pack, label, hand over, give up, say what was not found. */
import { type ReactNode, useState } from 'react';
import { Button } from '../../components/Button.tsx';
import { Confirm } from '../../components/Dialog.tsx';
import { LongField, TextField } from '../../components/Field.tsx';
import { useAction } from '../../queries.ts';
import type { Shipment } from '../../types/shipments.ts';
import { left_of, UnitFields, type Units, units_sent } from './Units.tsx';

type Deed = 'pack' | 'label' | 'dispatch' | 'cancel' | 'short-pick';
const stale_after = ['/v1/shipments', '/v1/orders', '/v1/stock'] as const;

export function ShipmentDeeds({ shipment }: { readonly shipment: Shipment }): ReactNode {
  const [deed, set_deed] = useState<Deed | null>(null);
  const close = () => set_deed(null);
  const { status, parcels } = shipment;
  const open = status === 'planned' || status === 'labeling' || status === 'labeled';
  if (!open) return null;
  return (
    <>
      <Button onClick={() => set_deed('cancel')}>Give up</Button>
      <Button onClick={() => set_deed('short-pick')}>Not found</Button>
      <Button onClick={() => set_deed('pack')}>{parcels.length === 0 ? 'Pack' : 'Pack anew'}</Button>
      {status === 'planned' && (
        <Button look="primary" onClick={() => set_deed('label')}>
          Buy labels
        </Button>
      )}
      {status === 'labeled' && (
        <Button look="primary" onClick={() => set_deed('dispatch')}>
          Hand over
        </Button>
      )}
      {(deed === 'label' || deed === 'dispatch') && <Plain shipment={shipment} deed={deed} close={close} />}
      {deed === 'cancel' && <GiveUp shipment={shipment} close={close} />}
      {deed === 'short-pick' && <ShortPick shipment={shipment} close={close} />}
      {deed === 'pack' && <Pack shipment={shipment} close={close} />}
    </>
  );
}

interface DeedProps {
  readonly shipment: Shipment;
  close(): void;
}

const plain = {
  label: {
    title: 'Buy the labels now?',
    why: 'The cheapest service that keeps the promise is chosen, and its label is paid.',
    deed: 'Buy labels',
    done: 'Labels are being bought',
  },
  dispatch: {
    title: 'Were the parcels handed over?',
    why: 'Stock leaves the books, the buyer is told, and money that waits for the dispatch is taken. This cannot be taken back.',
    deed: 'Hand over',
    done: 'The shipment has left',
  },
} as const;

function Plain({ shipment, deed, close }: DeedProps & { readonly deed: 'label' | 'dispatch' }): ReactNode {
  const words = plain[deed];
  const act = useAction<Record<string, never>>({
    path: () => `/v1/shipments/${shipment.id}/${deed}`,
    invalidates: stale_after,
    done: () => words.done,
  });
  return <Confirm open close={close} title={words.title} why={words.why} deed={words.deed} run={() => act.run({})} />;
}

function GiveUp({ shipment, close }: DeedProps): ReactNode {
  const [reason, set_reason] = useState('');
  const cancel = useAction<{ reason?: string }>({
    path: () => `/v1/shipments/${shipment.id}/cancel`,
    invalidates: stale_after,
    done: () => 'Another shipment takes over its units',
  });
  return (
    <Confirm
      open
      close={close}
      title="Give this shipment up?"
      why="Its labels are voided, and another shipment takes over its units. The order stays as it is."
      deed="Give up"
      danger
      run={() => cancel.run(reason.trim() === '' ? {} : { reason: reason.trim() })}
    >
      <LongField label="Reason" maxLength={500} value={reason} onChange={event => set_reason(event.target.value)} />
    </Confirm>
  );
}

interface ShortPickBody {
  readonly lines: readonly { readonly line_id: string; readonly quantity: number }[];
  readonly reason: string;
}

function ShortPick({ shipment, close }: DeedProps): ReactNode {
  const [units, set_units] = useState<Units>({});
  const [reason, set_reason] = useState('');
  const act = useAction<ShortPickBody>({
    path: () => `/v1/shipments/${shipment.id}/short-pick`,
    invalidates: stale_after,
    done: () => 'The missing units are looked for elsewhere',
  });
  const lines = units_sent(units);
  return (
    <Confirm
      open
      close={close}
      title="Which units were not found?"
      why="They are booked out here and taken from another location, put on backorder or refunded, as the order allows."
      deed="Say what is missing"
      danger
      ready={lines.length > 0 && reason.trim() !== ''}
      run={() => act.run({ lines, reason: reason.trim() })}
    >
      <UnitFields label="Units that are missing" lines={shipment.lines} units={units} set={set_units} />
      <LongField label="Reason" required maxLength={500} value={reason} onChange={event => set_reason(event.target.value)} />
    </Confirm>
  );
}

interface PackBody {
  readonly parcels: readonly {
    readonly weight_grams: number;
    readonly lines: readonly { readonly line_id: string; readonly quantity: number }[];
  }[];
}
interface Packed {
  readonly no: number;
  readonly weight: string;
  readonly units: Units;
}

function Pack({ shipment, close }: DeedProps): ReactNode {
  const all = Object.fromEntries(shipment.lines.map(line => [line.line_id, left_of(line)]));
  const [parcels, set_parcels] = useState<readonly Packed[]>([{ no: 1, weight: '', units: all }]);
  const pack = useAction<PackBody>({ path: () => `/v1/shipments/${shipment.id}/pack`, invalidates: stale_after, done: () => 'Packed' });
  const sent = parcels.map(({ weight, units }) => ({
    weight_grams: Math.round(Number(weight.replace(',', '.')) * 1_000),
    lines: units_sent(units),
  }));
  const set = (no: number, changes: Partial<Packed>) => set_parcels(parcels.map(one => (one.no === no ? { ...one, ...changes } : one)));
  return (
    <Confirm
      open
      close={close}
      wide
      title="Pack by hand"
      why="Which units go into which parcel, and what each weighs. All units must be in one."
      deed="Pack"
      ready={sent.every(one => one.weight_grams > 0 && one.lines.length > 0)}
      run={() => pack.run({ parcels: sent })}
    >
      {parcels.map(({ no, weight, units }) => (
        <div key={no} className="stack">
          <TextField
            label={`Parcel ${no}: weight in kg`}
            inputMode="decimal"
            autoComplete="off"
            value={weight}
            onChange={event => set(no, { weight: event.target.value })}
          />
          <UnitFields label={`Units in parcel ${no}`} lines={shipment.lines} units={units} set={changed => set(no, { units: changed })} />
        </div>
      ))}
      <div>
        <Button small onClick={() => set_parcels([...parcels, { no: parcels.length + 1, weight: '', units: {} }])}>
          Add a parcel
        </Button>
      </div>
    </Confirm>
  );
}
