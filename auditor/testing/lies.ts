/** Lies: each changes one thing behind the services' backs; the invariant it breaks must find it and name whom to look at. */
import type { Ledgers } from './corruption.ts';
import type { Ids } from './shop.ts';

export interface Lie {
  /** Name of the invariant that must find it. */
  readonly found_by: string;
  readonly lie: string;
  /** All of them in one finding. */
  readonly ids: (ids: Ids) => readonly string[];
  readonly sql?: (ids: Ids) => string;
  readonly ledgers?: (ledgers: Ledgers) => Ledgers;
}

/** A process of the service has been running for an hour. */
export const runs = (service: string) => `insert into ${service}.members values ('prc_test', now() - interval '1 hour', now());`;

/** The table takes what its checks would refuse. */
export const unchecked = (table: string) =>
  `do $$ declare name text; begin
     for name in select conname from pg_constraint where conrelid = '${table}'::regclass and contype in ('c', 'u') loop
       execute format('alter table ${table} drop constraint %I', name);
     end loop;
   end $$;`;

export const last_event = (log: string, where: string) => `(select max(position) from ${log}.events where ${where})`;
/** The last event of these says something else. `value`: JSON. */
export const change_event = (log: string, where: string, path: string, value: string) =>
  `update ${log}.events set data = jsonb_set(data::jsonb, '${path}', '${value}')::json where position = ${last_event(log, where)}`;

export const payment_of = (order: string) => `(select payment_id from orders.order_payment where order_id = '${order}')`;
