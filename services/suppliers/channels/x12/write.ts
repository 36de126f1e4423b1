/** X12 interchanges as we send them: 004010, `*` between elements, `~` behind segments and a line end behind that, which every reader passes by. */
import { isa_length, type Party } from './read.ts';

export const delimiters = { element: '*', component: '>', segment: '~' } as const;
export const version = '004010';

export interface Envelope {
  readonly sender: Party;
  readonly receiver: Party;
  /** 1 to 999,999,999; ISA13 and GS06 alike, drawn from the partner's counter. */
  readonly control_number: number;
  /** RFC 3339 UTC. */
  readonly at: string;
  /** P: in earnest; T: a test. */
  readonly usage: 'P' | 'T';
}
export interface NewSet {
  readonly code: string;
  /** Without ST and SE. */
  readonly segments: readonly (readonly string[])[];
}

/** Whoever hands over what cannot stand in an element has not asked `is_writable` before: a bug of ours. */
export function write_interchange(envelope: Envelope, functional: string, sets: readonly NewSet[]): string {
  const { sender, receiver, control_number, at, usage } = envelope;
  const number = String(control_number);
  const { long_date, time } = date_and_time(at);
  const lines = sets.flatMap(({ code, segments }, place) => {
    const control = String(place + 1).padStart(4, '0');
    return [['ST', code, control], ...segments, ['SE', String(segments.length + 2), control]];
  });
  const inside = [
    ['GS', functional, sender.id, receiver.id, long_date, time, number, 'X', version],
    ...lines,
    ['GE', String(sets.length), number],
    ['IEA', '1', number.padStart(9, '0')],
  ];
  const isa = isa_of(sender, receiver, long_date.slice(2), time, number.padStart(9, '0'), usage);
  return [isa, ...inside.map(segment_of)].map(text => `${text}${delimiters.segment}\n`).join('');
}

function isa_of(sender: Party, receiver: Party, date: string, time: string, number: string, usage: string): string {
  const [from, to] = [sender, receiver].map(({ qualifier, id }) => [qualifier.padEnd(2), id.padEnd(15)] as const);
  const empty = ['00', ' '.repeat(10)];
  const elements = [...empty, ...empty, ...(from ?? []), ...(to ?? []), date, time, 'U', '00401', number, '0', usage, delimiters.component];
  const text = ['ISA', ...elements].join(delimiters.element);
  if (text.length + delimiters.segment.length !== isa_length) throw new Error(`an ISA of ${text.length + 1} characters`);
  return text;
}

function segment_of(elements: readonly string[]): string {
  const unwritable = elements.find(text => !is_writable(text));
  if (unwritable !== undefined) throw new Error(`an element of ${elements[0]} holds a delimiter or a control character`);
  // Elements at the end that say nothing are left out, as the standard asks.
  const last = elements.findLastIndex(text => text !== '');
  return elements.slice(0, last + 1).join(delimiters.element);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what may not be written.
const unwritable = /[*>~\u0000-\u001f\u007f-\u009f]/;

/** A code stands as it is or not at all: another one would name another thing. */
export function is_writable(text: string): boolean {
  return text.isWellFormed() && !unwritable.test(text);
}

/** Words for people: what cannot stand in an element becomes a space, and what is too long is cut. */
export function words(text: string | null | undefined, length_max: number): string {
  return Array.from(text ?? '', character => (is_writable(character) ? character : ' '))
    .join('')
    .slice(0, length_max)
    .trim();
}

/** `20260301` and `1000`, UTC. */
export function date_and_time(at: string): { readonly long_date: string; readonly time: string } {
  return { long_date: at.slice(0, 10).replaceAll('-', ''), time: at.slice(11, 16).replace(':', '') };
}
