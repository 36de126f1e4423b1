/** Accounts of people: a role each; an account is ended, never deleted. */
import { type ReactNode, useState } from 'react';
import { Button } from '../../components/Button.tsx';
import { Confirm } from '../../components/Dialog.tsx';
import { ChoiceField, TextField } from '../../components/Field.tsx';
import { Card } from '../../components/Page.tsx';
import { Empty } from '../../components/State.tsx';
import { StatusPill } from '../../components/StatusPill.tsx';
import { type Column, Table } from '../../components/Table.tsx';
import { Time } from '../../components/Value.tsx';
import { words } from '../../format.ts';
import { useAction, usePage } from '../../queries.ts';
import { useSession } from '../../session.tsx';
import { roles, type StaffMember } from '../../types/gateway.ts';

const about: Readonly<Record<string, string>> = {
  admin: 'everything',
  operator: 'everything but administration',
  support: 'orders and what is about them, no costs',
  analyst: 'numbers, no persons',
};
const role_choices = roles.map(role => ({ value: role, label: `${words(role)}: ${about[role] ?? ''}` }));
const password_characters_min = 12;

export function StaffCard(): ReactNode {
  const query = usePage<StaffMember>('/v1/staff', { limit: 200 });
  const { state } = useSession();
  const own_id = state.is === 'signed_in' ? state.staff.id : '';
  const [adding, set_adding] = useState(false);
  const [changing, set_changing] = useState<StaffMember | null>(null);
  const columns: readonly Column<StaffMember>[] = [
    { id: 'name', header: 'Name', cell: one => <strong>{one.username}</strong> },
    { id: 'role', header: 'Role', cell: one => words(one.role) },
    { id: 'state', header: 'State', cell: one => <StatusPill value={one.active ? 'active' : 'ended'} /> },
    { id: 'since', header: 'Since', wide_only: true, cell: one => <Time at={one.created_at} /> },
    {
      id: 'deeds',
      header: 'Change',
      cell: one =>
        one.id === own_id ? (
          <span className="quiet">you</span>
        ) : (
          <Button small aria-label={`Change ${one.username}`} onClick={() => set_changing(one)}>
            Change
          </Button>
        ),
    },
  ];
  return (
    <Card
      title="People"
      flush
      actions={
        <Button small look="primary" onClick={() => set_adding(true)}>
          Add a person
        </Button>
      }
    >
      <Table label="People" columns={columns} query={query} id_of={one => one.id} empty={<Empty title="Nobody yet" />} />
      {adding && <Add close={() => set_adding(false)} />}
      {changing !== null && <Change person={changing} close={() => set_changing(null)} />}
    </Card>
  );
}

function Add({ close }: { close(): void }): ReactNode {
  const [body, set_body] = useState({ username: '', password: '', role: 'support' });
  const add = useAction<typeof body, StaffMember>({
    path: () => '/v1/staff',
    invalidates: ['/v1/staff'],
    done: person => `${person.username} may sign in as ${words(person.role).toLowerCase()}`,
  });
  const short = body.password !== '' && body.password.length < password_characters_min;
  return (
    <Confirm
      open
      close={close}
      title="Add a person"
      why="Tell them the password; they sign in at /console/."
      deed="Add person"
      ready={/^\S+$/.test(body.username) && body.password.length >= password_characters_min}
      run={() => add.run(body)}
    >
      <TextField
        label="Name"
        autoComplete="off"
        autoCapitalize="none"
        maxLength={100}
        hint="Without spaces."
        value={body.username}
        onChange={event => set_body({ ...body, username: event.target.value.trim() })}
      />
      <ChoiceField
        label="Role"
        choices={role_choices}
        value={body.role}
        onChange={event => set_body({ ...body, role: event.target.value })}
      />
      <TextField
        label="Password"
        type="password"
        autoComplete="new-password"
        maxLength={200}
        hint={`At least ${password_characters_min} characters.`}
        wrong={short ? `At least ${password_characters_min} characters` : undefined}
        value={body.password}
        onChange={event => set_body({ ...body, password: event.target.value })}
      />
    </Confirm>
  );
}

interface Changes {
  readonly role?: string;
  readonly active?: boolean;
  readonly password?: string;
}

function Change({ person, close }: { readonly person: StaffMember; close(): void }): ReactNode {
  const [role, set_role] = useState(person.role);
  const [active, set_active] = useState(person.active);
  const [password, set_password] = useState('');
  const change = useAction<Changes, StaffMember>({
    method: 'PATCH',
    path: () => `/v1/staff/${person.id}`,
    invalidates: ['/v1/staff'],
    done: () => `${person.username} was changed; they sign in anew`,
  });
  const changes: Changes = {
    ...(role === person.role ? {} : { role }),
    ...(active === person.active ? {} : { active }),
    ...(password === '' ? {} : { password }),
  };
  return (
    <Confirm
      open
      close={close}
      title={`Change ${person.username}`}
      why="Their sessions end with it."
      deed="Change"
      danger={!active && person.active}
      ready={Object.keys(changes).length > 0 && (password === '' || password.length >= password_characters_min)}
      run={() => change.run(changes)}
    >
      <ChoiceField label="Role" choices={role_choices} value={role} onChange={event => set_role(event.target.value)} />
      <label className="check">
        <input type="checkbox" checked={active} onChange={event => set_active(event.target.checked)} />
        May sign in
      </label>
      <TextField
        label="New password"
        type="password"
        autoComplete="new-password"
        maxLength={200}
        hint={`Empty: it stays. At least ${password_characters_min} characters.`}
        value={password}
        onChange={event => set_password(event.target.value)}
      />
    </Confirm>
  );
}
