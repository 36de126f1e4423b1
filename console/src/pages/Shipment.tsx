/** One shipment: what is in it, its parcels with labels and tracking, and why this carrier. */
import type { ReactNode } from 'react';
import { Link, useParams } from 'wouter';
import { Card, Page } from '../components/Page.tsx';
import { PlainTable } from '../components/PlainTable.tsx';
import { Loaded } from '../components/State.tsx';
import { StatusPill } from '../components/StatusPill.tsx';
import type { Column } from '../components/Table.tsx';
import { CopyId, KeyValue, Money, Time } from '../components/Value.tsx';
import { count, named, words } from '../format.ts';
import { useGet } from '../queries.ts';
import { useMay } from '../session.tsx';
import type { Candidate, Parcel, ShipmentLine, Shipment as ShipmentObject } from '../types/shipments.ts';
import { ShipmentStatus } from './Shipments.tsx';
import { ShipmentDeeds } from './shipment/Deeds.tsx';

const back = { href: '/shipments', label: 'Shipments' };
const every_ms = 5_000;

export function Shipment(): ReactNode {
  const { id = '' } = useParams();
  const query = useGet<ShipmentObject>(`/v1/shipments/${id}`, {}, { every_ms });
  if (query.data === undefined) {
    return (
      <Page title="Shipment" back={back}>
        <div className="card">
          <Loaded query={query}>{() => null}</Loaded>
        </div>
      </Page>
    );
  }
  return <ShipmentPage shipment={query.data} />;
}

function ShipmentPage({ shipment }: { readonly shipment: ShipmentObject }): ReactNode {
  const may = useMay();
  return (
    <Page
      title={`Shipment from ${shipment.location}`}
      beside={<ShipmentStatus shipment={shipment} />}
      back={back}
      lead={
        <>
          Of order <Link href={`/orders/${shipment.order_id}`}>{shipment.order_id}</Link>
          {shipment.promise_at !== null && shipment.promise_at !== undefined && (
            <>
              , promised for <Time at={shipment.promise_at} />
            </>
          )}
        </>
      }
      actions={may('shipments:write') && <ShipmentDeeds shipment={shipment} />}
    >
      <div className="stack">
        <Notices shipment={shipment} />
        <div className="columns">
          <div className="stack">
            <Card title="Parcels" flush>
              {shipment.parcels.length === 0 ? (
                <p className="card-body quiet">Not packed yet.</p>
              ) : (
                <PlainTable label="Parcels" columns={parcel_columns(shipment.lines)} rows={shipment.parcels} id_of={one => one.id} />
              )}
            </Card>
            <Card title="Units" flush>
              <PlainTable label="Units" columns={line_columns} rows={shipment.lines} id_of={line => line.line_id} />
            </Card>
            <Carriers shipment={shipment} />
          </div>
          <About shipment={shipment} />
        </div>
      </div>
    </Page>
  );
}

function Notices({ shipment }: { readonly shipment: ShipmentObject }): ReactNode {
  const { address_check: check, label_error } = shipment;
  return (
    <>
      {shipment.exceptions.map(one => (
        <p key={one.id} className="notice bad">
          <span>
            {words(one.reason)}: {one.detail} <Link href="/exceptions">Exceptions</Link>
          </span>
        </p>
      ))}
      {label_error !== null && label_error !== undefined && <p className="notice bad">No label: {label_error}</p>}
      {check !== null && check !== undefined && (check.verdict === 'undeliverable' || check.verdict === 'corrected') && (
        <p className="notice warn">
          Address: {words(check.verdict).toLowerCase()}
          {check.detail !== null && check.detail !== undefined && `, ${check.detail}`}
        </p>
      )}
    </>
  );
}

function parcel_columns(lines: readonly ShipmentLine[]): readonly Column<Parcel>[] {
  const sku_of = (line_id: string) => lines.find(line => line.line_id === line_id)?.sku ?? `line ${line_id}`;
  return [
    {
      id: 'tracking',
      header: 'Parcel',
      cell: parcel => (
        <>
          <Tracking parcel={parcel} />
          <div className="small quiet">{parcel.lines.map(line => `${count(line.quantity)} × ${sku_of(line.line_id)}`).join(', ')}</div>
        </>
      ),
    },
    {
      id: 'status',
      header: 'Where',
      cell: parcel => (
        <>
          <StatusPill value={parcel.status} tone={parcel.status === 'unknown' ? 'idle' : undefined} />
          <div className="small quiet">
            {parcel.delivered_at !== null && parcel.delivered_at !== undefined ? (
              <Time at={parcel.delivered_at} />
            ) : (
              parcel.eta_at !== null && parcel.eta_at !== undefined && <>expected {<Time at={parcel.eta_at} />}</>
            )}
          </div>
        </>
      ),
    },
    { id: 'weight', header: 'Weight', align: 'end', wide_only: true, cell: parcel => `${count(parcel.weight_grams / 1_000)} kg` },
    { id: 'label', header: 'Label', cell: parcel => <Label parcel={parcel} /> },
    {
      id: 'way',
      header: 'Way',
      wide_only: true,
      cell: parcel => (
        <details className="small">
          <summary className="quiet">{parcel.tracking.length === 0 ? 'nothing heard' : `${parcel.tracking.length} scans`}</summary>
          <ul>
            {parcel.tracking.map(scan => (
              <li key={`${scan.at} ${scan.status}`}>
                <Time at={scan.at} /> {words(scan.status)}
              </li>
            ))}
          </ul>
        </details>
      ),
    },
  ];
}

function Tracking({ parcel: { tracking_number, tracking_url } }: { readonly parcel: Parcel }): ReactNode {
  if (tracking_number === null || tracking_number === undefined) return <span className="quiet">No tracking number yet</span>;
  // A carrier's text becomes a link only when it is one.
  if (tracking_url === null || tracking_url === undefined || !/^https?:\/\//.test(tracking_url))
    return <span className="mono">{tracking_number}</span>;
  return (
    <a href={tracking_url} target="_blank" rel="noreferrer" className="mono">
      {tracking_number}
    </a>
  );
}

function Label({ parcel }: { readonly parcel: Parcel }): ReactNode {
  if (parcel.label_status !== 'purchased') return <StatusPill value={parcel.label_status} tone="idle" />;
  const at = (format: string) => `/v1/parcels/${parcel.id}/label?format=${format}`;
  return (
    <span className="keep">
      <a href={at('pdf')} target="_blank" rel="noreferrer" aria-label={`PDF: label of ${parcel.tracking_number ?? parcel.id}`}>
        PDF
      </a>{' '}
      <a
        href={at('zpl')}
        target="_blank"
        rel="noreferrer"
        aria-label={`ZPL: label of ${parcel.tracking_number ?? parcel.id} for a label printer`}
      >
        ZPL
      </a>
    </span>
  );
}

const line_columns: readonly Column<ShipmentLine>[] = [
  {
    id: 'sku',
    header: 'SKU',
    cell: line => (
      <>
        <Link href={`/stock/${line.sku}`} className="mono">
          {line.sku}
        </Link>{' '}
        {line.name}
      </>
    ),
  },
  { id: 'quantity', header: 'Units', align: 'end', cell: line => count(line.quantity) },
  { id: 'shorted', header: 'Not found', align: 'end', wide_only: true, cell: line => count(line.quantity_shorted) },
  { id: 'cancelled', header: 'Cancelled', align: 'end', wide_only: true, cell: line => count(line.quantity_cancelled) },
];

function Carriers({ shipment }: { readonly shipment: ShipmentObject }): ReactNode {
  if (shipment.candidates.length + shipment.left_out.length + shipment.reasons.length === 0) return null;
  return (
    <Card title="Why this carrier" flush>
      {shipment.reasons.length > 0 && <p className="card-body">{shipment.reasons.map(words).join(', ')}</p>}
      {shipment.candidates.length > 0 && (
        <PlainTable
          label="Rates considered"
          columns={candidate_columns}
          rows={shipment.candidates}
          id_of={one => `${one.provider} ${one.carrier} ${one.service}`}
        />
      )}
      {shipment.left_out.length > 0 && (
        <ul className="card-body small quiet">
          {shipment.left_out.map(one => (
            <li key={`${one.provider} ${one.carrier}`}>
              {named(one.carrier === '' ? one.provider : one.carrier)} was left out: {one.message}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

const candidate_columns: readonly Column<Candidate>[] = [
  { id: 'carrier', header: 'Carrier', cell: one => named(one.carrier) },
  { id: 'service', header: 'Service', cell: one => one.service },
  { id: 'cost', header: 'Cost', align: 'end', cell: one => <Money amount={one.cost} currency={one.currency} /> },
  {
    id: 'days',
    header: 'Days',
    align: 'end',
    cell: one => (one.delivery_days === null || one.delivery_days === undefined ? <span className="quiet">–</span> : one.delivery_days),
  },
  {
    id: 'verdict',
    header: 'Verdict',
    cell: one => <StatusPill value={one.verdict} tone={one.verdict === 'chosen' ? 'good' : 'idle'} />,
  },
];

function About({ shipment }: { readonly shipment: ShipmentObject }): ReactNode {
  const { cost, currency } = shipment;
  return (
    <Card title="About">
      <KeyValue
        items={{
          Id: <CopyId id={shipment.id} label="shipment id" />,
          From: shipment.location,
          Carrier: typeof shipment.carrier === 'string' ? named(shipment.carrier) : null,
          Service: shipment.service,
          Cost: typeof cost === 'number' && typeof currency === 'string' ? <Money amount={cost} currency={currency} /> : null,
          Left: typeof shipment.dispatched_at === 'string' ? <Time at={shipment.dispatched_at} /> : null,
        }}
      />
    </Card>
  );
}
