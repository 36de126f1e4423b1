/** What faults do to a reply's body. JSON by its fields; what is no JSON (XML, say) by the text of its elements. */
import type { FaultRule } from './faults.ts';
import type { StandInReply } from './stand_in.ts';

const amount_name = /amount|rate$|price|total|cost/i;
const currency_name = /currency/i;
const reference_name = /(^|_)(reference|order_id|operation_id|payment_id)$|ReferenceCode$|Reference1$/i;
const state_name = /^(status|state|decision|refund_status)$/i;
const unknown_word = 'sim_never_heard_of';
const extra_name = 'sim_extra';

export function spoil(reply: StandInReply, rule: FaultRule | undefined, lie: ((body: string) => string) | undefined): StandInReply {
  const body = () => Buffer.from(reply.body).toString();
  switch (rule?.fault) {
    case 'garbage':
      return { ...reply, body: '<html>\u0000{"id":' };
    case 'wrong_charset':
      return { ...reply, body: Buffer.from(body(), 'utf16le') };
    case 'lie_amount':
      return { ...reply, body: (lie ?? lie_about_amounts)(body()) };
    case 'lie_currency':
      return { ...reply, body: changed(body(), currency_name, other_currency) };
    case 'lie_reference':
      return { ...reply, body: changed(body(), reference_name, text => `${text}X`) };
    case 'unknown_enum':
      return { ...reply, body: changed(body(), state_name, () => unknown_word) };
    case 'extra_field':
      return { ...reply, body: with_extra(body()) };
    case 'missing_field':
      return { ...reply, body: without(body(), rule.field) };
    default:
      return reply;
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Every text in a field of such a name. */
function changed(body: string, names: RegExp, change: (text: string) => string): string {
  const json = parsed(body);
  if (json === undefined)
    return body.replace(/<([\w:]*?)(\w+)>([^<>]+)<\//g, (all, prefix: string, name: string, text: string) =>
      names.test(name) ? `<${prefix}${name}>${change(text)}</` : all,
    );
  return JSON.stringify(json, (name, value: unknown) => (typeof value === 'string' && names.test(name) ? change(value) : value));
}
function other_currency(text: string): string {
  const other = text.toUpperCase() === 'USD' ? 'EUR' : 'USD';
  return text === text.toLowerCase() ? other.toLowerCase() : other;
}

/** Every number, or decimal text, in a field named like an amount grows by 100. */
function lie_about_amounts(body: string): string {
  const json = parsed(body);
  const grown = (text: string) => (/^\d+\.\d+$/.test(text) ? `1${text}` : text);
  if (json === undefined) return changed(body, amount_name, grown);
  return JSON.stringify(json, (name, value: unknown) => {
    if (!amount_name.test(name)) return value;
    if (typeof value === 'number') return value + 100;
    return typeof value === 'string' ? grown(value) : value;
  });
}

function is_object(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
/** In every object; what has records of the caller's own (metadata) is his. */
function with_extra(body: string): string {
  const json = parsed(body);
  if (json === undefined) return body.replace(/<\/([\w:]+)>\s*$/, `<${extra_name}>1</${extra_name}></$1>`);
  return JSON.stringify(json, (name, value: unknown) =>
    is_object(value) && name !== 'metadata' && name !== extra_name ? { ...value, [extra_name]: { more: [1] } } : value,
  );
}
function without(body: string, field: string | undefined): string {
  const json = parsed(body);
  if (json === undefined)
    return body.replace(
      field === undefined ? /<([\w:]+)\s*\/>|<([\w:]+)><\/\2>/g : new RegExp(`<(?:\\w+:)?${field.replace(/\W/g, '')}>[^<]*</[^>]*>`, 'g'),
      '',
    );
  return JSON.stringify(json, (name, value: unknown) =>
    (field === undefined ? value === null : name === field) && name !== '' ? undefined : value,
  );
}
