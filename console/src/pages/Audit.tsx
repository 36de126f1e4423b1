/** What the auditor found last: promises checked against tables, logs and the ledgers of third parties, by code that trusts none of them. */
import type { ReactNode } from 'react';
import { Card, Page, Tile } from '../components/Page.tsx';
import { Empty, Loaded } from '../components/State.tsx';
import { StatusPill } from '../components/StatusPill.tsx';
import { Subject } from '../components/Subject.tsx';
import { Time } from '../components/Value.tsx';
import { count, words } from '../format.ts';
import { useGet } from '../queries.ts';
import type { Findings } from '../types/desk.ts';

const asked_every_ms = 15_000;
const ids_shown_max = 20;

export function Audit(): ReactNode {
  const query = useGet<Findings>('/v1/audit', {}, { every_ms: asked_every_ms });
  return (
    <Page title="Auditor" lead="No lost order, no oversold unit, no double charge: checked again and again while the shop runs.">
      <Loaded query={query}>
        {found => (
          <div className="stack">
            <div className="tiles">
              <Tile label="Last look" value={found.at === null ? 'not yet' : <Time at={found.at} ago />} />
              <Tile label="Things checked" value={count(found.checked)} />
              <Tile label="Findings" value={<Verdict found={found} />} />
            </div>
            <Card title="Findings">
              <List found={found} />
            </Card>
            {found.left_out.length > 0 && (
              <Card title="Left out">
                <p className="quiet">Stories that ended and were taken out of the logs are in the archive alone, where it does not look.</p>
                <ul>
                  {found.left_out.map(line => (
                    <li key={line}>{line}</li>
                  ))}
                </ul>
              </Card>
            )}
          </div>
        )}
      </Loaded>
    </Page>
  );
}

function Verdict({ found }: { readonly found: Findings }): ReactNode {
  if (found.at === null) return <StatusPill value="waiting" />;
  return found.findings.length === 0 ? (
    <StatusPill value="fine" label="None" />
  ) : (
    <StatusPill value="fail" label={String(found.findings.length)} />
  );
}

function List({ found }: { readonly found: Findings }): ReactNode {
  if (found.findings.length === 0) {
    return (
      <Empty title={found.at === null ? 'The auditor has not looked yet' : 'Every promise was kept'} icon="audit">
        {found.at === null
          ? 'It looks some seconds after the start, then again and again.'
          : 'Had one been broken, it would stand here with the ids that show it.'}
      </Empty>
    );
  }
  return (
    <ul className="stack">
      {found.findings.map(finding => (
        <li key={`${finding.invariant} ${finding.detail}`} className="notice bad">
          <div>
            <strong>{words(finding.invariant)}</strong>
            <div>{finding.detail}</div>
            <div className="small">
              {finding.ids.slice(0, ids_shown_max).map(id => (
                <span key={id}>
                  <Subject id={id} />{' '}
                </span>
              ))}
              {finding.ids.length > ids_shown_max && `and ${finding.ids.length - ids_shown_max} more`}
            </div>
          </div>
        </li>
      ))}
    </ul>
  );
}
