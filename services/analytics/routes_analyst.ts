/** For those who want more than the metrics: a question in their own words, with examples to begin with, and whole datasets as files. */
import Type from 'typebox';
import { Problem, type Reply, type Route, type RouteRequest, type StreamReply } from '../../platform/route.ts';
import type { Row } from '../../platform/service.ts';
import { type DatasetName, dataset_names } from './datasets.ts';
import { gallery } from './gallery.ts';
import type { Analytics } from './service.ts';
import { type FileWanted, file_formats, query_rows_max } from './warehouses/warehouse.ts';

export const sql_characters_max = 16_384;

const Column = Type.Object({ name: Type.String(), type: Type.String({ description: 'As the engine calls it' }) });
const query_body = Type.Object(
  { sql: Type.String({ minLength: 1, maxLength: sql_characters_max, description: 'One SELECT, in the words of DuckDB' }) },
  { additionalProperties: false },
);
const query_reply = Type.Object({
  watermark: Type.Union([Type.String(), Type.Null()], { description: 'Complete up to here; null while a log was not read yet' }),
  columns: Type.Array(Column),
  rows: Type.Array(Type.Array(Type.Unknown()), { description: 'By column. Whole numbers that JSON does not carry exactly are texts' }),
  truncated: Type.Boolean({ description: `There was more than ${query_rows_max} rows, or 8 MiB` }),
});
const gallery_reply = Type.Object({
  data: Type.Array(Type.Object({ id: Type.String(), title: Type.String(), about: Type.String(), sql: Type.String() })),
  tables: Type.Array(Type.Object({ name: Type.String(), columns: Type.Array(Column) }), { description: 'What may be asked' }),
});

const Instant = Type.Optional(
  Type.String({
    pattern: '^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,9})?)?(Z|[+-]\\d{2}:\\d{2}))?$',
    description: 'RFC 3339, or a day (UTC); `to` itself is not included. Both absent: everything',
  }),
);
const export_body = Type.Object(
  {
    dataset: Type.Enum([...dataset_names], { type: 'string' }),
    format: Type.Enum([...file_formats], { type: 'string' }),
    from: Instant,
    to: Instant,
  },
  { additionalProperties: false },
);
interface ExportBody {
  readonly dataset: DatasetName;
  readonly format: FileWanted['format'];
  readonly from?: string | null;
  readonly to?: string | null;
}

export interface AnalystGiven {
  /** Writes into the audit log who took what away, before a byte of it is sent. */
  note(request: RouteRequest, action: string, object: string, what: Row): Promise<void>;
}

export function analyst_routes(analytics: Analytics, given: AnalystGiven): Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/analytics/query',
      summary: 'One SELECT over the facts: read-only, 10 seconds, 10,000 rows',
      audit: { none: 'It reads: nothing is changed by it.' },
      scope: 'analytics:read',
      not_idempotent: true,
      body: query_body,
      replies: { 200: query_reply },
      rejections: ['query_refused', 'query_invalid', 'query_too_expensive'],
      async handle(request): Promise<Reply> {
        // Validated by `body`.
        const { sql } = request.body as { sql: string };
        const { table, watermark } = await analytics.query(sql);
        return { status: 200, body: { watermark: watermark.at, ...table } };
      },
    },
    {
      method: 'GET',
      path: '/v1/analytics/queries',
      summary: 'Questions to begin with, and the tables and columns that may be asked',
      scope: 'analytics:read',
      replies: { 200: gallery_reply },
      rejections: [],
      async handle(): Promise<Reply> {
        const tables = await analytics.tables();
        return { status: 200, body: { data: gallery.map(example => ({ ...example })), tables: tables.map(table => ({ ...table })) } };
      },
    },
    {
      method: 'POST',
      path: '/v1/analytics/exports',
      summary: 'A dataset as a file, CSV or Parquet, sent as a stream',
      audit: { action: 'analytics.exported', by_itself: true },
      scope: 'analytics:read',
      // It changes nothing, and a file is not kept to be sent again.
      not_idempotent: true,
      body: export_body,
      // A file: the reply's type is the document's.
      replies: {},
      rejections: [],
      handle: request => send_export(analytics, given, request),
    },
  ];
}

const content_types = { csv: 'text/csv', parquet: 'application/vnd.apache.parquet' } as const;

async function send_export(analytics: Analytics, given: AnalystGiven, request: RouteRequest): Promise<StreamReply> {
  // Validated by `export_body`.
  const { dataset, format, ...body } = request.body as ExportBody;
  const [from, to] = [instant_of(body.from, 'from'), instant_of(body.to, 'to')];
  if (from !== undefined && to !== undefined && from >= to) throw invalid('to', 'out_of_range', '`to` must be after `from`.');
  const period = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  await given.note(request, 'analytics.exported', dataset, { format, ...period });
  const { watermark, stream } = await analytics.export_file({ dataset, format, ...period, signal: request.signal });
  const days = [from, to].flatMap(at => (at === undefined ? [] : [at.slice(0, 10)]));
  const name = ['cartwright', dataset, ...days].join('-');
  return {
    status: 200,
    content_type: content_types[format],
    headers: {
      'content-disposition': `attachment; filename="${name}.${format}"`,
      ...(watermark.at === null ? {} : { 'x-watermark': watermark.at }),
    },
    stream,
  };
}

/** A day is its first moment in UTC. */
function instant_of(text: string | null | undefined, name: string): string | undefined {
  if (text === undefined || text === null) return undefined;
  const time = Date.parse(text);
  const at = Number.isNaN(time) ? undefined : new Date(time).toISOString();
  // Years of more than four digits have another form, and no shop.
  if (at === undefined || at.length !== 24) throw invalid(name, 'format', 'This is no time of RFC 3339.');
  return at;
}

function invalid(name: string, code: string, detail: string): Problem {
  return new Problem(422, code, detail, { errors: [{ pointer: `/${name}`, code, detail }] });
}
