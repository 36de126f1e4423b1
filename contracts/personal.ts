/** Which events carry something personal, who may open it, and what stands in the log in its place (docs/decisions/0008). */
import Type, { type TObject, type TSchema } from 'typebox';
import { Id, type ServiceName, Text } from './envelope.ts';
import { type AnyEvent, contract_of, type EventType, fulfillment_requested, parcel_delivered, payment_requested } from './index.ts';

type DataOf<T extends EventType> = Extract<AnyEvent, { readonly type: T }>['data'];
export type PersonalType = { [T in EventType]: 'personal' extends keyof DataOf<T> ? T : never }[EventType];

/** An event with something personal that does not stand here does not compile, nor one that stands here and has nothing. */
export const opened_by: { readonly [T in PersonalType]: readonly ServiceName[] } = {
  'payment.requested': openers_of(payment_requested.data),
  'fulfillment.requested': openers_of(fulfillment_requested.data),
  'parcel.delivered': openers_of(parcel_delivered.data),
};

export function is_personal(type: string): type is PersonalType {
  return Object.hasOwn(opened_by, type);
}

/** Types whose personal part this service may open. */
export function opened_types(service: string): readonly string[] {
  return Object.entries(opened_by).flatMap(([type, services]) => (services.some(name => name === service) ? [type] : []));
}

/** Services that publish something personal, and so make keys. */
export function is_sealing(service: string): boolean {
  return Object.keys(opened_by).some(type => is_personal(type) && contract_of(type).service === service);
}

/** What the log holds as `data.personal`. */
export const Sealed = Type.Object({
  /** Whose key it is: the customer_ref, or the order's id where the publisher knows no customer. */
  key: Id(),
  /** Base64: 12 bytes of nonce, AES-256-GCM of the JSON under the key, 16 bytes of tag. Authenticated with it: the event's id and the field's name. */
  sealed: Text(65_536),
});

/** The schema of a type's data as it stands in the log. */
export function logged_schema(type: EventType): TSchema {
  const { data } = contract_of(type);
  return is_personal(type) ? Type.Object({ ...data.properties, personal: Type.Optional(Sealed) }) : data;
}

/** `personal` of shapes.ts wrote it into the schema. */
function openers_of({ properties }: TObject): readonly ServiceName[] {
  const openers = JSON.parse(JSON.stringify(properties['personal'])) as { anyOf: readonly { 'x-opened-by'?: ServiceName[] }[] };
  const found = openers.anyOf.flatMap(schema => schema['x-opened-by'] ?? []);
  if (found.length === 0) throw new Error('a personal part that nobody may open');
  return found;
}
