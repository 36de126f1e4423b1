/** What this stand-in keeps: authorizations with what became of them, enrollments, and the names that were used. */
import { randomInt } from 'node:crypto';
import type { Collection, Sim } from '../stand_in.ts';

export const transactions_max = 200_000;
/** A merchantReferenceCode of an authorization is refused again so long, a merchantTransactionIdentifier so long. */
export const reference_kept_ms = 15 * 60_000;
export const identifier_kept_ms = 60 * 24 * 3_600_000;

export interface Authorization {
  readonly id: string;
  readonly reference: string;
  readonly identifier: string | null;
  readonly order: string;
  readonly currency: string;
  readonly amount: number;
  readonly state: 'held' | 'captured' | 'reversed' | 'review';
  readonly captures: readonly Capture[];
}
export interface Capture {
  readonly id: string;
  readonly identifier: string | null;
  readonly amount: number;
  readonly credited: number;
  readonly voided: boolean;
}
export interface Enrollment {
  readonly id: string;
  readonly return_url: string;
  readonly amount: string;
  readonly state: 'waiting' | 'success' | 'fail' | 'used';
}
export interface Name {
  readonly at_ms: number;
  /** The authorization that an identifier made, or captured. */
  readonly authorization: string | null;
}
export interface Books {
  readonly sim: Sim;
  readonly authorizations: Collection<Authorization>;
  /** Authorization by the id of a capture of it. */
  readonly captures: Collection<string>;
  readonly enrollments: Collection<Enrollment>;
  readonly references: Collection<Name>;
  readonly identifiers: Collection<Name>;
  readonly merchant_id: string;
}

/** 22 digits, as CyberSource's. */
export function request_id(books: Books): string {
  return `${books.sim.now_ms()}${String(randomInt(1_000_000_000)).padStart(9, '0')}`;
}

export type Money = 'authorized' | 'captured' | 'voided' | 'refunded' | 'capture_voided';
/** `amount` is of this one movement; held money of an authorization = authorized − captured − voided. */
export function record(
  books: Books,
  kind: Money,
  id: string,
  authorization: Authorization,
  amount: number,
  identifier: string | null,
): void {
  const { order, currency } = authorization;
  books.sim.record({
    kind,
    id,
    reference: order,
    amount,
    currency,
    authorization: authorization.id,
    ...(identifier !== null && { idempotency_key: identifier }),
  });
}

export function by_identifier(books: Books, identifier: string | undefined): Authorization | undefined {
  const known = identifier === undefined ? undefined : books.identifiers.get(identifier)?.authorization;
  return known ? books.authorizations.get(known) : undefined;
}
export function by_capture(books: Books, id: string | undefined): { authorization: Authorization; capture: Capture } | undefined {
  const authorization = books.authorizations.get(books.captures.get(id ?? '') ?? '');
  const capture = authorization?.captures.find(one => one.id === id);
  return authorization && capture && { authorization, capture };
}
