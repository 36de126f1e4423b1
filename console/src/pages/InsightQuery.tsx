/** Questions in SQL: read-only, with examples to begin from and the tables that may be asked. */
import '../styles/insight.css';
import { type KeyboardEvent, type ReactNode, useEffect, useState } from 'react';
import { change } from '../api.ts';
import { Button } from '../components/Button.tsx';
import { LongField } from '../components/Field.tsx';
import { Card, Page } from '../components/Page.tsx';
import { Bones, Empty, Loaded, Refusal } from '../components/State.tsx';
import { Time } from '../components/Value.tsx';
import type { Cell } from '../csv.ts';
import { keep_csv } from '../download.ts';
import { count, duration, words } from '../format.ts';
import { useFilters } from '../location.ts';
import { now_ms } from '../ports.ts';
import { useAction, useGet } from '../queries.ts';
import { useMay } from '../session.tsx';
import type { Gallery, QueryReply, Rebuild } from '../types/analytics.ts';

const back = { href: '/insight', label: 'Insight' };
/** More are in the file. */
const shown_rows_max = 500;

interface Asked {
  readonly reply: QueryReply | null;
  readonly error: Error | null;
  readonly pending: boolean;
  readonly took_ms: number;
}
const nothing: Asked = { reply: null, error: null, pending: false, took_ms: 0 };

export function InsightQuery(): ReactNode {
  // The example's name stands in the address, never what somebody typed.
  const [{ example }, set] = useFilters(['example']);
  const gallery = useGet<Gallery>('/v1/analytics/queries');
  const may = useMay();
  const [sql, set_sql] = useState('');
  const [asked, set_asked] = useState(nothing);
  const chosen = gallery.data?.data.find(one => one.id === example) ?? gallery.data?.data[0];
  useEffect(() => {
    if (chosen !== undefined) set_sql(chosen.sql);
  }, [chosen]);
  const ask = () => {
    const began = now_ms();
    set_asked({ ...nothing, pending: true });
    change<QueryReply>('POST', '/v1/analytics/query', { sql }).then(
      reply => set_asked({ reply, error: null, pending: false, took_ms: now_ms() - began }),
      (error: Error) => set_asked({ ...nothing, error }),
    );
  };
  const on_key = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    ask();
  };
  return (
    <Page title="Ask in SQL" back={back} lead="One SELECT over the facts: read-only, ten seconds, ten thousand rows.">
      <div className="columns">
        <div className="stack">
          <Card
            title={chosen?.title ?? 'Your question'}
            actions={
              <Button look="primary" disabled={asked.pending || sql.trim() === ''} onClick={ask}>
                {asked.pending ? 'Asking…' : 'Run'}
              </Button>
            }
          >
            <LongField
              label="SQL"
              className="input mono sql"
              rows={10}
              spellCheck={false}
              autoCapitalize="none"
              hint={`${chosen === undefined ? '' : `${chosen.about} `}Ctrl and Enter runs it. Amounts are in minor units.`}
              value={sql}
              onChange={event => set_sql(event.target.value)}
              onKeyDown={on_key}
            />
            <Refusal error={asked.error} />
          </Card>
          {asked.pending && (
            <div className="card">
              <Bones />
            </div>
          )}
          {asked.reply !== null && <Result reply={asked.reply} took_ms={asked.took_ms} name={chosen?.id ?? 'query'} />}
          {may('operations:read') && <RebuildCard may_begin={may('operations:write')} />}
        </div>
        <Loaded query={gallery}>
          {found => (
            <div className="stack">
              <Card title="Examples">
                <ul className="examples">
                  {found.data.map(one => (
                    <li key={one.id}>
                      <button
                        type="button"
                        className="as-link"
                        aria-current={one.id === chosen?.id ? 'true' : undefined}
                        title={one.about}
                        onClick={() => {
                          set({ example: one.id });
                          set_sql(one.sql);
                          set_asked(nothing);
                        }}
                      >
                        {one.title}
                      </button>
                    </li>
                  ))}
                </ul>
              </Card>
              <Card title="Tables">
                {found.tables.map(table => (
                  <details key={table.name} className="of-tables">
                    <summary className="mono small">{table.name}</summary>
                    <ul className="small table-columns">
                      {table.columns.map(column => (
                        <li key={column.name}>
                          <span className="mono">{column.name}</span> <span className="quiet">{column.type.toLowerCase()}</span>
                        </li>
                      ))}
                    </ul>
                  </details>
                ))}
              </Card>
            </div>
          )}
        </Loaded>
      </div>
    </Page>
  );
}

function Result({ reply, took_ms, name }: { readonly reply: QueryReply; readonly took_ms: number; readonly name: string }): ReactNode {
  const names = reply.columns.map(column => column.name);
  const save = () =>
    keep_csv(
      names,
      reply.rows.map(row => row.map(cell_of)),
      `${name}.csv`,
    );
  if (reply.rows.length === 0) {
    return (
      <div className="card">
        <Empty title="No rows">The question was understood, and nothing is like that.</Empty>
      </div>
    );
  }
  return (
    <Card
      title={`${count(reply.rows.length)} ${reply.rows.length === 1 ? 'row' : 'rows'}`}
      flush
      actions={
        <Button small onClick={save}>
          Save as CSV
        </Button>
      }
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
      <section className="table-scroll result" aria-label="Result" tabIndex={0}>
        <table className="table">
          <caption className="hidden">Result</caption>
          <thead>
            <tr>
              {reply.columns.map(column => (
                <th key={column.name} scope="col" className={is_number(column.type) ? 'end' : undefined}>
                  {column.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {reply.rows.slice(0, shown_rows_max).map((row, place) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows of a question have no names, and never move
              <tr key={place}>
                {reply.columns.map((column, index) => (
                  <td key={column.name} className={is_number(column.type) ? 'end' : undefined}>
                    {shown(row[index], column.type)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <p className="card-body small quiet">
        {duration(took_ms)}
        {reply.watermark !== null && (
          <>
            , complete up to <Time at={reply.watermark} />
          </>
        )}
        {reply.truncated && ', cut off: there was more'}
        {reply.rows.length > shown_rows_max && `, the first ${shown_rows_max} are shown`}
      </p>
    </Card>
  );
}

function is_number(type: string): boolean {
  return /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL|Int|UInt|Float|Decimal)/i.test(type);
}

function cell_of(value: unknown): Cell {
  if (value === null || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string') return value;
  return value === undefined ? null : JSON.stringify(value);
}

function shown(value: unknown, type: string): ReactNode {
  const cell = cell_of(value);
  if (cell === null) return <span className="quiet">–</span>;
  if (typeof cell === 'number') return Number.isInteger(cell) ? count(cell) : count(Math.round(cell * 1_000) / 1_000);
  if (typeof cell === 'string' && /^timestamp|^date/i.test(type))
    return cell
      .replace('T', ' ')
      .replace(/(\.\d+)?Z?$/, '')
      .replace(/ 00:00:00$/, '');
  return String(cell);
}

const rebuilding = new Set(['reading', 'comparing', 'replacing']);
const every_ms = 2_000;

function RebuildCard({ may_begin }: { readonly may_begin: boolean }): ReactNode {
  const query = useGet<Rebuild>('/v1/analytics/rebuild', {}, { every_ms });
  const rebuild = useAction<Record<string, never>, Rebuild>({
    path: () => '/v1/analytics/rebuild',
    invalidates: ['/v1/analytics/rebuild'],
    done: () => 'The facts are being made again from the logs',
  });
  const runs = query.data !== undefined && rebuilding.has(query.data.state);
  return (
    <Card
      title="Made again from the logs"
      actions={
        may_begin && (
          <Button small disabled={runs || rebuild.pending} onClick={() => void rebuild.run({}).catch(() => undefined)}>
            {runs ? 'Running…' : 'Rebuild and compare'}
          </Button>
        )
      }
    >
      <Loaded query={query}>{progress => <p>{rebuild_words(progress)}</p>}</Loaded>
    </Card>
  );
}

function rebuild_words({ state, events, differing, tables, detail }: Rebuild): string {
  if (state === 'none')
    return 'Every number here can be made again from the services’ logs. A rebuild does it beside the store, and compares row by row.';
  const read = `${count(events)} events read`;
  if (state === 'done')
    return `${read}, ${count(tables.reduce((sum, table) => sum + table.rows, 0))} rows compared: ${count(differing ?? 0)} differ.`;
  if (state === 'diverged') return `${read}: ${count(differing ?? 0)} rows differ. Nothing was replaced.`;
  return [`${words(state)}: ${read}`, detail].filter(part => part !== null && part !== '').join('. ');
}
