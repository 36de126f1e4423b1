/**
 * The port to suppliers: what is sent (operation kinds and their requests), what comes back (facts), and what a channel is.
 * A channel carries documents; none of them decides anything, the purchase order does (domain.md 3.5).
 */
import Type, { type Static } from 'typebox';
import { Amount, Currency, Id, optional, Text } from '../../../contracts/envelope.ts';
import type { Check } from '../../../platform/adapters/check.ts';
import type { Adapter } from '../../../platform/service.ts';

export const lines_max = 1_000;

const LineNo = () => Type.Integer({ minimum: 1, maximum: 1_000_000 });
const Units = (minimum: number) => Type.Integer({ minimum, maximum: 2_147_483_647 });

const Party = () => Type.Object({ qualifier: Text(4), id: Text(64), name: optional(Text()) });
/** Of a channel whose documents travel between named parties, numbered: drawn once, so that sending again sends the same bytes. */
const EnvelopeSchema = Type.Object({
  sender: Party(),
  receiver: Party(),
  control_number: Type.Integer({ minimum: 1, maximum: 999_999_999 }),
  at: Text(40),
  usage: Type.Union([Type.Literal('P'), Type.Literal('T')]),
});
export const SendOrderSchema = Type.Object({
  po_id: Id(),
  supplier_code: Text(200),
  /** Ours, for ever: a supplier takes one order per reference. */
  reference: Id(),
  currency: Currency(),
  /** Where the goods go. */
  location: Type.Object({
    code: Text(200),
    name: optional(Text()),
    line1: optional(Text()),
    line2: optional(Text()),
    city: optional(Text()),
    region: optional(Text()),
    postal_code: optional(Text()),
    country: optional(Text(2)),
    phone: optional(Text()),
  }),
  lines: Type.Array(
    Type.Object({
      line_no: LineNo(),
      supplier_sku: Text(200),
      sku: Text(200),
      quantity: Units(1),
      /** Of one unit. */
      cost: Amount(),
    }),
    { minItems: 1, maxItems: lines_max },
  ),
  requested_at: Text(40),
  /** When the goods are wanted: after the usual lead time. */
  expected_at: optional(Text(40)),
  envelope: optional(EnvelopeSchema),
});
export const CancelOrderSchema = Type.Object({ po_id: Id(), reference: Id() });

/** ok `{ channel, supplier_reference?, expected_at?, facts? }`: the supplier has it. Declined: it will not take it, `code` says why. */
export type SendOrder = Static<typeof SendOrderSchema>;
/** ok: agreed. Declined `cancellation_refused`. Pending: the answer comes as a document. */
export type CancelOrder = Static<typeof CancelOrderSchema>;
export const operation_kinds = ['send_order', 'cancel_order', 'collect', 'send_reply', 'reconcile'] as const;
export type OperationKind = (typeof operation_kinds)[number];

/** Of a channel that is looked at (`x12_files`): the next file, and what became of the one before. ok `{ facts: [{ name, raw }] }`, `raw` in base64, or none. */
export const CollectSchema = Type.Object({ settle: Type.Array(Type.Object({ name: Text(255), to: Text(10) }), { maxItems: 10 }) });
export type Collect = Static<typeof CollectSchema>;
/** Of a channel that can be asked (`rest`). ok `{ facts: ListedOrder[], whole }`: what the supplier has of us; `whole`: nothing is left out. */
export interface ListedOrder {
  readonly reference: string;
  readonly cancelled: boolean;
}
/** What answers a transmission, where there is no reply to write it into. */
export const SendReplySchema = Type.Object({ name: Text(100), text: Type.String({ maxLength: 1_048_576 }) });
export type SendReply = Static<typeof SendReplySchema>;

/** Units of one line: confirmed + backordered + rejected, at most what was ordered; the purchase order checks it. */
export type AcknowledgedLine = {
  readonly line_no: number;
  readonly confirmed: number;
  readonly backordered: number;
  readonly rejected: number;
  /** Another price of one unit than asked for. */
  readonly cost?: number;
  readonly substitute_sku?: string;
  /** When the last of the confirmed and backordered units are promised. */
  readonly promised_at?: string;
};

/** What a supplier said, once per `document_ref`. All times RFC 3339 UTC. */
export type SupplierFact = { readonly document_ref: string; readonly po_id: string } & (
  | {
      readonly kind: 'acknowledgment';
      /** Counts up; an older one than known changes nothing. */
      readonly ack_no: number;
      readonly lines: readonly AcknowledgedLine[];
      /** What a person must decide before it counts, beside prices and substitutes. */
      readonly questions?: readonly string[];
    }
  | {
      readonly kind: 'ship_notice';
      readonly notice_ref: string;
      readonly expected_at: string;
      readonly tracking_number?: string;
      readonly lines: readonly { readonly line_no: number; readonly quantity: number }[];
    }
  | { readonly kind: 'eta'; readonly cause: string; readonly lines: readonly { readonly line_no: number; readonly new_at: string }[] }
  | {
      readonly kind: 'invoice';
      readonly invoice_ref: string;
      readonly amount: number;
      readonly currency: string;
      readonly lines: readonly { readonly line_no: number; readonly quantity: number; readonly cost: number }[];
      /** In `amount`, and of no line; an allowance is negative. */
      readonly charges?: readonly { readonly kind: 'freight' | 'tax' | 'other'; readonly amount: number }[];
    }
  | { readonly kind: 'cancellation_answer'; readonly answer: 'agreed' | 'refused'; readonly reason?: string }
);

/** Header names in lower case. */
export type InboundHeaders = Readonly<Record<string, string | undefined>>;
export interface ReceivedDocument {
  /** Empty for a document that means nothing to us. */
  readonly facts: readonly SupplierFact[];
  /** The supplier's own id of the document: a second delivery has the same. */
  readonly document_ref: string;
}
export interface InvalidDocument {
  readonly invalid: 'invalid_signature' | 'malformed' | 'not_supported';
}

export interface SupplierChannel {
  readonly name: string;
  /** One harmless call, for `doctor`. Absent: nobody is called. */
  readonly check?: Check;
  readonly adapter: Adapter;
  /** `raw`: the exact bytes received. Verified before it is parsed. */
  receive(raw: Uint8Array, headers: InboundHeaders, now_ms: number, secret: string): ReceivedDocument | InvalidDocument;
}
