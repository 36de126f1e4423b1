/** The faults a stand-in can be told to have (POST /__sim/faults), and which of them a request or a webhook meets. */

export const request_faults = [
  'delay',
  'delay_tail',
  'reset_before',
  'reset_after',
  'reply_late',
  'status',
  'revoke',
  'lag',
  'execute_twice',
  'behind_back',
  'garbage',
  'truncate',
  'wrong_charset',
  'drip',
  'unknown_enum',
  'extra_field',
  'missing_field',
  'lie_amount',
  'lie_currency',
  'lie_reference',
] as const;
export const webhook_faults = [
  'webhook_drop',
  'webhook_duplicate',
  'webhook_reorder',
  'webhook_delay',
  'webhook_bad_signature',
  'webhook_old_secret',
  'webhook_new_secret',
  'webhook_stale',
] as const;
export const fault_names = ['refuse', 'clock_skew', 'webhook_early', ...request_faults, ...webhook_faults] as const;
export type FaultName = (typeof fault_names)[number];

export const rules_max = 100;
export const times_max = 1_000_000;
export const delay_ms_max = 120_000;

export interface FaultRule {
  readonly fault: FaultName;
  /** `path` is exact, or has `*` for any run of characters; `type` is a webhook's event type. For webhooks, method and path are those of the request that caused them. */
  readonly match: { readonly method?: string; readonly path?: string; readonly type?: string };
  /** How many times it still happens. */
  times: number;
  readonly delay_ms?: number;
  readonly status?: number;
  /** With fault `status`: the effect happens all the same. */
  readonly executed: boolean;
  /** Of a matching request, 0..1; drawn from the stand-in's seed. */
  readonly probability: number;
  /** With `status` 429 and 503: what Retry-After says. */
  readonly retry_after_s?: number;
  /** With `behind_back`: which of the third party's deeds is done to the object of the reply, delay_ms later. */
  readonly deed?: string;
  /** With `clock_skew`: how far the third party's clock is ahead. */
  readonly skew_ms?: number;
  /** With `missing_field`: which; absent: every field that is null. */
  readonly field?: string;
}
/** What happens to a share of everything, for as long as it is in force. */
export interface Profile {
  readonly seed: number;
  /** `probability` is the share of it; `times` does not count. */
  readonly rules: readonly FaultRule[];
}

/** The rules in force, in the order they were posted: the first that matches is used up. Then the profile has its chance. */
export class FaultBook {
  #rules: FaultRule[] = [];
  #chance: () => number;
  profile: Profile | undefined;
  constructor(seed: number, profile?: Profile) {
    this.#chance = chance_from(profile?.seed ?? seed);
    this.profile = profile;
  }
  get rules(): readonly FaultRule[] {
    return this.#rules;
  }
  /** False when the book is full. */
  add(rule: FaultRule): boolean {
    if (this.#rules.length >= rules_max) return false;
    this.#rules.push(rule);
    return true;
  }
  follow(profile: Profile | undefined): void {
    this.profile = profile;
    if (profile !== undefined) this.#chance = chance_from(profile.seed);
  }
  clear(): void {
    this.#rules = [];
    this.profile = undefined;
  }
  /** 0..1 */
  draw(): number {
    return this.#chance();
  }
  /** The next fault of the given names for this request or webhook; counts it. */
  take(names: readonly FaultName[], method: string, path: string, type?: string): FaultRule | undefined {
    const fits = (rule: FaultRule) => names.includes(rule.fault) && matches(rule, method, path, type);
    const rule = this.#rules.find(each => fits(each) && this.#chance() < each.probability);
    if (rule === undefined) return this.#by_chance(this.profile?.rules.filter(fits) ?? []);
    rule.times -= 1;
    if (rule.times <= 0) this.#rules = this.#rules.filter(each => each !== rule);
    return rule;
  }
  /** One draw for all: the shares add up. */
  #by_chance(rules: readonly FaultRule[]): FaultRule | undefined {
    if (rules.length === 0) return undefined;
    let left = this.#chance();
    return rules.find(({ probability }) => {
      left -= probability;
      return left < 0;
    });
  }
}

/** A caller who writes `sim_reset_after` anywhere into a request (a name, a description, a SKU) gets that fault with it. */
export function magic_fault(text: string): FaultName | undefined {
  for (const [, name] of text.matchAll(/sim_([a-z_]+)/g)) {
    // Longest first: what follows may be the caller's own.
    const found = magic_names.find(each => name?.startsWith(each));
    if (found !== undefined) return found;
  }
  return undefined;
}
const magic_names = [...request_faults, ...webhook_faults, 'webhook_early' as const].toSorted((a, b) => b.length - a.length);
export const magic_rule = (fault: FaultName): FaultRule => ({ fault, match: {}, times: 1, executed: false, probability: 1 });

function matches(rule: FaultRule, method: string, path: string, type: string | undefined): boolean {
  if (rule.match.method !== undefined && rule.match.method !== method) return false;
  if (rule.match.type !== undefined && rule.match.type !== type) return false;
  return rule.match.path === undefined || path_matches(rule.match.path, path);
}

/** Split at the stars instead of a regular expression: nothing that comes by HTTP becomes a pattern with backtracking. */
function path_matches(pattern: string, path: string): boolean {
  const [first = '', ...others] = pattern.split('*');
  if (others.length === 0) return path === pattern;
  if (!path.startsWith(first)) return false;
  let position = first.length;
  const last = others.pop() ?? '';
  for (const part of others) {
    const found = path.indexOf(part, position);
    if (found < 0) return false;
    position = found + part.length;
  }
  return path.length - last.length >= position && path.endsWith(last);
}

export function is_record(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** mulberry32: the same seed, the same chances. */
function chance_from(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
