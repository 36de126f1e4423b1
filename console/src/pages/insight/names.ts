/** Metrics as people call them, where the API's word is a short one. */
import { words } from '../../format.ts';

const names: Readonly<Record<string, string>> = {
  gmv: 'Gross sales',
  aov: 'Average order',
  repeat_orders: 'Returning customers’ orders',
  payment_operation_time: 'How long gateways take',
  payment_declines: 'Declined payments',
  on_time_delivery: 'On-time delivery',
  split_rate: 'Orders in several shipments',
  stockout_rate: 'Time out of stock',
  supplier_otif: 'Suppliers: on time, in full',
  lead_time: 'Suppliers: how long they take',
};

export const metric_words = (metric: string): string => names[metric] ?? words(metric);
