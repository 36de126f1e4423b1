/** A retailer's file as it is: one row per invoice line, messy. Read by DuckDB, money in thousandths of the currency so that nothing rounds on the way in. */
import { existsSync } from 'node:fs';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

export interface FileRow {
  readonly invoice: string;
  /** Letters, digits, `-_.`: a space becomes `_` (decisions.md 6). */
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  readonly price_mills: number;
  readonly customer: string | null;
  readonly country: string;
}

export interface Invoice {
  readonly number: string;
  /** RFC 3339; of the first row where an invoice spans two timestamps. */
  readonly at: string;
  readonly rows: readonly FileRow[];
}

const moment_format = '%Y-%m-%dT%H:%M:%S.000Z';
const needed = ['InvoiceNo', 'StockCode', 'Description', 'Quantity', 'InvoiceDate', 'UnitPrice', 'CustomerID', 'Country'];

/** When the file begins, before anything is read. Errors as of `read_invoices`; undefined: it has no rows. */
export async function first_moment(file: string): Promise<string | undefined> {
  const { connection, source } = await open_file(file);
  const rows = await connection.runAndReadAll(`select strftime(min(InvoiceDate), '${moment_format}') as at from ${source}`);
  connection.closeSync();
  return rows.getRowObjectsJson()[0]?.['at']?.toString();
}

/** Invoices in time order, read piece by piece. Throws with a message that says which column is missing. */
export async function* read_invoices(file: string, rows_max?: number): AsyncGenerator<Invoice> {
  const { connection, source } = await open_file(file);
  // One text of JSON an invoice: the rows one by one, a value at a time, would take ten times as long.
  const result = await connection.stream(`
    with file as (select row_number() over () as row_no, * from (select * from ${source} ${rows_max === undefined ? '' : `limit ${Math.trunc(rows_max)}`}))
    select InvoiceNo, strftime(min(InvoiceDate), '${moment_format}'),
           to_json(list({
             'invoice': InvoiceNo, 'sku': replace(trim(StockCode), ' ', '_'), 'name': coalesce(trim(Description), ''), 'quantity': Quantity::INTEGER,
             'price_mills': round(UnitPrice * 1000)::BIGINT, 'customer': CustomerID::BIGINT::VARCHAR, 'country': Country
           } order by row_no))::varchar
      from file group by InvoiceNo order by min(InvoiceDate), InvoiceNo`);
  for await (const invoices of result.yieldRowsJs())
    for (const [number, at, rows] of invoices)
      yield { number: String(number), at: String(at), rows: JSON.parse(String(rows)) as FileRow[] };
  connection.closeSync();
}

async function open_file(file: string): Promise<{ connection: DuckDBConnection; source: string }> {
  if (!existsSync(file)) throw Object.assign(new Error(`there is no file ${file}`), { code: 'no_file' });
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const source = file.endsWith('.csv')
    ? `read_csv('${quoted(file)}', header = true, types = {'StockCode': 'VARCHAR', 'InvoiceNo': 'VARCHAR'})`
    : `read_parquet('${quoted(file)}')`;
  const columns = (await connection.runAndReadAll(`describe select * from ${source}`)).getRowObjectsJson().map(row => row['column_name']);
  const missing = needed.filter(name => !columns.includes(name));
  if (missing.length > 0)
    throw Object.assign(new Error(`${file} has no column ${missing.join(', ')}; needed are ${needed.join(', ')}`), {
      code: 'wrong_columns',
    });
  return { connection, source };
}

function quoted(file: string): string {
  return file.replaceAll("'", "''");
}

/** Stock codes that are no goods: carriage, manual entries, discounts, samples, bad debt, fees, vouchers (SOURCE.md of the data). */
export function is_goods(sku: string): boolean {
  return !/^(POST|DOT|C2|M|m|D|S|B|BANK_CHARGES|AMAZONFEE|CRUK|gift_0001_\d+)$/.test(sku);
}

/** ISO 3166 alpha-2. Where the file names no country of the world, the retailer's own. */
export function country_code(name: string): string {
  return codes[name] ?? 'GB';
}

const codes: Readonly<Record<string, string>> = {
  'United Kingdom': 'GB',
  France: 'FR',
  Germany: 'DE',
  Norway: 'NO',
  EIRE: 'IE',
  Poland: 'PL',
  Portugal: 'PT',
  Italy: 'IT',
  Denmark: 'DK',
  Sweden: 'SE',
  Finland: 'FI',
  'Hong Kong': 'HK',
  Singapore: 'SG',
  'Saudi Arabia': 'SA',
  Canada: 'CA',
  Brazil: 'BR',
  USA: 'US',
  Malta: 'MT',
  RSA: 'ZA',
  Australia: 'AU',
  Netherlands: 'NL',
  Switzerland: 'CH',
  Spain: 'ES',
  Belgium: 'BE',
  Lithuania: 'LT',
  Japan: 'JP',
  Iceland: 'IS',
  'Channel Islands': 'JE',
  Cyprus: 'CY',
  Austria: 'AT',
  Israel: 'IL',
  Bahrain: 'BH',
  Greece: 'GR',
  Lebanon: 'LB',
  'United Arab Emirates': 'AE',
  'Czech Republic': 'CZ',
  'European Community': 'BE',
};
