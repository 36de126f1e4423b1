/** Keys: made with a name and scopes, shown once, revoked at once. */
import { type ReactNode, useState } from 'react';
import { Button } from '../../components/Button.tsx';
import { Confirm } from '../../components/Dialog.tsx';
import { ChoiceField, TextField } from '../../components/Field.tsx';
import { Card } from '../../components/Page.tsx';
import { ShowSecret } from '../../components/Secret.tsx';
import { Empty } from '../../components/State.tsx';
import { StatusPill } from '../../components/StatusPill.tsx';
import { type Column, Table } from '../../components/Table.tsx';
import { Time } from '../../components/Value.tsx';
import { usePaging } from '../../location.ts';
import { useAction, usePage } from '../../queries.ts';
import { type ApiKey, all_scopes } from '../../types/gateway.ts';
import { useActorName } from './names.ts';

export function Keys(): ReactNode {
  const paging = usePaging();
  const query = usePage<ApiKey>('/v1/keys', { cursor: paging.cursor });
  const name_of = useActorName();
  const [creating, set_creating] = useState(false);
  const [made, set_made] = useState<(ApiKey & { secret: string }) | null>(null);
  const [ending, set_ending] = useState<ApiKey | null>(null);
  const columns: readonly Column<ApiKey>[] = [
    {
      id: 'name',
      header: 'Name',
      cell: key => (
        <>
          <strong>{key.name}</strong>{' '}
          <span className="mono small quiet">
            {key.type === 'secret' ? 'sk' : 'pk'}_…{key.last4}
          </span>
        </>
      ),
    },
    { id: 'state', header: 'State', cell: key => <StatusPill value={key.revoked_at === null ? 'active' : 'revoked'} /> },
    { id: 'scopes', header: 'May', wide_only: true, cell: key => <Scopes item={key} /> },
    {
      id: 'made',
      header: 'Made',
      wide_only: true,
      cell: key => (
        <>
          <Time at={key.created_at} /> <span className="small quiet">by {name_of(key.created_by)}</span>
        </>
      ),
    },
    {
      id: 'deeds',
      header: 'End',
      cell: key =>
        key.revoked_at === null ? (
          <Button small aria-label={`Revoke ${key.name}`} onClick={() => set_ending(key)}>
            Revoke
          </Button>
        ) : (
          <Time at={key.revoked_at} />
        ),
    },
  ];
  return (
    <Card
      title="Keys"
      flush
      actions={
        <Button small look="primary" onClick={() => set_creating(true)}>
          Create a key
        </Button>
      }
    >
      <Table
        label="Keys"
        columns={columns}
        query={query}
        paging={paging}
        id_of={key => key.id}
        empty={<Empty title="No keys" icon="settings" />}
      />
      {creating && <CreateKey close={() => set_creating(false)} made={set_made} />}
      {ending !== null && <Revoke item={ending} close={() => set_ending(null)} />}
      {made !== null && (
        <ShowSecret title={`Key ${made.name}`} secret={made.secret} close={() => set_made(null)}>
          {made.type === 'secret'
            ? 'Only for servers: whoever has it may do what it may.'
            : 'For browsers: it reads products, quotes and places orders.'}
        </ShowSecret>
      )}
    </Card>
  );
}

function Scopes({ item: { type, scopes } }: { readonly item: ApiKey }): ReactNode {
  if (type === 'publishable') return 'What a shopper may';
  if (scopes === null) return 'Everything';
  return (
    <span title={scopes.join(', ')}>
      {scopes.slice(0, 3).join(', ')}
      {scopes.length > 3 && <span className="quiet"> and {scopes.length - 3} more</span>}
    </span>
  );
}

interface Body {
  readonly type: string;
  readonly name: string;
  readonly scopes?: readonly string[];
}

function CreateKey({ close, made }: { close(): void; made(key: ApiKey & { secret: string }): void }): ReactNode {
  const [type, set_type] = useState('secret');
  const [name, set_name] = useState('');
  const [everything, set_everything] = useState(false);
  const [scopes, set_scopes] = useState<readonly string[]>([]);
  const limited = type === 'secret' && !everything;
  const create = useAction<Body, ApiKey & { secret: string }>({
    path: () => '/v1/keys',
    invalidates: ['/v1/keys'],
    done: key => `The key ${key.name} was created`,
  });
  const toggle = (scope: string) => set_scopes(scopes.includes(scope) ? scopes.filter(one => one !== scope) : [...scopes, scope]);
  return (
    <Confirm
      open
      close={close}
      wide
      title="Create a key"
      why="Give each program its own, and no more than it needs: then one can be revoked alone."
      deed="Create key"
      ready={name.trim() !== '' && (!limited || scopes.length > 0)}
      run={async () => made(await create.run({ type, name: name.trim(), ...(limited ? { scopes } : {}) }))}
    >
      <TextField
        label="Name"
        required
        maxLength={100}
        hint="What uses it: warehouse scanner, shop server."
        value={name}
        onChange={event => set_name(event.target.value)}
      />
      <ChoiceField
        label="Kind"
        choices={[
          { value: 'secret', label: 'Secret, for a server' },
          { value: 'publishable', label: 'Publishable, for a browser' },
        ]}
        value={type}
        onChange={event => set_type(event.target.value)}
      />
      {type === 'secret' && (
        <label className="check">
          <input type="checkbox" checked={everything} onChange={event => set_everything(event.target.checked)} />
          It may do everything, administration too
        </label>
      )}
      {limited && (
        <fieldset className="units">
          <legend>What it may do</legend>
          <div className="choices">
            {all_scopes.map(scope => (
              <label key={scope} className="check">
                <input type="checkbox" checked={scopes.includes(scope)} onChange={() => toggle(scope)} />
                {scope}
              </label>
            ))}
          </div>
        </fieldset>
      )}
    </Confirm>
  );
}

function Revoke({ item, close }: { readonly item: ApiKey; close(): void }): ReactNode {
  const revoke = useAction<Record<string, never>>({
    method: 'DELETE',
    path: () => `/v1/keys/${item.id}`,
    invalidates: ['/v1/keys'],
    done: () => `The key ${item.name} is revoked`,
  });
  return (
    <Confirm
      open
      close={close}
      title={`Revoke ${item.name}?`}
      why="Whatever uses it is refused within half a minute. It cannot be brought back."
      deed="Revoke key"
      danger
      run={() => revoke.run({})}
    />
  );
}
