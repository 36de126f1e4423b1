/** Stock as the API tells it (api.md 2). */

export interface Location {
  readonly code: string;
  readonly name: string;
  readonly priority: number;
  readonly active: boolean;
}

export interface Counters {
  readonly location: string;
  readonly on_hand: number;
  readonly held: number;
  readonly allocated: number;
  readonly damaged: number;
  readonly quality_control: number;
  readonly safety: number;
  readonly backorder_limit: number;
  readonly available: number;
  readonly backordered: number;
  readonly low_threshold: number;
  readonly reorder_point: number | null;
  readonly version: number;
}
export interface StockItem extends Counters {
  readonly sku: string;
}
export interface Stock {
  readonly sku: string;
  readonly locations: readonly Counters[];
  readonly available: number;
  readonly backordered: number;
}

export interface Movement {
  readonly sku: string;
  readonly location: string;
  readonly kind: string;
  readonly quantity: number;
  readonly from_account: string;
  readonly to_account: string;
  readonly cause: { readonly type: string; readonly id: string };
  readonly reason: string | null;
  readonly actor: string;
  readonly moved_at: string;
}

export interface Backorder {
  readonly order_id: string;
  readonly line_id: string;
  readonly sku: string;
  readonly location: string;
  readonly quantity: number;
  readonly priority: number;
  readonly requested_at: string;
  readonly pegs: readonly {
    readonly quantity: number;
    readonly purchase_order_id: string | null;
    readonly line_id: string | null;
    readonly expected_at: string | null;
  }[];
}

export interface Product {
  readonly sku: string;
  readonly name: string;
}
