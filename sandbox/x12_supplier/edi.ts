/** X12 as this supplier writes and reads it: `|` between elements, a line end behind each segment, and no more of the standard than it needs. */

export type Segments = readonly (readonly string[])[];

export interface Heard {
  readonly sender: readonly [qualifier: string, id: string];
  readonly receiver: readonly [qualifier: string, id: string];
  /** ISA13. */
  readonly control: string;
  readonly functional: string;
  readonly group: string;
  /** ST01 and ST02 with what stands between ST and SE. */
  readonly sets: readonly { readonly code: string; readonly control: string; readonly segments: Segments }[];
}

/** Undefined: it is no interchange, or its counts are wrong. */
export function hear(text: string): Heard | undefined {
  const start = text.indexOf('ISA');
  const between = text.charAt(start + 3);
  const end = text.charAt(start + 105);
  if (start < 0 || between === '' || end === '') return undefined;
  const segments = text
    .slice(start)
    .split(end)
    .map(segment => segment.trim())
    .filter(segment => segment !== '')
    .map(segment => segment.split(between));
  const named = (id: string) => segments.find(([first]) => first === id) ?? [];
  const [isa, gs, ge, iea] = [named('ISA'), named('GS'), named('GE'), named('IEA')];
  if (isa[13] === undefined || iea[2] !== isa[13] || ge[2] !== gs[6]) return undefined;
  const sets: { code: string; control: string; segments: string[][] }[] = [];
  for (const segment of segments) {
    const open = sets.at(-1);
    if (segment[0] === 'ST') sets.push({ code: segment[1] ?? '', control: segment[2] ?? '', segments: [] });
    else if (segment[0] === 'SE') {
      if (Number(segment[1]) !== (open?.segments.length ?? 0) + 2 || segment[2] !== open?.control) return undefined;
    } else if (open !== undefined && !['GE', 'IEA'].includes(segment[0] ?? '')) open.segments.push(segment);
  }
  if (Number(ge[1]) !== sets.length || sets.length === 0) return undefined;
  const party = (at: number) => [isa[at]?.trim() ?? '', isa[at + 1]?.trim() ?? ''] as const;
  return { sender: party(5), receiver: party(7), control: isa[13], functional: gs[1] ?? '', group: gs[6] ?? '', sets };
}

export interface Said {
  readonly from: readonly [string, string];
  readonly to: readonly [string, string];
  readonly number: number;
  readonly at_ms: number;
  readonly functional: string;
  readonly code: string;
  readonly segments: Segments;
}

export function say({ from, to, number, at_ms, functional, code, segments }: Said): string {
  const at = new Date(at_ms).toISOString();
  const [date, time] = [day(at_ms), at.slice(11, 16).replace(':', '')];
  const [isa13, st02] = [String(number).padStart(9, '0'), '0001'];
  const parties = [from, to].flatMap(([qualifier, id]) => [qualifier.padEnd(2), id.padEnd(15)]);
  const all: Segments = [
    ['ISA', '00', ' '.repeat(10), '00', ' '.repeat(10), ...parties, date.slice(2), time, 'U', '00401', isa13, '0', 'T', ':'],
    ['GS', functional, from[1], to[1], date, time, String(number), 'X', '004010'],
    ['ST', code, st02],
    ...segments,
    ['SE', String(segments.length + 2), st02],
    ['GE', '1', String(number)],
    ['IEA', '1', isa13],
  ];
  return all.map(segment => `${segment.join('|')}\n`).join('');
}

/** CCYYMMDD, UTC. */
export function day(at: number | string): string {
  return new Date(at).toISOString().slice(0, 10).replaceAll('-', '');
}
