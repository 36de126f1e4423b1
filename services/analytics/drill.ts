/** What stands behind a number: the orders, purchase orders or stock items that it counts, the newest first, and what each adds to it. */
import type { Metric } from './metric.ts';
import type { Period } from './period.ts';
import type { Ask } from './warehouses/warehouse.ts';

export interface DrillQuestion {
  readonly period: Period;
  readonly currency: string | undefined;
  /** Of the group `value`; null: the group without a name. */
  readonly group: { readonly by: string; readonly value: string | null } | undefined;
  readonly limit: number;
  /** The last row shown. */
  readonly after: { readonly at: string; readonly id: string } | undefined;
}

/** A type, not an interface: it is replied as JSON. */
export type Drilled = {
  readonly id: string;
  /** The order's number, as people name it. */
  readonly number: number | null;
  readonly currency: string | null;
  readonly value: number | null;
  readonly at: string;
};

/** One row more than the page, when there is more. */
export async function drill(ask: Ask, metric: Metric, question: DrillQuestion): Promise<Drilled[]> {
  const rows = await ask(drill_statement(metric, question));
  return rows.map(row => ({
    id: String(row['id']),
    number: typeof row['number'] === 'number' ? row['number'] : null,
    currency: typeof row['currency'] === 'string' ? row['currency'] : null,
    value: typeof row['value'] === 'number' ? row['value'] : null,
    at: String(row['moment']),
  }));
}

function drill_statement(metric: Metric, { period, currency, group, limit, after }: DrillQuestion): string {
  const { sql, from, to } = period;
  const { kind, id, value } = metric.behind;
  const wanted = [
    `${id} is not null`,
    ...(metric.is_of_now === true ? [] : [`counted_at >= ${from}`, `counted_at < ${to}`]),
    ...(currency === undefined ? [] : [`currency = ${sql.text(currency)}`]),
    ...(group === undefined ? [] : [group.value === null ? `${group.by} is null` : `${group.by} = ${sql.text(group.value)}`]),
  ];
  const counted = `select ${id} as id, min(counted_at) as moment, ${value} as value from (${metric.rows(period, kind === 'stock_item' ? id : group?.by)}) where ${wanted.join(' and ')} group by 1`;
  const later = after && `where moment < ${sql.instant(after.at)} or (moment = ${sql.instant(after.at)} and id < ${sql.text(after.id)})`;
  return `select b.id, o.number, o.currency, b.value, b.moment
      from (select * from (${counted}) ${later ?? ''} order by moment desc, id desc limit ${limit + 1}) b
      left join orders o on o.order_id = b.id order by b.moment desc, b.id desc`;
}
