/** A supplier of channel `rest` for `doctor`: an order that nobody placed is asked for, and is to be unknown there. */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { type Checked, checked, refusal_of } from '../../../platform/adapters/check.ts';

const unknown_order = Compile(Type.Object({ code: Type.Literal('unknown_purchase_order') }));
const nobodys_reference = 'po_of_nobody';

export async function check_rest(
  { base_url, api_key, now_ms }: { readonly base_url: string; readonly api_key: string; now_ms(): number },
  signal: AbortSignal,
): Promise<Checked> {
  const call = {
    url: `${base_url.replace(/\/+$/, '')}/purchase-orders/${nobodys_reference}`,
    headers: { authorization: `Bearer ${api_key}` },
  };
  return checked(
    {
      call,
      address_setting: 'the supplier’s address',
      now_ms,
      judge(reply, json) {
        if (reply.status === 404 && unknown_order.Check(json)) return { ok: true, detail: 'the key works' };
        return (
          refusal_of(reply, 'the supplier') ?? {
            ok: false,
            detail: 'it knows an order that nobody placed: this is not the channel’s protocol',
          }
        );
      },
    },
    signal,
  );
}
