/** What payments asks of a gateway, and the one form in which a gateway's facts arrive, whether by reply, webhook or poll. */
import Type, { type Static } from 'typebox';
import type { Check } from '../../../platform/adapters/check.ts';
import type { Adapter, Row } from '../../../platform/service.ts';

/** The closed list of domain.md 3.2. */
export const decline_codes = [
  'insufficient_funds',
  'card_expired',
  'card_invalid',
  'incorrect_cvc',
  'lost_or_stolen',
  'suspected_fraud',
  'do_not_honor',
  'authentication_failed',
  'limit_exceeded',
  'processing_error',
  'issuer_unavailable',
  'partial_approval',
  'other',
] as const;
export type DeclineCode = (typeof decline_codes)[number];

// --- requests: the rows of operations, frozen when they are decided

const id = Type.String({ minLength: 1, maxLength: 200 });
const amount = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const currency = Type.String({ pattern: '^[A-Z]{3}$' });
const text = (maxLength: number) => Type.Optional(Type.Union([Type.String({ maxLength }), Type.Null()]));

/** CyberSource's transient tokens are JWTs of 1.5 KB and more. */
export const method_characters_max = 4_000;

/** What a gateway called an earlier step, where later ones must name that step and not only the payment. */
const Step = Type.Object({ ref: id, token: Type.Optional(Type.String({ maxLength: 1_000 })) });
const earlier = Type.Optional(Type.Object({ authorize: Type.Optional(Step), capture: Type.Optional(Step) }));
export type Step = Static<typeof Step>;

export const AuthorizeSchema = Type.Object({
  payment_id: id,
  order_id: id,
  /** Integer minor units of ISO 4217. */
  amount,
  currency,
  /** `charge` takes the money at once. */
  intent: Type.Union([Type.Literal('authorize'), Type.Literal('charge')]),
  /** A token of the gateway's own fields or page: a name, digits, a JWT. Never a card number (decide/requests.ts). */
  method: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._~+/=-]*$', maxLength: method_characters_max }),
  attempt_no: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
  /** Where the payer comes back to. Without it only methods that need no redirect are taken. */
  return_url: text(2_000),
  description: text(500),
  statement_descriptor_suffix: text(22),
  receipt_email: text(320),
  /** Who pays, as his bank knows him. */
  billing: Type.Optional(
    Type.Union([
      Type.Object({
        name: text(200),
        phone: text(40),
        line1: text(200),
        line2: text(200),
        city: text(200),
        region: text(200),
        postal_code: text(40),
        country: Type.String({ pattern: '^[A-Z]{2}$' }),
      }),
      Type.Null(),
    ]),
  ),
  shipping: Type.Optional(
    Type.Union([
      Type.Object({
        name: Type.String({ maxLength: 200 }),
        phone: text(40),
        line1: text(200),
        line2: text(200),
        city: text(200),
        region: text(200),
        postal_code: text(40),
        country: Type.String({ pattern: '^[A-Z]{2}$' }),
      }),
      Type.Null(),
    ]),
  ),
});
export const CaptureSchema = Type.Object({
  payment_id: id,
  order_id: id,
  gateway_ref: id,
  /** Numbers the captures of one payment from 1. */
  capture_no: Type.Integer({ minimum: 1, maximum: 50 }),
  amount,
  currency,
  /** Nothing more will be captured: the rest is let go. */
  final: Type.Boolean(),
  earlier,
});
export const VoidSchema = Type.Object({
  payment_id: id,
  order_id: id,
  gateway_ref: id,
  amount: Type.Integer({ minimum: 0 }),
  currency,
  earlier,
});
export const RefundSchema = Type.Object({
  refund_id: id,
  payment_id: id,
  order_id: id,
  gateway_ref: id,
  amount,
  currency,
  reason: Type.String({ maxLength: 200 }),
  earlier,
});

export type AuthorizeRequest = Static<typeof AuthorizeSchema>;
export type CaptureRequest = Static<typeof CaptureSchema>;
export type VoidRequest = Static<typeof VoidSchema>;
export type RefundRequest = Static<typeof RefundSchema>;
export type OperationKind = 'authorize' | 'capture' | 'void' | 'refund';

// --- facts

/**
 * One fact a gateway told. The same fact by another way is equal in (gateway, object_ref, fact, amount): record it once.
 * The adapter passes on what the gateway says, also when it is not what was asked: whoever folds the facts compares amount, currency and
 * payment with the payment's own and raises payment.drift_detected. A reply that names another operation is not passed on (outcome `unknown`).
 */
export type GatewayFact = {
  readonly gateway: string;
  /** The payment at the gateway; the refund for refunded, refund_failed and a refund's pending; `<dispute>/<status>` for disputed. */
  readonly object_ref: string;
  readonly fact:
    | 'authorized'
    | 'captured'
    | 'voided'
    | 'refunded'
    | 'refund_failed'
    | 'declined'
    | 'action_required'
    | 'pending'
    | 'lapsed'
    | 'disputed';
  /**
   * Integer minor units. authorized, captured, voided, lapsed: **cumulative** for the payment. `voided` counts all that was let go, also by a
   * final capture of less than was authorized; 0 when a payment ended before it held money. Refunds: the refund's own. Else: the payment's.
   */
  readonly amount: number;
  readonly currency: string;
  /** The gateway's id of the payment (Stripe: the PaymentIntent). */
  readonly gateway_ref: string;
  /** From our metadata at the gateway; absent where the gateway does not repeat it (disputes). */
  readonly payment_id?: string;
  readonly order_id?: string;
  readonly refund_id?: string;
  /** The operation that created the object: the authorize or the refund; never the capture or the void. */
  readonly operation_id?: string;
  readonly decline_code?: DeclineCode;
  /** Whether the payer may try the same method again. */
  readonly retryable?: boolean;
  /** RFC 3339 UTC; with authorized, when the gateway said so. */
  readonly authorization_expires_at?: string;
  /** With authorized: whether this very payment may be captured several times, when the gateway said so. */
  readonly multi_capture?: boolean;
  /** Where the payer has to go. */
  readonly url?: string;
  readonly provider_event_ref?: string;
  /** What the gateway said, without persons and secrets. */
  readonly raw: Row;
};

/** The `value` of every outcome that has one. */
export type LearnedValue = {
  readonly gateway_ref?: string;
  /** The refund's own id at the gateway. */
  readonly object_ref?: string;
  /** What a later operation must name of this one: kept with the operation, given to later ones as `earlier`. */
  readonly step?: Step;
  /** The operation came too late (void after capture, capture after expiry): the facts say what is. */
  readonly conflict?: boolean;
  /** The gateway says that it has no such payment. */
  readonly absent?: boolean;
  readonly facts: readonly GatewayFact[];
};

export type ParsedWebhook =
  | { readonly facts: readonly GatewayFact[]; readonly event_ref: string; readonly type: string }
  | { readonly invalid: 'missing_signature' | 'invalid_signature' | 'stale_signature' | 'malformed_body' | 'wrong_mode' };

export type Headers = Readonly<Record<string, string | undefined>>;

export interface RecentEvents {
  /** Oldest first. */
  readonly events: readonly { readonly event_ref: string; readonly type: string; readonly facts: readonly GatewayFact[] }[];
  /** Give it back next time; absent when nothing was ever seen. */
  readonly cursor?: string;
  readonly more: boolean;
}

export interface PayerPage {
  /** Of what the authorization learned: where the browser is to post what. */
  form(learned: Row): { readonly action: string; readonly fields: Readonly<Record<string, string>> } | undefined;
  /** What the payer brought back (the form's bytes), for the `learned` of the authorization, which is then asked about at once. */
  returned(body: Uint8Array): Row;
}
/** What was made in a stretch of time, as facts. Not `complete`: there was more than fits; ask for a shorter one. */
export interface MadeThere {
  readonly facts: readonly GatewayFact[];
  readonly complete: boolean;
}
/** The cursor is too old for the gateway, or was never its own: start from a time. */
export class CursorLost extends Error {}

export interface Gateway {
  readonly name: string;
  /** One harmless call, for `doctor`. Absent: nobody is called. */
  readonly check?: Check;
  /** Every operation succeeds in the decision that starts it: nothing is ever sent. */
  readonly immediate: boolean;
  readonly capabilities: {
    /** Whether an authorization may be captured in several parts (a single card may still refuse: GatewayFact.multi_capture). */
    readonly multi_capture: boolean;
    /** Of a gateway that never says when an authorization ends: how long each is held at least. Absent: it says so when it is asked. */
    readonly hold_ms?: number;
  };
  readonly adapter: Adapter;
  /** It is given the address of who pays; others are not, and do not keep it. */
  readonly needs_billing?: true;
  /** Whether this can be a token of this gateway; absent: whatever is no card number. */
  takes_method?(method: string): boolean;
  /** Absent: the gateway sends none. Verified over the raw bytes, before parsing. Header names are lower case. */
  parse_webhook?(raw: Uint8Array, headers: Headers, now_ms: number, secret: string): ParsedWebhook;
  /** Gateways that the payer's browser must be sent to by a form, and whose word comes back with him. */
  readonly payer_page?: PayerPage;
  /** What happened since a cursor, or since a time (RFC 3339): fills the gap after our endpoint was away. Throws when the gateway does not answer. */
  list_recent?(since: { readonly cursor: string } | { readonly from: string }, signal: AbortSignal): Promise<RecentEvents>;
  /** Payments and refunds made between two times (RFC 3339), for the comparison with ours. Throws when the gateway does not answer. */
  list_made?(between: { readonly from: string; readonly until: string }, signal: AbortSignal): Promise<MadeThere>;
}
