/** A dataset as a file. */
import { type ReactNode, useState } from 'react';
import { Confirm } from '../../components/Dialog.tsx';
import { ChoiceField } from '../../components/Field.tsx';
import { toast } from '../../components/Toast.tsx';
import { download } from '../../download.ts';
import { day } from '../../format.ts';
import type { Period } from './spans.ts';

const datasets = [
  { value: 'orders', label: 'Orders' },
  { value: 'order_lines', label: 'Lines of orders' },
  { value: 'money', label: 'Sales, cancellations and credits' },
  { value: 'payments', label: 'Payments' },
  { value: 'refunds', label: 'Refunds' },
  { value: 'shipments', label: 'Shipments' },
  { value: 'stock', label: 'Stock now' },
  { value: 'events', label: 'Every event' },
];
const formats = [
  { value: 'csv', label: 'CSV, for spreadsheets' },
  { value: 'parquet', label: 'Parquet, for data tools' },
];
const spans = [
  { value: 'period', label: 'The period shown' },
  { value: 'all', label: 'Everything' },
];

export function ExportFile({ period, close }: { readonly period: Period; close(): void }): ReactNode {
  const [dataset, set_dataset] = useState('orders');
  const [format, set_format] = useState('csv');
  const [span, set_span] = useState('period');
  const run = async () => {
    const within = span === 'period' ? { from: period.from, to: period.to } : {};
    const file = await download('/v1/analytics/exports', { dataset, format, ...within }, `${dataset}.${format}`);
    toast(`${file} was downloaded`);
  };
  return (
    <Confirm
      open
      close={close}
      title="Export"
      why={`What analytics knows, as a file. No names, no addresses. The period shown is from ${day(period.from)}. Who exports stands in the audit log.`}
      deed="Export"
      run={run}
    >
      <ChoiceField label="What" choices={datasets} value={dataset} onChange={event => set_dataset(event.target.value)} />
      <ChoiceField label="Format" choices={formats} value={format} onChange={event => set_format(event.target.value)} />
      <ChoiceField label="From when" choices={spans} value={span} onChange={event => set_span(event.target.value)} />
    </Confirm>
  );
}
