/** Addresses at EasyPost: how they are written there, and what its check makes of one. The check is soft: it never refuses, it says. */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { optional } from '../../../contracts/envelope.ts';
import type { Outcome } from '../../../platform/service.ts';
import type { EasyPostApi } from './easypost_api.ts';
import { compared } from './measures.ts';
import type { Address, AddressVerdict, VerifyAddress } from './port.ts';

const Verification = Type.Object({
  success: Type.Boolean(),
  errors: optional(Type.Array(Type.Object({ code: optional(Type.String()), message: optional(Type.String()) }))),
});
const texts = ['name', 'street1', 'street2', 'city', 'state', 'zip', 'country', 'phone'] as const;
const AddressReply = Type.Object({
  id: Type.String({ minLength: 1 }),
  verifications: optional(Type.Object({ delivery: optional(Verification) })),
  ...Object.fromEntries(texts.map(name => [name, optional(Type.String())] as const)),
});
export const address_reply = Compile(AddressReply);
type EasyPostAddress = Type.Static<typeof AddressReply> & Readonly<Partial<Record<(typeof texts)[number], string | null>>>;

/** Codes that say that nobody could tell, not that nobody lives there. */
const undecided = new Set(['E.TIMEOUT', 'E.QUERY.UNANSWERABLE', 'E.COUNTRY.UNSUPPORTED', 'E.SYSTEM.ERROR']);

export function easypost_address(from: Address): object {
  return {
    name: from.name,
    street1: from.line1,
    street2: from.line2 ?? null,
    city: from.city,
    state: from.region ?? null,
    zip: from.postal_code,
    country: from.country,
    phone: from.phone ?? null,
  };
}

export async function verify_address(api: EasyPostApi, { address }: VerifyAddress, signal: AbortSignal): Promise<Outcome> {
  const reply = await api.post('addresses', { address: easypost_address(address), verify: true }, address_reply, signal);
  if (!reply.ok && reply.stop.outcome === 'permanent_error') return reply.stop;
  const verdict: AddressVerdict = reply.ok ? verdict_of(reply.value, address) : not_checked(reply.stop);
  return { outcome: 'ok', value: { ...verdict } };
}

function not_checked(stop: { readonly outcome: string; readonly detail?: string; readonly code?: string }): AddressVerdict {
  return { verdict: 'not_checked', detail: stop.detail ?? stop.code ?? stop.outcome };
}

function verdict_of(found: EasyPostAddress, asked: Address): AddressVerdict {
  const delivery = found.verifications?.delivery;
  if (!delivery) return { verdict: 'not_checked', detail: 'no word about delivery' };
  const errors = delivery.errors ?? [];
  const detail = errors.map(({ code, message }) => `${code ?? ''} ${message ?? ''}`.trim()).join('; ');
  if (!delivery.success) {
    const is_open = errors.length === 0 || errors.some(({ code }) => undecided.has(code ?? ''));
    return { verdict: is_open ? 'not_checked' : 'undeliverable', detail };
  }
  return compared(asked, {
    name: asked.name,
    line1: found.street1 ?? asked.line1,
    line2: found.street2 ?? asked.line2 ?? null,
    city: found.city ?? asked.city,
    region: found.state ?? asked.region ?? null,
    postal_code: found.zip ?? asked.postal_code,
    country: found.country ?? asked.country,
  });
}
