/**
 * What suppliers write, whatever the syntax (X12, Peppol): documents about an order of ours, named as the partner knows it. Lines are named by number, by code
 * or both, quantities may be left out and prices are decimals: what they mean is decided with the order in hand (decide/documents.ts).
 */

/** A line of ours, by what the partner says of it. */
export interface NamedItem {
  readonly line_no?: number;
  /** The supplier's, ours, barcodes. */
  readonly codes: readonly string[];
}

/** `quantity`: fewer units, and the rest does not come. `change`: another something; what, the line says. `unknown`: a code we do not know. */
export type LineAnswer =
  | 'accept'
  | 'backorder'
  | 'partial'
  | 'substitute'
  | 'reschedule'
  | 'quantity'
  | 'price'
  | 'price_pending'
  | 'change'
  | 'reject'
  | 'hold'
  | 'unknown';

export interface Answered {
  readonly answer: LineAnswer;
  /** As it stands in the document, for people. */
  readonly code: string;
  /** Absent: all of the line that no other answer speaks of. */
  readonly quantity?: number;
  readonly promised_at?: string;
  /** The supplier's code of what comes instead. */
  readonly substitute?: string;
}
export interface ResponseLine {
  readonly item: NamedItem;
  readonly answers: readonly Answered[];
  /** A decimal, of one unit. */
  readonly price?: string;
}

/** `lines`: as the lines say, and nothing of others. `exceptions`: others are accepted. */
export type Verdict = 'accept' | 'lines' | 'exceptions' | 'hold' | 'reject' | 'counter_offer' | 'unknown';

export interface ChargeOrAllowance {
  readonly kind: 'freight' | 'tax' | 'other';
  /** A decimal; an allowance is negative. */
  readonly amount: string;
}
export interface BilledLine {
  readonly item: NamedItem;
  readonly quantity: number;
  readonly price: string;
}

/** Once per `document_ref`. */
export type TradeDocument = {
  readonly document_ref: string;
  /** Our reference of the order, or `#` and the number under which it was transmitted. */
  readonly about: string;
} & (
  | {
      readonly kind: 'response';
      readonly verdict: Verdict;
      readonly code: string;
      readonly issued_at?: string;
      readonly currency?: string;
      /** Of lines that are accepted without a date of their own. */
      readonly promised_at?: string;
      readonly lines: readonly ResponseLine[];
    }
  | {
      readonly kind: 'despatch';
      readonly notice_ref: string;
      readonly shipped_at?: string;
      readonly expected_at?: string;
      readonly tracking_number?: string;
      readonly lines: readonly { readonly item: NamedItem; readonly quantity: number }[];
    }
  | {
      readonly kind: 'bill';
      readonly invoice_ref: string;
      readonly currency?: string;
      /** A decimal, with charges. */
      readonly total: string;
      readonly charges: readonly ChargeOrAllowance[];
      readonly lines: readonly BilledLine[];
    }
  /** It came and can be read (997), or not. */
  | { readonly kind: 'receipt'; readonly accepted: boolean; readonly detail: string }
);
export type DocumentOf<K extends TradeDocument['kind']> = Extract<TradeDocument, { kind: K }>;
