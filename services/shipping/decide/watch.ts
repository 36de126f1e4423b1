/**
 * Once a day each seller is asked what it sold us lately, and both lists are compared: a label there that we do not know, one of ours that is not there, another
 * price. What is found waits for a person, one exception per kind of finding, and is resolved when the next list shows that it has gone.
 */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { later } from '../../../platform/service.ts';
import { type ListedLabel, ListedLabelSchema } from '../carriers/port.ts';
import type { RecordListedLabels, WatchDue } from '../commands.ts';
import { exception_ms, type RecentLabel, type ShippingSettings, type Watch, watch_every_ms, watched_ms } from '../model.ts';
import type { ShippingDecision, ShippingHandler } from './draft.ts';

export const watch_timer = 'watch';
export const watch_ref = (id: string) => ({ kind: 'watch', id }) as const;
/** Who, and since when. */
export const recent_id = (provider: string, since: string) => `${provider} ${since}`;
const recent_ref = (provider: string, since: string) => ({ kind: 'recent_labels', id: recent_id(provider, since) }) as const;

/** Labels of the last hour may still be on their way into either list. */
const settled_after_ms = 3_600_000;
const named_max = 20;
const answer_in = Compile(Type.Object({ labels: Type.Array(ListedLabelSchema), is_complete: Type.Boolean() }));

/** By `due_at`, not by the clock: a timer that fires again asks for the same days. */
export function watch_due(settings: ShippingSettings): ShippingHandler<WatchDue> {
  return {
    touches: ({ provider, due_at }) => [recent_ref(provider, later(due_at, -watched_ms))],
    decide({ provider, due_at }, view, given) {
      const again = { kind: watch_timer, id: provider, due_at: later(given.at, watch_every_ms) };
      // One that is not asked for rates has nothing new; one that cannot list is not asked.
      if (settings.carriers[provider]?.lists_labels !== true || !settings.sellers.includes(provider)) return { facts: [], timers: [again] };
      const since = later(due_at, -watched_ms);
      const until = later(due_at, -settled_after_ms);
      const parcels = view('recent_labels', recent_id(provider, since))
        .filter(label => is_settled(label, since, until))
        .map(({ parcel_id, tracking_number, bought_at }) => ({ parcel_id, tracking_number, bought_at }));
      const op_id = given.id('op');
      const operation = { op_id, kind: 'list_labels', provider, subject: provider, key: provider, request: { since, until, parcels } };
      return { facts: [], timers: [again], operations: [operation] };
    },
  };
}

export function record_listed_labels(): ShippingHandler<RecordListedLabels> {
  return {
    touches: ({ provider, since }) => [recent_ref(provider, since), watch_ref(provider)],
    decide({ provider, since, until, outcome }, view, given) {
      // A list that did not come says nothing; the next day asks again.
      if (outcome.outcome !== 'ok' || !answer_in.Check(outcome.value) || !outcome.value.is_complete) return { facts: [] };
      const ours = view('recent_labels', recent_id(provider, since));
      const found = compare(ours, outcome.value.labels, { since, until });
      const watch = view('watch', provider);
      const facts: ShippingDecision['facts'][number][] = [];
      for (const [place, [reason, labels]] of Object.entries(found).entries()) {
        const open = watch.exceptions.find(each => each.reason === reason);
        if ((open !== undefined) === labels.length > 0) continue;
        const about = { key: provider, subject: watch_ref(provider) };
        if (open !== undefined) {
          facts.push({
            ...about,
            event: { type: 'exception.resolved', data: { ...open, subject: provider, note: 'Its cause has gone.' } },
          });
          continue;
        }
        const detail = `${labels.length}: ${labels.slice(0, named_max).join(', ')}`;
        const data = {
          exception_id: given.id('exc', place),
          subject: provider,
          reason,
          owner: 'operator',
          deadline: later(given.at, exception_ms),
          detail,
        };
        facts.push({ ...about, event: { type: 'exception.raised', data } });
      }
      return { facts };
    },
  };
}

interface Days {
  readonly since: string;
  readonly until: string;
}
function is_settled({ bought_at }: RecentLabel, since: string, until: string): boolean {
  return bought_at > since && bought_at < until;
}

/** `ours` may reach beyond the days asked for: what is listed at their edge is known then. */
export function compare(ours: readonly RecentLabel[], theirs: readonly ListedLabel[], { since, until }: Days) {
  const by_parcel = new Map(ours.map(label => [label.parcel_id, label]));
  const by_number = new Map(ours.map(label => [label.tracking_number, label]));
  const known = (label: ListedLabel) => by_number.get(label.tracking_number) ?? by_parcel.get(label.reference ?? '');
  const paid = theirs.filter(label => !label.is_given_back);
  const numbers = new Set(paid.map(label => label.tracking_number));
  const is_ours = (label: ListedLabel) => known(label)?.tracking_number === label.tracking_number;
  return {
    label_not_ours: paid.filter(label => !is_ours(label)).map(label => label.tracking_number || (label.reference ?? '')),
    label_not_listed: ours
      .filter(label => label.label_status === 'purchased' && is_settled(label, since, until) && !numbers.has(label.tracking_number ?? ''))
      .map(label => `${label.parcel_id} ${label.tracking_number}`),
    label_price_differs: paid.flatMap(label => {
      const mine = known(label);
      const is_other = mine !== undefined && is_ours(label) && label.cost !== null && label.cost !== mine.cost;
      return is_other ? [`${label.tracking_number}: ours ${mine.cost}, theirs ${label.cost}`] : [];
    }),
  };
}

export const no_watch: Watch = { exceptions: [] };
