/** What DuckDB answers, as JSON. */
import { type DuckDBResult, DuckDBTypeId, JsonDuckDBValueConverter } from '@duckdb/node-api';
import type { Json } from '../../../platform/service.ts';

const whole_numbers: readonly (DuckDBTypeId | undefined)[] = [DuckDBTypeId.BIGINT, DuckDBTypeId.UBIGINT, DuckDBTypeId.HUGEINT];

/** Rows of a result that is still being computed, a few thousand at a time. */
export async function* rows_of(result: DuckDBResult): AsyncGenerator<Json[][]> {
  const types = result.columnNames().map((_, index) => result.columnTypeId(index));
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk())
    yield chunk.convertRows(JsonDuckDBValueConverter).map(row => row.map((value, place) => cell_of(value, types[place])));
}

/** The driver's JSON, but whole numbers as such where they are exact, and instants in the API's one form. */
export function cell_of(value: Json, type: DuckDBTypeId | undefined): Json {
  if (typeof value !== 'string') return value;
  if (whole_numbers.includes(type)) return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  const is_instant = type === DuckDBTypeId.TIMESTAMP && /^\d{4}-\d{2}-\d{2} /.test(value);
  return is_instant ? new Date(`${value.replace(' ', 'T')}Z`).toISOString() : value;
}
