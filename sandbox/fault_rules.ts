/** Faults and profiles as they are posted, checked; a text says what is wrong with one. */
import { delay_ms_max, type FaultRule, fault_names, is_record, type Profile, rules_max, times_max } from './faults.ts';

/** A posted rule, checked; a text says what is wrong with it. */
export function parse_fault(value: unknown): FaultRule | string {
  if (!is_record(value)) return 'a fault is a JSON object';
  const fault = fault_names.find(name => name === value['fault']);
  if (fault === undefined) return `fault is one of ${fault_names.join(' ')}`;
  const { match = {}, times = 1, delay_ms, status, executed = false, probability = 1, retry_after_s, deed, skew_ms, field } = value;
  if (!is_record(match)) return 'match is an object';
  const { method, path, type } = match;
  if (!is_optional_text(method) || !is_optional_text(path) || !is_optional_text(type)) return 'match has texts method, path, type';
  if (!is_count(times, times_max) || times === 0) return `times is 1 to ${times_max}`;
  if (delay_ms !== undefined && !is_count(delay_ms, delay_ms_max)) return `delay_ms is 0 to ${delay_ms_max}`;
  if (status !== undefined && !(is_count(status, 599) && status >= 200)) return 'status is 200 to 599';
  if (typeof executed !== 'boolean') return 'executed is true or false';
  if (typeof probability !== 'number' || !(probability > 0 && probability <= 1)) return 'probability is above 0, at most 1';
  if (retry_after_s !== undefined && !is_count(retry_after_s, 86_400)) return 'retry_after_s is 0 to 86400';
  if (!is_optional_text(deed) || !is_optional_text(field)) return 'deed and field are texts';
  if (skew_ms !== undefined && !(typeof skew_ms === 'number' && Number.isSafeInteger(skew_ms))) return 'skew_ms is a whole number';
  return { fault, match: { method, path, type }, times, delay_ms, status, executed, probability, retry_after_s, deed, skew_ms, field };
}

function is_optional_text(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}
function is_count(value: unknown, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max;
}

/** `{ seed?, shares: { [fault]: share, or [{ share, … }] with the fields of a fault } }` */
export function parse_profile(value: unknown): Profile | string {
  if (!is_record(value) || !is_record(value['shares'])) return 'a profile is { seed?, shares: { fault: share } }';
  const { seed = 1, shares } = value;
  if (typeof seed !== 'number' || !Number.isSafeInteger(seed)) return 'seed is a whole number';
  const rules: FaultRule[] = [];
  for (const [fault, entry] of Object.entries(shares))
    for (const each of Array.isArray(entry) ? entry : [entry]) {
      const { share, ...fields } = is_record(each) ? each : { share: each };
      const rule = parse_fault({ ...fields, fault, probability: share });
      if (typeof rule === 'string') return `${fault}: ${rule.replace('probability', 'share')}`;
      rules.push(rule);
    }
  return rules.length > rules_max ? `at most ${rules_max} shares` : { seed, rules };
}
