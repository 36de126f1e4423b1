/** When backordered units are expected, as suppliers see it: a promise, not a claim (domain.md 7.5). */
import { later } from '../../../platform/service.ts';
import type { NotePeg } from '../commands.ts';
import { noted_of_order } from './about.ts';
import { news, say } from './draft.ts';
import { handling_ms, transit_default_ms } from './waits.ts';

export const note_peg = noted_of_order<NotePeg>(
  () => false,
  (draft, { fact }) => {
    const { status } = draft.order.axes;
    if (status !== 'confirmed' && status !== 'in_fulfillment') return;
    const expected = expected_by_line(fact.data.pegs);
    const lines = draft.order.lines
      .filter(line => line.backordered > 0)
      .map(line => ({ line_no: line.line_no, old_at: line.promise_at, new_at: promise_of(expected.get(line.line_no)) }))
      .filter(({ old_at, new_at }) => old_at !== new_at);
    if (lines.length > 0) say(draft, { type: 'order.promise_changed', data: { ...news(draft), lines, cause: 'backorder.pegged' } });
  },
);

/** The last of a line's units; null: some of them have no date. */
function expected_by_line(pegs: NotePeg['fact']['data']['pegs']): ReadonlyMap<number, string | null> {
  const expected = new Map<number, string | null>();
  for (const { line_no, expected_at = null } of pegs) {
    const known = expected.get(line_no);
    const undated = expected_at === null || known === null;
    expected.set(line_no, undated ? null : known === undefined || expected_at > known ? expected_at : known);
  }
  return expected;
}

function promise_of(expected_at: string | null | undefined): string | null {
  return expected_at === null || expected_at === undefined ? null : later(expected_at, handling_ms + transit_default_ms);
}
