/** What Stripe lists of a stretch of time: payments and refunds by `created` (integrations.md 4), for the comparison with ours. */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { GatewayFact, MadeThere } from './port.ts';
import type { Fields, StripeApi } from './stripe_api.ts';
import { facts_of_intent, facts_of_refund, read_intent, read_refund } from './stripe_facts.ts';

export const made_page = 100;
/** Of each: what is answered stands in one row of ours. */
export const made_pages_max = 5;

const List = Compile(Type.Object({ data: Type.Array(Type.Object({ id: Type.String() })), has_more: Type.Boolean() }));

export async function list_made(
  api: StripeApi,
  between: { readonly from: string; readonly until: string },
  signal: AbortSignal,
): Promise<MadeThere> {
  const [from, until] = [between.from, between.until].map(each => Math.floor(Date.parse(each) / 1_000));
  const created: Fields = [
    ['created[gte]', from],
    ['created[lt]', until],
    ['limit', made_page],
  ];
  const intents = await pages(api, '/v1/payment_intents', [...created, ['expand[0]', 'data.latest_charge']], signal);
  const refunds = await pages(api, '/v1/refunds', created, signal);
  const facts: GatewayFact[] = [
    ...intents.objects.flatMap(each => read_intent(each) ?? []).flatMap(each => facts_of_intent(each)),
    ...refunds.objects.flatMap(each => read_refund(each) ?? []).flatMap(each => facts_of_refund(each)),
  ];
  return { facts, complete: intents.complete && refunds.complete };
}

async function pages(
  api: StripeApi,
  path: string,
  fields: Fields,
  signal: AbortSignal,
): Promise<{ objects: unknown[]; complete: boolean }> {
  const objects: { id: string }[] = [];
  for (let page = 0; page < made_pages_max; page += 1) {
    const place: Fields = [...fields, ['starting_after', objects.at(-1)?.id]];
    const told = await api.get(path, place, value => (List.Check(value) ? value : undefined), signal);
    if (!('object' in told)) throw new Error(`Stripe did not list ${path}: try again later`, { cause: told });
    objects.push(...told.object.data);
    if (!told.object.has_more) return { objects, complete: true };
  }
  return { objects, complete: false };
}
