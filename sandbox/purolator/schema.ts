/**
 * The schema of purolator.wsdl, as a strict server reads requests: each element in its place of the sequence, none missing, none unknown, numbers that are
 * numbers. One file says what is served at `?wsdl` and what is checked.
 */
import { readFileSync } from 'node:fs';
import { DOMParser } from '@xmldom/xmldom';
import { elements } from '../soap.ts';

export type Version = 'v1' | 'v2';
export const data_namespace = (version: Version) => `http://purolator.com/pws/datatypes/${version}`;
export const wsdl_v2 = readFileSync(new URL('./purolator.wsdl', import.meta.url), 'utf8');

export interface Violation {
  readonly key: string;
  readonly message: string;
  readonly tag: string;
}
interface Part {
  readonly name: string;
  readonly type: string;
  readonly is_required: boolean;
  readonly is_repeated: boolean;
  readonly is_nillable: boolean;
}

const xs = 'http://www.w3.org/2001/XMLSchema';
const instance = 'http://www.w3.org/2001/XMLSchema-instance';
const sequences = new Map<string, readonly Part[]>();
const enumerations = new Map<string, readonly string[]>();
const roots = new Map<string, string>();
read_schema();

function read_schema(): void {
  const document = new DOMParser().parseFromString(wsdl_v2, 'text/xml');
  const named = (tag: string) => Array.from(document.getElementsByTagNameNS(xs, tag));
  const name_of = (element: Element) => element.getAttribute('name') ?? '';
  const type_of = (element: Element) => (element.getAttribute('type') ?? '').replace(/^.*:/, '');
  for (const type of named('complexType')) {
    const parts = elements(type, 'sequence').flatMap(sequence =>
      elements(sequence, 'element').map(part => ({
        name: name_of(part),
        type: type_of(part),
        is_required: part.getAttribute('minOccurs') !== '0',
        is_repeated: part.getAttribute('maxOccurs') === 'unbounded',
        is_nillable: part.getAttribute('nillable') === 'true',
      })),
    );
    sequences.set(name_of(type), parts);
  }
  for (const type of named('simpleType')) {
    const values = Array.from(type.getElementsByTagNameNS(xs, 'enumeration')).map(value => value.getAttribute('value') ?? '');
    enumerations.set(name_of(type), values);
  }
  for (const element of named('element')) if (element.parentNode?.nodeName === 'xs:schema') roots.set(name_of(element), type_of(element));
}

/** Empty: the element is what the schema says. */
export function violations_of(element: Element, version: Version): readonly Violation[] {
  const type = roots.get(element.localName ?? '');
  if (type === undefined) return [violation(element, 'is not expected')];
  return check(element, type, data_namespace(version));
}

function violation(element: Element, message: string): Violation {
  const tag = element.localName ?? '';
  return { key: tag, message: `${tag} ${message}`, tag };
}

function check(element: Element, type: string, namespace: string): Violation[] {
  if (element.namespaceURI !== namespace) return [violation(element, `is not in ${namespace}`)];
  const sequence = sequences.get(type);
  return sequence === undefined ? check_value(element, type) : check_sequence(element, sequence, namespace);
}

function check_sequence(element: Element, sequence: readonly Part[], namespace: string): Violation[] {
  const found: Violation[] = [];
  const given = elements(element);
  let place = 0;
  for (const part of sequence) {
    let count = 0;
    for (let next = given[place]; next?.localName === part.name && (count === 0 || part.is_repeated); next = given[place]) {
      count += 1;
      place += 1;
      const is_nil = next.getAttributeNS(instance, 'nil') === 'true';
      if (!is_nil) found.push(...check(next, part.type, namespace));
      else if (!part.is_nillable) found.push(violation(next, 'must not be nil'));
    }
    if (count === 0 && part.is_required) found.push({ ...violation(element, `misses ${part.name}`), tag: part.name });
  }
  const [surplus] = given.slice(place);
  if (surplus !== undefined) found.push(violation(surplus, 'is not expected here'));
  return found;
}

const patterns: Readonly<Record<string, RegExp>> = { int: /^[+-]?\d{1,10}$/, decimal: /^[+-]?\d+(\.\d+)?$/, boolean: /^(true|false|0|1)$/ };
function check_value(element: Element, type: string): Violation[] {
  const text = element.textContent?.trim() ?? '';
  if (elements(element).length > 0) return [violation(element, 'has elements')];
  if (patterns[type] !== undefined && !patterns[type].test(text)) return [violation(element, `is no ${type}`)];
  const values = enumerations.get(type);
  return values === undefined || values.includes(text) ? [] : [violation(element, `is none of ${values.join(', ')}`)];
}

/** As it is served: with this server's address, in the version of the path. */
export function wsdl_of(version: Version, url: string): string {
  const served = wsdl_v2.replaceAll('https://devwebservices.purolator.com', url);
  return version === 'v2' ? served : served.replace(/(datatypes|service)\/v2/g, '$1/v1').replaceAll('/EWS/V2/', '/EWS/V1/');
}
