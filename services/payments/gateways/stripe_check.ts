/** Stripe for `doctor`: the newest payment is asked for, and nothing else. */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { type Checked, checked, refusal_of } from '../../../platform/adapters/check.ts';
import { api_version, type StripeSettings } from './stripe_api.ts';

const list = Compile(
  Type.Object({ object: Type.Literal('list'), data: Type.Array(Type.Object({ livemode: Type.Optional(Type.Boolean()) })) }),
);

export async function check_stripe(
  { base_url, secret_key, now_ms }: Pick<StripeSettings, 'base_url' | 'secret_key' | 'now_ms'>,
  signal: AbortSignal,
): Promise<Checked> {
  if (!/^(sk|rk)_/.test(secret_key))
    return { ok: false, detail: 'STRIPE_SECRET_KEY is no secret key (sk_… or rk_…): a publishable one cannot take money' };
  const is_test = /^(sk|rk)_test_/.test(secret_key);
  const call = {
    url: `${base_url.replace(/\/+$/, '')}/v1/payment_intents?limit=1`,
    headers: { authorization: `Bearer ${secret_key}`, 'stripe-version': api_version },
  };
  return checked(
    {
      call,
      address_setting: 'STRIPE_BASE_URL',
      now_ms,
      judge(reply, json) {
        const refused = refusal_of(reply, 'STRIPE_SECRET_KEY');
        if (refused !== undefined) return refused;
        if (!list.Check(json)) return { ok: false, detail: 'the answer is no list of Stripe: this is not the API’s address' };
        const [newest] = json.data;
        if (newest?.livemode !== undefined && newest.livemode === is_test)
          return {
            ok: false,
            detail: `the key is of ${is_test ? 'test' : 'live'} mode, its payments are not: this is another account's address`,
          };
        return { ok: true, detail: `the key works (${is_test ? 'test mode: no money moves' : 'live mode'}), API ${api_version}` };
      },
    },
    signal,
  );
}
