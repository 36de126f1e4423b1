/** The faults a stand-in can be told to have (POST /__sim/faults), and which of them a request or a webhook meets. */

export const request_faults = [
  'delay',
  'reset_before',
  'reset_after',
  'reply_late',
  'status',
  'garbage',
  'truncate',
  'lie_amount',
] as const;
export const webhook_faults = ['webhook_drop', 'webhook_duplicate', 'webhook_reorder', 'webhook_bad_signature'] as const;
export const fault_names = ['refuse', 'webhook_early', ...request_faults, ...webhook_faults] as const;
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
}

/** The rules in force, in the order they were posted; the first that matches is used up. */
export class FaultBook {
  #rules: FaultRule[] = [];
  readonly #chance: () => number;
  constructor(seed: number) {
    this.#chance = chance_from(seed);
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
  clear(): void {
    this.#rules = [];
  }
  /** The next fault of the given names for this request or webhook; counts it. */
  take(names: readonly FaultName[], method: string, path: string, type?: string): FaultRule | undefined {
    if (this.#rules.length === 0) return undefined;
    const rule = this.#rules.find(
      each => names.includes(each.fault) && matches(each, method, path, type) && this.#chance() < each.probability,
    );
    if (rule === undefined) return undefined;
    rule.times -= 1;
    if (rule.times <= 0) this.#rules = this.#rules.filter(each => each !== rule);
    return rule;
  }
}

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

/** A posted rule, checked; a text says what is wrong with it. */
export function parse_fault(value: unknown): FaultRule | string {
  if (!is_record(value)) return 'a fault is a JSON object';
  const fault = fault_names.find(name => name === value['fault']);
  if (fault === undefined) return `fault is one of ${fault_names.join(' ')}`;
  const { match = {}, times = 1, delay_ms, status, executed = false, probability = 1 } = value;
  if (!is_record(match)) return 'match is an object';
  const { method, path, type } = match;
  if (!is_optional_text(method) || !is_optional_text(path) || !is_optional_text(type)) return 'match has texts method, path, type';
  if (!is_count(times, times_max) || times === 0) return `times is 1 to ${times_max}`;
  if (delay_ms !== undefined && !is_count(delay_ms, delay_ms_max)) return `delay_ms is 0 to ${delay_ms_max}`;
  if (status !== undefined && !(is_count(status, 599) && status >= 200)) return 'status is 200 to 599';
  if (typeof executed !== 'boolean') return 'executed is true or false';
  if (typeof probability !== 'number' || !(probability > 0 && probability <= 1)) return 'probability is above 0, at most 1';
  return { fault, match: { method, path, type }, times, delay_ms, status, executed, probability };
}

export function is_record(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
function is_optional_text(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}
function is_count(value: unknown, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max;
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
