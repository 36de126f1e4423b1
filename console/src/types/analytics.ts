/** Numbers as the API tells them (api.md 6). Each carries the watermark up to which it is complete. */

export interface Complete {
  readonly from: string;
  readonly to: string;
  readonly watermark: string | null;
}
export interface Overview extends Complete {
  readonly money: readonly {
    readonly currency: string;
    readonly gross: number;
    readonly net: number;
    readonly aov: number | null;
    readonly refunds: number;
  }[];
  readonly orders: number;
  readonly confirmed: number;
  readonly units: number;
  readonly returned: number;
  readonly conversion: number | null;
  readonly payment_success: number | null;
  readonly click_to_ship: { readonly p50_ms: number | null; readonly p90_ms: number | null };
  readonly open_exceptions: number;
}
export interface Point {
  readonly at: string;
  readonly currency?: string | null;
  readonly group?: string | null;
  readonly value: number | null;
  /** The metric's other measures. */
  readonly [measure: string]: string | number | null | undefined;
}
export interface MetricReply extends Complete {
  readonly metric: string;
  readonly unit: string;
  readonly series: readonly Point[];
}
export interface MetricAbout {
  readonly metric: string;
  readonly summary: string;
  readonly unit: string;
  readonly measures: readonly string[];
  readonly group_by: readonly string[];
  readonly per_currency: boolean;
  readonly of_now: boolean;
  readonly drills_to: string;
}
export interface Funnel extends Complete {
  readonly cohort: number;
  readonly conversion: number | null;
  readonly steps: readonly {
    readonly step: string;
    readonly checkouts: number;
    readonly p50_ms: number | null;
    readonly p90_ms: number | null;
  }[];
  readonly buckets: Readonly<Record<string, number>>;
}
export interface TopRow {
  readonly key: string | null;
  readonly name: string | null;
  readonly currency: string;
  readonly net: number;
  readonly gross: number;
  readonly units: number;
  readonly orders: number;
}
export interface ReorderRow {
  readonly sku: string;
  readonly name: string | null;
  readonly location_id: string;
  readonly available: number;
  readonly backordered: number;
  readonly incoming: number;
  readonly incoming_at: string | null;
  readonly position: number;
  readonly reorder_point: number | null;
  readonly target: number | null;
  readonly units_per_day: number;
  readonly days_left: number | null;
  readonly lead_days: number | null;
  readonly supplier_id: string | null;
  readonly quantity: number;
  readonly proposal_id: string | null;
  readonly reasons: readonly string[];
}
export interface SlowMover {
  readonly sku: string;
  readonly name: string | null;
  readonly available: number;
  readonly units_28_days: number;
  readonly days_of_cover: number | null;
  readonly last_sold_at: string | null;
  readonly reason: string;
}
export interface Listed<T> {
  readonly watermark: string | null;
  readonly data: readonly T[];
}
export interface Drill extends Complete {
  readonly metric: string;
  readonly unit: string;
  readonly kind: string;
  readonly data: readonly DrillRow[];
  readonly next_cursor: string | null;
}
export interface DrillRow {
  readonly id: string;
  readonly number: number | null;
  readonly currency: string | null;
  readonly value: number | null;
  readonly at: string;
}
export interface QueryReply {
  readonly watermark: string | null;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
  readonly truncated: boolean;
}
export interface Gallery {
  readonly data: readonly { readonly id: string; readonly title: string; readonly about: string; readonly sql: string }[];
  readonly tables: readonly { readonly name: string; readonly columns: readonly { readonly name: string; readonly type: string }[] }[];
}
export interface Rebuild {
  readonly state: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly events: number;
  readonly events_per_second: number;
  readonly tables: readonly { readonly table: string; readonly rows: number; readonly rebuilt_rows: number; readonly differing: number }[];
  readonly differing: number | null;
  readonly detail: string | null;
}
