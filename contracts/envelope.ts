/** The form every event contract shares. Imports nothing of ours: contracts are the one thing all services know. */
import Type, { type Static, type TSchema } from 'typebox';

export const service_names = ['orders', 'inventory', 'payments', 'shipping', 'suppliers', 'analytics'] as const;
export type ServiceName = (typeof service_names)[number];

/** What the event's partition key is: all events of one key keep their order. */
export type KeyName = 'order_id' | 'quote_id' | 'po_id' | 'sku' | 'location_id' | 'subject';

/** One event type, version 1: its schema, who acts on it (the gateway and analytics hear all), and a recorded example. */
export interface EventContract<N extends string, D extends TSchema> {
  readonly type: N;
  readonly service: ServiceName;
  readonly key: KeyName;
  readonly heard_by: readonly ServiceName[];
  readonly description: string;
  readonly data: D;
  readonly example: Static<D>;
}

export function event<const N extends string, D extends TSchema>(contract: EventContract<N, D>): EventContract<N, D> {
  return contract;
}

/** `{ type: 'order.confirmed', data: … }`, narrowed from its contract. */
export type EventOf<C> = C extends EventContract<infer N, infer D> ? { readonly type: N; readonly data: Frozen<Static<D>> } : never;
/** Read-only all the way down: who hears an event cannot change it, and who publishes one may pass its read-only state. */
export type Frozen<T> = T extends readonly (infer E)[]
  ? readonly Frozen<E>[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T;

/** An absent optional field and null are the same (api.md, Replies). */
export const optional = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));
/** Money: integer minor units of the currency beside it, within what JSON carries exactly. */
export const Amount = () => Type.Integer({ minimum: -Number.MAX_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER });
export const Quantity = () => Type.Integer({ minimum: 0, maximum: 2_147_483_647 });
export const Id = () => Type.String({ minLength: 1, maxLength: 200 });
export const Text = (maxLength = 2_000) => Type.String({ maxLength });
/** RFC 3339, UTC, milliseconds. */
export const At = () => Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$' });
export const Currency = () => Type.String({ pattern: '^[A-Z]{3}$' });
