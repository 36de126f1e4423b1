/** A small service for the platform's own tests: counters that may not go below zero. */
import type { AnyService } from '../batch.ts';
import type { Event, Row, Service } from '../service.ts';

interface Counter {
  readonly total: number;
}
interface ToyStates {
  counter: Counter;
}
type ToyCommand =
  | { readonly type: 'add'; readonly id: string; readonly amount: number }
  | { readonly type: 'call'; readonly id: string; readonly op_ids: readonly string[]; readonly provider: string }
  | { readonly type: 'explode'; readonly id: string }
  | { readonly type: 'peek'; readonly id: string; readonly other: string }
  | { readonly type: 'follow'; readonly id: string };
interface Added extends Event {
  readonly type: 'toy.added';
  readonly data: { readonly id: string; readonly amount: number };
}

const toy_service: Service<ToyStates, ToyCommand, Added, { rejection: 'below_zero' }, Added> = {
  name: 'toy',
  kinds: {
    counter: {
      initial: () => ({ total: 0 }),
      evolve: (state, event) => ({ total: state.total + event.data.amount }),
      rows: {
        load: `select coalesce(json_agg(r), '[]'::json) as rows from (select * from toy.counter where id = any($1) order by id for update) r`,
        insert: 'insert into toy.counter select * from json_populate_recordset(null::toy.counter, $1)',
        update:
          'update toy.counter t set total = r.total, version = r.version from json_populate_recordset(null::toy.counter, $1) r where t.id = r.id',
        from_row: row => ({ total: Number(row['total']) }),
        to_row: (state): Row => ({ total: state.total }),
      },
    },
  },
  commands: {
    add: {
      touches: command => [{ kind: 'counter', id: command.id }],
      decide(command, view) {
        if (view('counter', command.id).total + command.amount < 0) return { rejection: 'below_zero' };
        const subject = { kind: 'counter', id: command.id } as const;
        return { facts: [{ event: { type: 'toy.added', data: { id: command.id, amount: command.amount } }, key: command.id, subject }] };
      },
    },
    call: {
      touches: command => [{ kind: 'counter', id: command.id }],
      decide: ({ id, op_ids, provider }) => ({
        facts: [],
        operations: op_ids.map(op_id => ({ op_id, kind: 'call', provider, subject: id, key: id, request: {} })),
      }),
    },
    explode: {
      touches: command => [{ kind: 'counter', id: command.id }],
      decide() {
        throw new Error('poison');
      },
    },
    peek: {
      touches: command => [{ kind: 'counter', id: command.id }],
      decide(command, view) {
        view('counter', command.other);
        return { facts: [] };
      },
    },
    // The state names another counter.
    follow: {
      touches: command => [{ kind: 'counter', id: command.id }],
      then_touches: ({ id }, view) => [{ kind: 'counter', id: `${id}_${view('counter', id).total}` }],
      decide({ id }, view) {
        const subject = { kind: 'counter', id: `${id}_${view('counter', id).total}` } as const;
        const amount = view('counter', subject.id).total;
        return { facts: [{ event: { type: 'toy.added', data: { id: subject.id, amount } }, key: subject.id, subject }] };
      },
    },
  },
  reactions: {
    'toy.added': event =>
      event.data.amount === 666 ? { type: 'explode', id: event.data.id } : { type: 'add', id: event.data.id, amount: event.data.amount },
  },
  outcomes: { call: ({ subject }, outcome) => ({ type: 'add', id: subject, amount: outcome.outcome === 'ok' ? 1 : 0 }) },
  timers: { tick: ({ id }) => ({ type: 'add', id, amount: 1 }) },
};
/** The platform sees every service without its types. */
export const toy: AnyService = toy_service;

/** Totals above 1,000,000 break a constraint: a culprit the database finds, not decide. */
export const toy_table = `create table toy.counter (id text primary key, version integer not null, total bigint not null check (total between 0 and 1000000));
  grant all on toy.counter to cartwright_toy`;
