/** How ClickHouse spells what metrics ask. */
import type { Dialect } from '../dialect.ts';

const as_instant = (value: string) => `toDateTime64(${value}, 3, 'UTC')`;
const text = (value: string) => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

const epoch_ms = (instant: string) => `toUnixTimestamp64Milli(${as_instant(instant)})`;

export const clickhouse_dialect: Dialect = {
  instant: at => as_instant(text(at.slice(0, -1).replace('T', ' '))),
  text,
  epoch_ms,
  elapsed_ms: (from, until) => `${epoch_ms(until)} - ${epoch_ms(from)}`,
  begin_of: (grain, instant) => as_instant(`date_trunc('${grain}', ${instant})`),
  begins_between: (grain, from, until) => {
    const first = as_instant(`date_trunc('${grain}', ${from})`);
    const begins = `arrayJoin(arrayMap(step -> date_add(${grain}, step, ${first}), range(0, toUInt64(date_diff('${grain}', ${first}, ${until}) + 1))))`;
    return `(select t from (select ${begins} as t) series where t <= ${until})`;
  },
  // Its own quantiles interpolate, or take another rank.
  quantile: (value, share) =>
    `if(count(${value}) = 0, null, arrayElement(arraySort(groupArray(${value})), toUInt64(greatest(1, ceil(${share} * count(${value}))))))`,
  different: (value, condition) => `count(distinct ${value}) filter (where ${condition})`,
  kept: '',
  arg_min: (value, least) => `argMin(${value}, ${least})`,
  arg_max: (value, greatest) => `argMax(${value}, ${greatest})`,
  integer_quotient: (part, whole) => `intDiv(${part}, ${whole})`,
  row_hash: columns => `cityHash64(toJSONString(tuple(${columns.join(', ')})))`,
  exact_sum: value => `toString(sum(toUInt128(${value})))`,
};
