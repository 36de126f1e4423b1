/** GET /v1/sandbox: where the stand-ins are, what really happened there, how to make them fail, and the values that make them do something else. */
import Type from 'typebox';
import type { Route } from '../platform/route.ts';
import { card_names, card_of } from '../sandbox/stripe/cards.ts';

export interface NamedUrl {
  readonly name: string;
  readonly url: string;
}
interface Magic {
  readonly where: string;
  readonly value: string;
  readonly effect: string;
}

const guide_schema = Type.Object({
  data: Type.Array(
    Type.Object({
      name: Type.String(),
      url: Type.String(),
      ledger_url: Type.String({ description: 'GET: everything that really happened there' }),
      faults_url: Type.String({
        description: 'POST { match: { method?, path? }, fault, times?, delay_ms?, status? }; GET; DELETE ends all',
      }),
      faults: Type.Array(Type.String()),
      magic: Type.Array(Type.Object({ where: Type.String(), value: Type.String(), effect: Type.String() })),
    }),
  ),
});

/** decisions.md 13. */
const faults = [
  ...['delay', 'refuse', 'reset_before', 'reset_after', 'reply_late', 'status', 'garbage', 'truncate'],
  ...['webhook_drop', 'webhook_duplicate', 'webhook_reorder', 'webhook_early', 'webhook_bad_signature', 'lie_amount'],
];

/** Mounted in sandbox mode only: elsewhere there is nothing at this address. */
export function sandbox_route(stand_ins: readonly NamedUrl[]): Route {
  const data = stand_ins.map(({ name, url }) => ({
    name,
    url,
    ledger_url: `${url}/__sim/ledger`,
    faults_url: `${url}/__sim/faults`,
    faults,
    magic: (magic_of[name] ?? []).map(one => ({ ...one })),
  }));
  return {
    method: 'GET',
    path: '/v1/sandbox',
    summary: 'The stand-ins of third parties: their ledgers, faults and magic values',
    scope: 'operations:read',
    also: ['pk'],
    replies: { 200: guide_schema },
    rejections: [],
    handle: async () => ({ status: 200, body: { data } }),
  };
}

function card_effect(name: string): string {
  const card = card_of(name);
  if (card?.decline !== undefined) return `declined: ${card.decline.decline_code}`;
  if (card?.authentication !== undefined) return 'the shopper must confirm (3D Secure)';
  if (card?.dispute !== undefined)
    return `authorized; once captured there is a ${card.dispute === 'inquiry' ? 'dispute inquiry' : 'dispute'}`;
  if (card?.refund !== undefined)
    return card.refund === 'pending' ? 'authorized; refunds are pending first' : 'authorized; refunds fail later';
  return card?.multicapture === false ? 'authorized; can be captured once only' : 'authorized';
}

const supplier_magic: Readonly<Record<string, string>> = {
  'BO-': 'backordered for 14 days',
  'PART-': 'half now, half later',
  'SUB-': 'a substitute is offered',
  'PRICE-': 'ten per cent dearer',
  'REJ-': 'rejected',
  'MUTE-': 'the whole order is never answered',
  'OVER-': 'too much is shipped',
  'DUP-': 'the ship notice comes twice',
};
const cents_magic: Readonly<Record<string, string>> = {
  '.04': 'declined: insufficient funds',
  '.05': 'declined: lost or stolen, never again',
  '.10': 'the issuer approves half: declined, and the hold is given back',
  '.30': 'declined for the security code, and the hold is given back',
  '.51': 'an error after the effect: unknown, reversed after a minute',
  '.59': 'no answer after the effect: unknown, reversed after a minute',
  '.75': 'the shopper must confirm (3D Secure)',
  '.80': 'in review: pending until a person decides',
};
const cybersource_magic: readonly Magic[] = [
  { where: 'payment.method of an order', value: 'sim_visa', effect: 'authorized, unless the cents of the amount say something else' },
  ...Object.entries(cents_magic).map(([value, effect]) => ({ where: 'cents of the amount', value, effect })),
];
const supplier_values = Object.entries(supplier_magic).map(([value, effect]) => ({ where: 'beginning of a SKU', value, effect }));
const magic_of: Readonly<Record<string, readonly Magic[]>> = {
  stripe: card_names.map(value => ({ where: 'payment.method of an order', value, effect: card_effect(value) })),
  easypost: [
    { where: 'shipping_address.city', value: 'Not A City', effect: 'the address is not found' },
    { where: 'shipping_address.city', value: 'Return To Sender', effect: 'the parcel comes back' },
    { where: 'shipping_address.city', value: 'Nobody Home', effect: 'the delivery fails' },
    { where: 'shipping_address.city', value: 'Lost In Transit', effect: 'the carrier loses the parcel' },
    { where: 'shipping_address.city', value: 'Refund Rejected', effect: 'the money of a voided label does not come back' },
    { where: 'weight in ounces', value: '99999', effect: 'no carrier has a rate' },
  ],
  cybersource: cybersource_magic,
  purolator: [
    { where: 'shipping_address.city', value: 'Not A City', effect: 'the address does not exist' },
    { where: 'shipping_address.postal_code', value: 'V0V 0V0', effect: 'the schema refuses the shipment' },
    { where: 'beginning of Reference1', value: 'DROP-AFTER-', effect: 'shipped, then the line is cut' },
    { where: 'beginning of Reference1', value: 'NO-VOID-', effect: 'never voided' },
  ],
  supplier: supplier_values,
  x12_supplier: supplier_values,
  peppol_supplier: supplier_values,
};
