/** Bodies made from the schemas that routes validate with: a valid one for each route, and each of its fields with what must not be in it. */
import type { TSchema } from 'typebox';
import type { Route } from '../../platform/route.ts';
import { validator } from '../../platform/strict_json.ts';
import type { Address } from './target.ts';

/** JSON Schema as TypeBox writes it, as far as routes use it. */
export interface Schema {
  readonly required?: readonly string[];
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema | readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
}
export type Value = null | boolean | number | string | readonly Value[] | { readonly [field: string]: Value };
type Path = readonly (string | number)[];

export interface Field {
  /** RFC 6901 */
  readonly pointer: string;
  /** Of a union the first branch that is not null. */
  readonly schema: Schema;
  takes(value: Value): boolean;
  /** The route's valid body with another value here. */
  with(value: Value): Value;
}

/** Texts of all the forms that fields want; the first that fits is taken. */
const texts = [
  'text',
  'LAMP',
  'GBP',
  'GB',
  '1',
  'https://example.com/back',
  'ada@example.com',
  '2026-01-01T00:00:00.000Z',
  'text of twelve',
  'ZZ/ACME',
];

/** What a gateway takes depends on which: by itself no value of this optional field is valid. */
const depends_on_another: ReadonlySet<string> = new Set(['method_kind']);

/** A valid value with every other field, optional ones included. Of a union the first branch that is not null. */
export function valid(schema: Schema): Value {
  if (schema.const !== undefined) return schema.const as Value;
  if (schema.enum !== undefined) return schema.enum[0] as Value;
  if (schema.anyOf !== undefined) return valid(branch(schema));
  switch (schema.type) {
    case 'object':
      return Object.fromEntries([
        ...Object.entries(schema.properties ?? {})
          .filter(([name]) => !depends_on_another.has(name))
          .map(([name, inner]) => [name, valid(inner)] as const),
        ...Object.values(schema.patternProperties ?? {}).map(inner => ['anything', valid(inner)] as const),
      ]);
    case 'array':
      return Array.isArray(schema.items)
        ? schema.items.map(valid)
        : Array.from({ length: Math.max(1, schema.minItems ?? 0) }, () => valid(schema.items as Schema));
    case 'string':
      return text_for(schema);
    case 'integer':
    case 'number':
      return Math.max(schema.minimum ?? 1, Math.min(1, schema.maximum ?? 1));
    case 'boolean':
      return true;
    default:
      return null;
  }
}

function branch(schema: Schema): Schema {
  return schema.anyOf?.find(one => one.type !== 'null') ?? schema;
}

function text_for({ pattern = '', minLength = 0, maxLength = Number.POSITIVE_INFINITY }: Schema): string {
  const found = texts.find(text => text.length >= minLength && text.length <= maxLength && new RegExp(pattern).test(text));
  if (found === undefined) throw new Error(`no text for ${pattern}, ${minLength} to ${maxLength} characters`);
  return found;
}

/** All fields of a body, however deep: the objects and lists, too. */
export function fields(schema: Schema): Field[] {
  const whole = valid(schema);
  return walk(schema, []).map(({ path, given, schema: inner }) => ({
    pointer: path.map(step => `/${step}`).join(''),
    schema: inner,
    takes: value => validator(given as TSchema).accepts(value),
    with: value => replaced(whole, path, value),
  }));
}

function walk(given: Schema, path: Path): { path: Path; given: Schema; schema: Schema }[] {
  const schema = given.anyOf === undefined ? given : branch(given);
  const below = (name: string | number, inner: Schema) => walk(inner, [...path, name]);
  const here = { path, given, schema };
  if (schema.type === 'object') {
    return [
      here,
      ...Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => below(name, inner)),
      ...Object.values(schema.patternProperties ?? {}).flatMap(inner => below('anything', inner)),
    ];
  }
  if (schema.type === 'array') {
    const items = Array.isArray(schema.items) ? schema.items : [schema.items as Schema];
    return [here, ...items.flatMap((inner, index) => below(index, inner))];
  }
  return [here];
}

function replaced(value: Value, [step, ...rest]: Path, by: Value): Value {
  if (step === undefined) return by;
  if (Array.isArray(value)) return value.map((item, index) => (index === step ? replaced(item, rest, by) : item));
  if (typeof value !== 'object' || value === null) throw new Error(`nothing is below ${JSON.stringify(value)}`);
  // The path was walked over this very value: `step` is one of its fields.
  return { ...value, [step]: replaced((value as Record<string, Value>)[step] ?? null, rest, by) };
}

/** The address of a route with something in the place of each parameter. */
export function address_of(route: Route, parameter = 'x'): Address {
  return `${route.method} ${route.path.replace(/:[a-z_]+/g, () => parameter)}` as Address;
}
