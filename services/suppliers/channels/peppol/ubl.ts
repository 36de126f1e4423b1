/** What every Peppol BIS 3 document has in common: names, who wrote it to whom, dates, items; and a refusal of what cannot be used. */
import { child, text_at, type XmlElement } from '../../../../platform/xml/parse.ts';
import type { Namespaces } from '../../../../platform/xml/write.ts';
import { units_in } from '../amounts.ts';
import type { NamedItem } from '../trade.ts';

const ubl = 'urn:oasis:names:specification:ubl:schema:xsd';
export const namespace_of = (document: string) => `${ubl}:${document}-2`;
export const namespaces_of = (document: string): Namespaces => ({
  '': namespace_of(document),
  cac: `${ubl}:CommonAggregateComponents-2`,
  cbc: `${ubl}:CommonBasicComponents-2`,
});
export const ordering_profile = 'urn:fdc:peppol.eu:poacc:bis:ordering:3';
export const transaction_of = (name: string) => `urn:fdc:peppol.eu:poacc:trns:${name}:3`;

/** UN/ECE Recommendation 20. One: what we order in. */
export const one = 'C62';
/** What partners write for the same: each, number of articles, piece. */
const units_of_one = new Set([one, 'EA', 'NAR', 'H87']);

export const id_length_max = 100;
export const lines_max = 1_000;

/** Thrown by readers and caught by `read_document`, nowhere else: a document has dozens of places where it can be wrong. */
export class Unusable extends Error {}

/** The text at the end of the path, no longer than ids are. */
export function required(element: XmlElement | undefined, ...path: readonly string[]): string {
  const text = text_at(element, ...path);
  if (text === undefined) throw new Unusable(`there is no ${path.join('/')}`);
  if (text.length > id_length_max) throw new Unusable(`${path.join('/')} is longer than ${id_length_max} characters`);
  return text;
}

/** Whole units of one piece. `undefined`: nothing is said. A quantity of another unit is a text for people: nobody here knows what is in a box. */
export function quantity_in(line: XmlElement | undefined, name: string): number | string | undefined {
  const told = text_at(line, name);
  if (told === undefined) return undefined;
  const unit = child(line, name)?.attributes['unitCode'] ?? one;
  if (!units_of_one.has(unit)) return `${told.slice(0, 20)} ${unit.slice(0, 10)}`;
  const units = units_in(told);
  if (units === undefined) throw new Unusable(`${name} ${told.slice(0, 20)}: no whole units`);
  return units;
}

const date_pattern = /^(\d{4}-\d{2}-\d{2})(Z|[+-]\d{2}:\d{2})?$/;
const time_pattern = /^(\d{2}:\d{2}:\d{2})(?:\.\d{1,9})?(Z|[+-]\d{2}:\d{2})?$/;

/** xs:date and xs:time; without a zone UTC, without a time midnight. Undefined for what is absent; what is no day cannot be used. */
export function instant_in(element: XmlElement | undefined, date_name: string, time_name: string): string | undefined {
  const date = text_at(element, date_name);
  if (date === undefined) return undefined;
  const [, day, day_zone] = date_pattern.exec(date) ?? [];
  const time = text_at(element, time_name);
  const [, clock = '00:00:00', zone = day_zone ?? 'Z'] = time === undefined ? [] : (time_pattern.exec(time) ?? []);
  const at = Date.parse(`${day}T${clock}.000${zone}`);
  if (!is_day(day) || Number.isNaN(at)) throw new Unusable(`${date_name} ${date.slice(0, 30)}: no day`);
  return new Date(at).toISOString();
}

/** The thirty-first of June is none, though Date.parse may say it is the first of July. */
function is_day(day: string | undefined): boolean {
  const parsed = Date.parse(`${day}T00:00:00.000Z`);
  return !Number.isNaN(parsed) && new Date(parsed).toISOString().slice(0, 10) === day;
}

/** `first` and `last` of a period of which either may be missing. */
export function period_in(period: XmlElement | undefined): { readonly first?: string; readonly last?: string } {
  const start = instant_in(period, 'StartDate', 'StartTime');
  const end = instant_in(period, 'EndDate', 'EndTime');
  if (start !== undefined && end !== undefined && end < start) throw new Unusable('a period ends before it begins');
  const [first, last] = [start ?? end, end ?? start];
  return { ...(first !== undefined && { first }), ...(last !== undefined && { last }) };
}

/** The line of ours that is meant: by the number it has in our order, and by the codes of its item. */
export function item_in(reference: XmlElement | undefined, item: XmlElement | undefined): NamedItem {
  const line = text_at(reference, 'LineID') ?? '';
  const codes = ['SellersItemIdentification', 'BuyersItemIdentification', 'StandardItemIdentification']
    .flatMap(name => text_at(item, name, 'ID') ?? [])
    .filter(code => code.length <= id_length_max);
  return { ...(/^\d{1,7}$/.test(line) && { line_no: Number(line) }), codes };
}
