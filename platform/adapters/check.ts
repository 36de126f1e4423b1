/** One harmless call to a provider, for `doctor`: can it be reached, does it know our key, do its clock and ours agree. Details are ours: what a provider says may repeat a key. */
import { type Call, call, json_in, type Reply } from './call.ts';

export interface Checked {
  readonly ok: boolean;
  /** What is wrong and what to do next, in a line; or what was seen. */
  readonly detail: string;
}
export type Check = (signal: AbortSignal) => Promise<Checked>;

/** Signatures of webhooks are refused beyond it, ours and theirs. */
export const clock_skew_max_s = 300;
const reply_bytes_max = 256 * 1024;

export interface CheckGiven {
  /** A GET that changes nothing. */
  readonly call: Pick<Call, 'url' | 'headers'>;
  /** The setting that says where it is. */
  readonly address_setting: string;
  now_ms(): number;
  /** What the answer says; `json` is undefined when it is none. */
  judge(reply: Reply, json: unknown): Checked;
}

export async function checked({ call: request, address_setting, now_ms, judge }: CheckGiven, signal: AbortSignal): Promise<Checked> {
  const { host } = new URL(request.url);
  const answer = await call({ method: 'GET', ...request, reply_bytes_max }, signal);
  if (answer.answer !== 'reply') return unreachable_host(host, answer.detail, address_setting);
  const seen = judge(answer, json_in(answer.bytes));
  if (!seen.ok) return { ok: false, detail: `${host}: ${seen.detail}` };
  const skew_s = Math.round((now_ms() - Date.parse(answer.headers['date'] ?? '')) / 1_000);
  if (Math.abs(skew_s) > clock_skew_max_s)
    return {
      ok: false,
      detail: `${host}: this machine's clock is ${Math.abs(skew_s)} s ${skew_s > 0 ? 'ahead of' : 'behind'} its Date; set the clock (NTP), signatures are refused otherwise`,
    };
  return { ok: true, detail: `${host}: ${seen.detail}` };
}

/** `code`: why there is no reply, as `call` says it. */
export function unreachable_host(host: string, code: string, address_setting: string): Checked {
  return { ok: false, detail: `${host}: ${no_reply(code)}; is ${address_setting} right?` };
}

/** What every provider's statuses have in common; undefined: the call went well. */
export function refusal_of({ status }: Reply, key_setting: string): Checked | undefined {
  if (status >= 200 && status < 300) return undefined;
  if (status === 401) return { ok: false, detail: `the key is refused (401); copy ${key_setting} again` };
  if (status === 403) return { ok: false, detail: `the key may not do this (403); give the key of ${key_setting} its permissions` };
  if (status === 429) return { ok: true, detail: 'reached; it asks for fewer calls (429)' };
  if (status >= 500) return { ok: false, detail: `it is in trouble itself (${status}); look at its status page, try again later` };
  if (status >= 300 && status < 400) return { ok: false, detail: `it redirects (${status}): this is not the API's address` };
  return { ok: false, detail: `an answer that its API does not give (${status}): this is not the API's address` };
}

function no_reply(code: string): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `no such host can be found (${code}); look at DNS`;
  if (code === 'ECONNREFUSED') return `nobody listens there (${code})`;
  if (/CERT|SELF_SIGNED|ERR_TLS|UNABLE_TO/.test(code)) return `its certificate is not one this machine trusts (${code})`;
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH' || code === 'ETIMEDOUT' || code === 'the deadline passed')
    return `no answer in time (${code}); look at routes and firewalls`;
  return `no answer (${code})`;
}

/** Of adapters by name: of those that call somebody. */
export function checks_of(adapters: Readonly<Record<string, { readonly check?: Check }>>): Readonly<Record<string, Check>> {
  return Object.fromEntries(Object.entries(adapters).flatMap(([name, { check }]) => (check === undefined ? [] : [[name, check]])));
}
