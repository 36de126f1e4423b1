/** What orders can be asked: by people (routes.ts), by what other services said (reactions.ts), by its timers. */
import type {
  Address,
  BackorderPegged,
  CapturePolicy,
  Condition,
  InventoryEvent,
  MethodKind,
  PaymentsEvent,
  RefundReason,
  ShipPolicy,
  ShippingEvent,
  TaxMode,
} from '../../contracts/index.ts';
import type { Row } from '../../platform/service.ts';
import type { PricedPlace } from './pricing/tax.ts';

/** Limits of one order (api.md 3, reliability.md 6.3). */
export const order_lines_max = 2_000;
export const line_quantity_max = 1_000_000;
export const attempts_max = 5;
export const unpaid_orders_max = 5;

/** Who asks, as far as decisions differ: a browser's key may not state prices and is counted. `principal` owns what it makes. */
export interface Asker {
  readonly principal: string;
  readonly is_browser: boolean;
}
export interface AskedTender {
  readonly gateway: string;
  readonly method_kind: MethodKind;
  /** Absent: what is due. */
  readonly amount?: number | null;
  readonly return_url?: string | null;
  /** The gateway's token of the card or account: personal, it never reaches the order's row. */
  readonly method_token?: string | null;
}
export interface AskedContact {
  readonly name?: string | null;
  readonly email?: string | null;
  readonly phone?: string | null;
  readonly shipping_address?: Address | null;
  readonly billing_address?: Address | null;
}

export interface CreateQuote {
  readonly type: 'create_quote';
  /** Made by the route, so that `touches` can name it. */
  readonly quote_id: string;
  readonly asker: Asker;
  readonly currency: string;
  readonly tax_mode: TaxMode;
  readonly lines: readonly { readonly sku: string; readonly quantity: number }[];
  readonly place: PricedPlace | null;
  /** Canonical (pricing/discount.ts). */
  readonly discount_code: string | null;
}

export interface PlaceOrder {
  readonly type: 'place_order';
  /** Made by the route, so that `touches` can name it. */
  readonly order_id: string;
  readonly asker: Asker;
  readonly reference: string | null;
  readonly currency: string;
  /** With a quote: no lines, no code; prices, tax mode and place are the quote's. */
  readonly quote_id: string | null;
  readonly lines: readonly {
    readonly sku: string;
    readonly quantity: number;
    readonly unit_price?: number | null;
    readonly accept_backorder?: boolean;
  }[];
  readonly discount_code: string | null;
  readonly tax_mode: TaxMode;
  readonly place: PricedPlace | null;
  readonly shipping: { readonly service?: string | null; readonly carrier?: string | null; readonly amount?: number | null } | null;
  readonly expected_total: number | null;
  /** The caller's own id of the customer (or, without one, the e-mail address): names the customer's row. */
  readonly customer: string | null;
  readonly contact: AskedContact;
  /** Hash of the order_token. */
  readonly token_hash: string | null;
  readonly tender: AskedTender | null;
  readonly capture_policy: CapturePolicy;
  readonly ship_policy: ShipPolicy;
  readonly priority: number;
  readonly metadata: { readonly [field: string]: string | number | boolean | null };
  readonly replaces_order_id: string | null;
  /** In the past, by an import; null: now. Timers count from now all the same. */
  readonly placed_at: string | null;
}

/** What people ask of a placed order. `if_match`: the version they saw. */
interface OfOrder {
  readonly order_id: string;
  readonly if_match?: number | null;
}
export interface AskedUnits {
  readonly line_no: number;
  readonly quantity: number;
}
export interface PayOrder extends OfOrder {
  readonly type: 'pay_order';
  readonly tender: AskedTender;
}
export interface CancelOrder extends OfOrder {
  readonly type: 'cancel_order';
  readonly reason: string;
}
export interface CancelLines extends OfOrder {
  readonly type: 'cancel_lines';
  readonly reason: string;
  readonly lines: readonly AskedUnits[];
}
export interface HoldOrder extends OfOrder {
  readonly type: 'hold_order';
  readonly reason: string;
}
export interface ReleaseHold extends OfOrder {
  readonly type: 'release_hold';
  readonly hold_id: string;
}
export interface CaptureOrder extends OfOrder {
  readonly type: 'capture_order';
  readonly payment_id: string;
  /** Absent: all that is due and held. */
  readonly amount: number | null;
  readonly final: boolean;
}
export interface VoidPayment extends OfOrder {
  readonly type: 'void_payment';
  readonly payment_id: string;
}
export interface RefundOrder extends OfOrder {
  readonly type: 'refund_order';
  readonly payment_id: string;
  readonly amount: number;
  readonly reason: RefundReason;
  readonly lines: readonly AskedUnits[];
}
export interface RequestReturn extends OfOrder {
  readonly type: 'request_return';
  readonly lines: readonly (AskedUnits & { readonly reason: string })[];
}
export interface ReceiveReturn extends OfOrder {
  readonly type: 'receive_return';
  readonly return_id: string;
  /** Location absent: where the units were shipped from. */
  readonly lines: readonly (AskedUnits & { readonly condition: Condition; readonly location_id?: string | null })[];
}
export interface CancelReturn extends OfOrder {
  readonly type: 'cancel_return';
  readonly return_id: string;
}
export interface ResolveException extends OfOrder {
  readonly type: 'resolve_exception';
  readonly exception_id: string;
  readonly note: string;
}

/** `subject`: the customer_ref, with the caller's own id beside it; or the order of a guest. */
export interface ErasePersonalData {
  readonly type: 'erase_personal_data';
  readonly subject: string;
  readonly customer: string | null;
}

export type PeoplesCommand =
  | CreateQuote
  | PlaceOrder
  | PayOrder
  | CancelOrder
  | CancelLines
  | HoldOrder
  | ReleaseHold
  | CaptureOrder
  | VoidPayment
  | RefundOrder
  | RequestReturn
  | ReceiveReturn
  | CancelReturn
  | ResolveException
  | ErasePersonalData;

/** Which event this is of its stream: what was heard before is known by it. */
export interface Heard {
  readonly stream: string;
  readonly sequence: number | null;
}
export type StockFact = Extract<
  InventoryEvent,
  {
    type:
      | 'stock.reserved'
      | 'stock.reservation_failed'
      | 'stock.reservation_expired'
      | 'stock.allocated'
      | 'stock.released'
      | 'stock.shortfall_detected'
      | 'backorder.queued'
      | 'backorder.filled';
  }
>;
export type PaymentFact = Extract<
  PaymentsEvent,
  {
    type:
      | 'payment.action_required'
      | 'payment.pending'
      | 'payment.authorized'
      | 'payment.declined'
      | 'payment.failed'
      | 'payment.abandoned'
      | 'payment.outcome_unknown'
      | 'payment.outcome_resolved'
      | 'payment.captured'
      | 'payment.capture_failed'
      | 'payment.voided'
      | 'payment.authorization_expired'
      | 'payment.refunded'
      | 'payment.refund_failed'
      | 'payment.disputed';
  }
>;
export type ShipmentFact = Extract<
  ShippingEvent,
  { type: 'shipment.dispatched' | 'fulfillment.cancellation_answered' | 'parcel.delivered' | 'parcel.lost' | 'parcel.sent_back' }
>;

interface Note<N extends string, F> {
  readonly type: N;
  readonly order_id: string;
  readonly fact: F;
  readonly heard: Heard;
}
export type NoteStock = Note<'note_stock', StockFact>;
export type NotePayment = Note<'note_payment', PaymentFact>;
export interface NoteShipment extends Note<'note_shipment', ShipmentFact> {
  /** For the projection of shipments (projections.ts). */
  readonly rows: ShipmentRows;
}
export type NotePeg = Note<'note_peg', BackorderPegged>;

/** Rows of the projection of shipping's events: no decision, but written where decisions are. */
export interface ShipmentRows {
  readonly shipments: readonly Row[];
  readonly parcels: readonly Row[];
}
export interface ProjectShipment {
  readonly type: 'project_shipment';
  readonly rows: ShipmentRows;
}

/** The order's timers (decide/waits.ts). */
export interface Wake {
  readonly type: 'wake';
  readonly order_id: string;
  readonly timer: string;
}

export type OrdersCommand = PeoplesCommand | NoteStock | NotePayment | NoteShipment | NotePeg | ProjectShipment | Wake;
