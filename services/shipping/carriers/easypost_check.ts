/** EasyPost for `doctor`: the newest tracker is asked for, and nothing else. */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { type Checked, checked, refusal_of } from '../../../platform/adapters/check.ts';

const list = Compile(Type.Object({ trackers: Type.Array(Type.Unknown()) }));

export async function check_easypost(
  { base_url, api_key, now_ms }: { readonly base_url: string; readonly api_key: string; now_ms(): number },
  signal: AbortSignal,
): Promise<Checked> {
  const call = {
    url: new URL('trackers?page_size=1', base_url.endsWith('/') ? base_url : `${base_url}/`).href,
    headers: { authorization: `Basic ${Buffer.from(`${api_key}:`).toString('base64')}` },
  };
  // https://docs.easypost.com/docs/authentication: test keys begin with EZTK, production keys with EZAK.
  const mode = api_key.startsWith('EZTK') ? 'test mode: labels are samples' : 'production mode: labels cost money';
  return checked(
    {
      call,
      address_setting: 'EASYPOST_BASE_URL',
      now_ms,
      judge(reply, json) {
        const refused = refusal_of(reply, 'EASYPOST_API_KEY');
        if (refused !== undefined) return refused;
        if (!list.Check(json)) return { ok: false, detail: 'the answer is no list of EasyPost: this is not the API’s address' };
        return { ok: true, detail: `the key works (${mode})` };
      },
    },
    signal,
  );
}
