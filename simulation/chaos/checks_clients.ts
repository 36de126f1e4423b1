/** What clients were told, against what is (reliability.md 1: S6, O2 to O5). Nothing here believes a table about what was promised. */
import type { Evidence, OrderRow } from './evidence.ts';
import type { Call, Line, Told } from './history.ts';

export interface Verdict {
  readonly promise: string;
  readonly says: string;
  /** How many cases there were: of none, nothing is proven. */
  readonly checked: number;
  readonly broken: readonly string[];
}
export interface Check {
  readonly promise: string;
  readonly says: string;
  run(evidence: Evidence): { readonly checked: number; readonly broken: readonly string[] };
}

const is_placing = ({ deed }: Call) => deed === 'place' || deed === 'place_again';
const tolds = (calls: readonly Call[]): Told[] => calls.flatMap(({ outcome }) => (outcome.is === 'ok' ? [outcome.told] : []));
const text_of = (lines: readonly (Line & { total?: number })[]) =>
  lines.map(({ sku, quantity, total }) => `${quantity} ${sku} ${total ?? ''}`).join(', ');
const facts_of = ({
  number,
  currency,
  total,
  lines,
}: Pick<Told, 'number' | 'currency' | 'total'> & { lines: readonly (Line & { total: number })[] }) =>
  `no ${number}, ${total} ${currency}: ${text_of(lines)}`;

function placing_by_basket({ calls }: Evidence): [string, Call[]][] {
  return [...Map.groupBy(calls.filter(is_placing), call => call.basket)];
}
function rows_by_basket({ tables }: Evidence): Map<string | null, OrderRow[]> {
  return Map.groupBy(tables.orders, order => order.basket);
}

/** Units in orders that any reply called confirmed, less units that any reply of the same order called cancelled. */
const promised_units: Check = {
  promise: 'S6',
  says: 'units promised by replies <= units ever in stock + backorder limits',
  run({ calls, shelf }) {
    const promised = new Map<string, number>();
    const by_order = [...Map.groupBy(tolds(calls), told => told.id).values()].filter(replies =>
      replies.some(told => told.confirmed_at !== null),
    );
    for (const replies of by_order) {
      for (const [place, { sku, quantity }] of (replies[0]?.lines ?? []).entries()) {
        const cancelled = Math.max(...replies.map(told => told.lines[place]?.quantity_cancelled ?? 0));
        promised.set(sku, (promised.get(sku) ?? 0) + quantity - cancelled);
      }
    }
    const broken = [...promised].flatMap(([sku, units]) => {
      const { units: ever = 0, backorder_limit = 0 } = shelf.get(sku) ?? {};
      return units > ever + backorder_limit ? [`${sku}: ${units} promised, ${ever} were ever there, ${backorder_limit} may wait`] : [];
    });
    return { checked: by_order.length, broken };
  },
};

const exist_as_told: Check = {
  promise: 'O2',
  says: 'every 201 exists for ever as replied',
  run({ calls, tables }) {
    const rows = new Map(tables.orders.map(row => [row.id, row]));
    const reads = Map.groupBy(
      calls.filter(({ deed }) => deed === 'read'),
      call => call.order_id,
    );
    const told = [...new Map(tolds(calls.filter(is_placing)).map(one => [one.id, one])).values()];
    const broken = told.flatMap(one => {
      const row = rows.get(one.id);
      const later = (reads.get(one.id) ?? []).flatMap(({ outcome }) => {
        if (outcome.is === 'fail') return [`${one.id} was told, and reading it says ${outcome.status} ${outcome.code}`];
        return outcome.is === 'ok' && facts_of(outcome.told) !== facts_of(one)
          ? [`${one.id} was told as ${facts_of(one)}, and later as ${facts_of(outcome.told)}`]
          : [];
      });
      if (row === undefined) return [`${one.id} was told and is not there`, ...later];
      return facts_of(row) === facts_of(one) ? later : [`${one.id} was told as ${facts_of(one)} and is ${facts_of(row)}`, ...later];
    });
    return { checked: told.length, broken };
  },
};

const refused_is_nothing: Check = {
  promise: 'O3',
  says: '4xx: no order; no hold and no charge without an order',
  run(evidence) {
    const { tables, stripe } = evidence;
    const rows = rows_by_basket(evidence);
    const refused = placing_by_basket(evidence).filter(([, calls]) =>
      calls.some(({ deed, outcome }) => deed === 'place' && outcome.is === 'fail'),
    );
    const known = new Set(tables.orders.map(order => order.id));
    return {
      checked: refused.length,
      broken: [
        ...refused.flatMap(([basket]) => (rows.get(basket) ?? []).map(({ id }) => `${basket} was refused, and there is ${id}`)),
        ...tables.reserved.filter(id => !known.has(id)).map(id => `stock is kept for ${id}, which is no order`),
        ...stripe
          .filter(({ reference }) => !known.has(reference ?? ''))
          .map(({ kind, amount, reference }) => `Stripe has ${amount} ${kind} for ${reference}, which is no order`),
      ],
    };
  },
};

/** Who was not answered asks again under his key until he is; by then there is one whole order, the one he was told of, or none and a refusal. */
const unknown_is_settled: Check = {
  promise: 'O4',
  says: 'time-out, 5xx: zero or one complete order, settled by the same key',
  run(evidence) {
    const rows = rows_by_basket(evidence);
    const placing = placing_by_basket(evidence);
    const asked = new Set<string | null>(placing.map(([basket]) => basket));
    const unsure = placing.filter(([, calls]) => calls.some(({ outcome }) => outcome.is === 'info'));
    const broken = placing.flatMap(([basket, calls]) => {
      const orders = rows.get(basket) ?? [];
      const told = [...new Set(tolds(calls).map(({ id }) => id))];
      const is_settled = calls.some(({ outcome }) => outcome.is !== 'info');
      return [
        ...(is_settled ? [] : [`${basket} was asked ${calls.length} times and never answered`]),
        ...(orders.length > 1 ? [`${basket} has ${orders.length} orders: ${orders.map(({ id }) => id).join(', ')}`] : []),
        ...(told.length > 1 ? [`${basket} was told of ${told.join(', ')}`] : []),
        ...(told.length === 1 && orders.some(({ id }) => id !== told[0]) ? [`${basket} was told of ${told[0]} and is another order`] : []),
        ...orders.flatMap(order => what_is_missing(order, calls[0]?.lines ?? [])),
      ];
    });
    const invented = evidence.tables.orders.filter(({ basket }) => !asked.has(basket)).map(({ id }) => `nobody asked for ${id}`);
    return { checked: unsure.length, broken: [...broken, ...invented] };
  },
};

function what_is_missing({ id, lines, has_contact, placed }: OrderRow, asked: readonly Line[]): string[] {
  const bare = lines.map(({ sku, quantity }) => ({ sku, quantity }));
  return [
    ...(text_of(bare) === text_of(asked) ? [] : [`${id} is ${text_of(bare)}, asked for was ${text_of(asked)}`]),
    ...(has_contact ? [] : [`${id} has no contact`]),
    ...(placed === 1 ? [] : [`${id} is placed ${placed} times in the log`]),
  ];
}

const one_key_one_answer: Check = {
  promise: 'O5',
  says: 'one key, one reply, byte for byte; with another body it is refused',
  run({ calls }) {
    const again = calls.filter(({ deed }) => deed === 'place_again');
    const another = calls.filter(({ deed, outcome }) => deed === 'place_another' && outcome.is !== 'info');
    const texts = [...Map.groupBy(calls.filter(is_placing), call => call.basket)].map(
      ([basket, list]) => [basket, new Set(list.flatMap(({ outcome }) => (outcome.is === 'ok' ? [outcome.text] : [])))] as const,
    );
    return {
      checked: again.length + another.length,
      broken: [
        ...texts.filter(([, seen]) => seen.size > 1).map(([basket, seen]) => `${basket} was answered in ${seen.size} ways`),
        ...again.flatMap(({ basket, outcome }) =>
          outcome.is === 'fail' ? [`${basket} was answered, and later refused: ${outcome.code}`] : [],
        ),
        ...another.flatMap(({ basket, outcome }) =>
          outcome.is === 'fail' && outcome.code === 'idempotency_key_reused'
            ? []
            : [`another order under the key of ${basket} was not refused`],
        ),
      ],
    };
  },
};

export const client_checks: readonly Check[] = [promised_units, exist_as_told, refused_is_nothing, unknown_is_settled, one_key_one_answer];
