/**
 * X12 interchanges as partners send them (ANSI X12.5, X12.6; release 004010). The delimiters are those of each interchange's own ISA. Nothing here
 * throws: what is wrong stands beside what could be read, so that the refusal (997) can name it. What a set says is documents.ts.
 */

export const transmission_bytes_max = 1024 * 1024;
export const interchanges_max = 100;
export const segments_max = 50_000;
export const elements_max = 150;

/** ISA is the one segment of fixed width: its delimiters are found by their places. */
export const isa_length = 106;
const isa_separators = [3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103];

export interface Segment {
  readonly id: string;
  /** Without the id: element 1 of the standard is at place 0. `element` reads them by the standard's numbers. */
  readonly elements: readonly string[];
}
export interface Fault {
  /** Of a set or group: its code in AK5 or AK9 (X12 elements 718, 716). */
  readonly code: string;
  readonly detail: string;
}
export interface TransactionSet {
  /** ST01: 850, 855 … */
  readonly code: string;
  readonly control: string;
  /** Between ST and SE. */
  readonly segments: readonly Segment[];
  readonly fault?: Fault;
}
export interface Group {
  /** GS01: PO, PR … */
  readonly functional: string;
  readonly control: string;
  /** GS04 and GS05 as they stand. */
  readonly date: string;
  readonly time: string;
  readonly sets: readonly TransactionSet[];
  /** Sets that GE counts; what was found when there is no GE. */
  readonly told: number;
  readonly fault?: Fault;
}
export interface Party {
  readonly qualifier: string;
  readonly id: string;
}
export interface Interchange {
  readonly sender: Party;
  readonly receiver: Party;
  readonly control: string;
  readonly groups: readonly Group[];
  /** Of its whole text. Set when anything in it does not add up: then nothing of it counts. */
  readonly fault?: Fault;
  readonly text: string;
}
export interface Transmission {
  readonly interchanges: readonly Interchange[];
  /** What stood where an interchange should have begun. */
  readonly fault?: Fault;
}

/** The text of an element by its number in the standard; empty when it is absent. */
export function element({ elements }: Segment, number: number): string {
  return elements[number - 1]?.trimEnd() ?? '';
}

export function read_transmission(bytes: Uint8Array): Transmission {
  if (bytes.length > transmission_bytes_max) return unreadable('too_large', `more than ${transmission_bytes_max} bytes`);
  const text = decode(bytes);
  const interchanges: Interchange[] = [];
  let place = skip_space(text, 0);
  while (place < text.length) {
    if (interchanges.length >= interchanges_max)
      return { ...unreadable('too_many', `more than ${interchanges_max} interchanges`), interchanges };
    const delimiters = delimiters_at(text, place);
    if (typeof delimiters === 'string') return { ...unreadable('no_interchange', delimiters), interchanges };
    const { interchange, end } = read_interchange(text, place, delimiters);
    interchanges.push(interchange);
    place = skip_space(text, end);
  }
  return interchanges.length === 0 ? unreadable('no_interchange', 'there is nothing in it') : { interchanges };
}

function unreadable(code: string, detail: string): Transmission & { readonly fault: Fault } {
  return { interchanges: [], fault: { code, detail } };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const latin1 = new TextDecoder('latin1');
/** The standard leaves the bytes of its extended character set to the partners: UTF-8 if it is, else Latin-1. A BOM is dropped by both readings. */
function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return latin1.decode(bytes).replace(/^ï»¿/, '');
  }
}

function skip_space(text: string, from: number): number {
  let place = from;
  while (' \t\r\n\u001a'.includes(text[place] ?? 'x')) place += 1;
  return place;
}

interface Delimiters {
  readonly element: string;
  readonly component: string;
  readonly segment: string;
}

/** Or what is wrong with the ISA. */
function delimiters_at(text: string, place: number): Delimiters | string {
  if (!text.startsWith('ISA', place)) return `character ${place + 1} should begin an ISA`;
  if (text.length < place + isa_length) return 'the text ends within the ISA';
  const at = (offset: number) => text.charAt(place + offset);
  const [element, component, segment] = [at(3), at(104), at(105)];
  if (isa_separators.some(offset => at(offset) !== element)) return 'the ISA has not the width of the standard';
  const all = [element, component, segment];
  if (new Set(all).size < all.length || all.some(one => /[A-Za-z0-9 ]/.test(one))) return 'the ISA names delimiters that are none';
  return { element, component, segment };
}

function read_interchange(text: string, start: number, delimiters: Delimiters): { interchange: Interchange; end: number } {
  const segments: Segment[] = [];
  let fault: Fault | undefined;
  let place = start;
  while (fault === undefined && segments.at(-1)?.id !== 'IEA') {
    const end = text.indexOf(delimiters.segment, place);
    const told = text.slice(place, end < 0 ? text.length : end);
    if (end < 0) fault = { code: 'truncated', detail: 'it ends without an IEA' };
    else if (segments.length >= segments_max) fault = { code: 'too_many', detail: `more than ${segments_max} segments` };
    else fault = add_segment(segments, told, delimiters);
    if (fault === undefined) place = after_terminator(text, end);
  }
  // Where the next one begins is not known any more: the rest belongs to this one.
  const end = fault === undefined ? place : text.length;
  const [isa] = segments;
  const read = isa === undefined ? nothing_read : assemble(segments, isa);
  const whole = fault ?? read.fault;
  return { interchange: { ...read, text: text.slice(start, end), ...(whole && { fault: whole }) }, end };
}

const nobody: Party = { qualifier: '', id: '' };
const nothing_read: Omit<Interchange, 'text'> = { sender: nobody, receiver: nobody, control: '', groups: [] };

/** Files of some partners have one segment a line: line ends behind the terminator belong to nothing. */
function after_terminator(text: string, end: number): number {
  let place = end + 1;
  while (text[place] === '\r' || text[place] === '\n') place += 1;
  return place;
}

function add_segment(segments: Segment[], told: string, delimiters: Delimiters): Fault | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  const control = /[\u0000-\u001f\u007f-\u009f]/.exec(told.replaceAll(delimiters.element, '').replaceAll(delimiters.component, ''));
  const number = segments.length + 1;
  if (control !== null) return { code: 'control_character', detail: `segment ${number} has the character ${control[0].charCodeAt(0)}` };
  const [id = '', ...elements] = told.split(delimiters.element);
  if (!/^[A-Z][A-Z0-9]{1,2}$/.test(id)) return { code: 'structure', detail: `segment ${number} has no name` };
  if (elements.length > elements_max) return { code: 'too_many', detail: `segment ${number} has more than ${elements_max} elements` };
  if (id === 'ISA' && segments.length > 0) return { code: 'truncated', detail: `segment ${number} is another ISA` };
  segments.push({ id, elements });
  return undefined;
}

function assemble(segments: readonly Segment[], isa: Segment): Omit<Interchange, 'text'> {
  const groups: Group[] = [];
  let fault: Fault | undefined;
  const wrong = (code: string, detail: string) => {
    fault ??= { code, detail };
  };
  let place = 1;
  while (place < segments.length) {
    const segment = segments[place];
    if (segment?.id === 'GS') {
      const { group, next } = read_group(segments, place, segment);
      groups.push(group);
      if (group.fault !== undefined) wrong('group', `group ${group.control}: ${group.fault.detail}`);
      for (const set of group.sets)
        if (set.fault !== undefined) wrong('set', `set ${set.control} of group ${group.control}: ${set.fault.detail}`);
      place = next;
      continue;
    }
    if (segment?.id === 'IEA') {
      if (count_in(segment, 1) !== groups.length) wrong('count', `IEA counts ${element(segment, 1)} groups, ${groups.length} are there`);
      if (element(segment, 2) !== element(isa, 13)) wrong('control_number', 'IEA and ISA have different control numbers');
    } else if (segment?.id !== 'TA1') wrong('structure', `${segment?.id} stands outside of a group`);
    place += 1;
  }
  if (groups.length === 0 && !segments.some(segment => segment.id === 'TA1')) wrong('structure', 'there is no group in it');
  if (new Set(groups.map(group => `${group.functional} ${group.control}`)).size < groups.length)
    wrong('control_number', 'a group number stands twice');
  if (!/^\d{9}$/.test(element(isa, 13))) wrong('control_number', 'ISA13 is no number of nine digits');
  const party = (at: number): Party => ({ qualifier: element(isa, at), id: element(isa, at + 1).trim() });
  return { sender: party(5), receiver: party(7), control: element(isa, 13), groups, ...(fault && { fault }) };
}

function read_group(segments: readonly Segment[], start: number, gs: Segment): { group: Group; next: number } {
  const sets: TransactionSet[] = [];
  const control = element(gs, 6);
  let fault: Fault | undefined;
  let place = start + 1;
  const done = (told: number, next: number) => ({
    group: { functional: element(gs, 1), control, date: element(gs, 4), time: element(gs, 5), sets, told, ...(fault && { fault }) },
    next,
  });
  if (!/^\d{1,9}$/.test(control)) fault = { code: '6', detail: 'GS06 is no number of up to nine digits' };
  for (;;) {
    const segment = segments[place];
    if (segment?.id === 'ST') {
      const { set, next } = read_set(segments, place, segment);
      const again = sets.some(one => one.control === set.control);
      sets.push(again ? { ...set, fault: { code: '23', detail: 'its control number stands twice' } } : set);
      place = next;
      continue;
    }
    if (segment?.id !== 'GE') {
      fault ??= { code: '3', detail: segment === undefined ? 'it ends without a GE' : `${segment.id} stands where an ST or GE should` };
      // A stray segment is passed by, so that what follows is still named in the refusal.
      const stray = segment !== undefined && segment.id !== 'GS' && segment.id !== 'IEA';
      if (!stray) return done(sets.length, place);
      place += 1;
      continue;
    }
    if (count_in(segment, 1) !== sets.length)
      fault ??= { code: '5', detail: `GE counts ${element(segment, 1)} sets, ${sets.length} are there` };
    if (element(segment, 2) !== control) fault ??= { code: '4', detail: 'GE and GS have different control numbers' };
    return done(count_in(segment, 1), place + 1);
  }
}

const envelope = new Set(['ST', 'GE', 'GS', 'IEA']);

function read_set(segments: readonly Segment[], start: number, st: Segment): { set: TransactionSet; next: number } {
  const head = { code: element(st, 1), control: element(st, 2) };
  let end = start + 1;
  while (end < segments.length && segments[end]?.id !== 'SE' && !envelope.has(segments[end]?.id ?? '')) end += 1;
  const inside = segments.slice(start + 1, end);
  const se = segments[end];
  if (se?.id !== 'SE') return { set: { ...head, segments: inside, fault: { code: '2', detail: 'it ends without an SE' } }, next: end };
  return { set: { ...head, segments: inside, ...fault_of_set(head.control, inside.length + 2, se) }, next: end + 1 };
}

function fault_of_set(control: string, count: number, se: Segment): { fault?: Fault } {
  if (!/^[A-Za-z0-9]{4,9}$/.test(control)) return { fault: { code: '7', detail: 'ST02 is no control number' } };
  if (element(se, 2) !== control) return { fault: { code: '3', detail: 'SE and ST have different control numbers' } };
  return count_in(se, 1) === count ? {} : { fault: { code: '4', detail: `SE counts ${element(se, 1)} segments, ${count} are there` } };
}

/** -1 for what is no count. */
function count_in(segment: Segment, number: number): number {
  const text = element(segment, number);
  return /^\d{1,10}$/.test(text) ? Number(text) : -1;
}
