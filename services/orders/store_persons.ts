/** The SQL of persons: what one has with us, and that one was forgotten. */
import type { OrdersEvent } from '../../contracts/index.ts';
import { instant_or_null, type Kind, type ReferenceKind } from '../../platform/service.ts';
import { destroy_keys } from '../../platform/vault/vault.ts';
import { evolve_erasure } from './evolve.ts';
import type { Erasure, Person } from './model.ts';

export const person_kind: ReferenceKind<Person> = {
  reference: true,
  initial: () => ({ order_ids: [], waits: [] }),
  rows: {
    load: `select coalesce(json_agg(p), '[]'::json) as rows
             from (select s.id, coalesce(json_agg(o.id order by o.id), '[]'::json) as order_ids,
                          coalesce(json_agg(json_build_object('order_id', o.id, 'reason', orders.needs_person(o)) order by o.id)
                                   filter (where orders.needs_person(o) is not null), '[]'::json) as waits
                     from unnest($1::text[]) as s(id), orders.orders_of(s.id) o group by s.id) p`,
    // The parsed boundary: what the statement above builds.
    from_row: row => ({ order_ids: row['order_ids'] as string[], waits: row['waits'] as unknown as Person['waits'] }),
  },
};

export const erasure_kind: Kind<Erasure, OrdersEvent> = {
  initial: () => ({ subject: null, erased_at: null }),
  evolve: evolve_erasure,
  rows: {
    load: `select coalesce(json_agg(e), '[]'::json) as rows from (select * from orders.erasure where id = any($1) order by id for update) e`,
    insert: `insert into orders.erasure (id, version, subject, erased_at)
             select id, version, subject, erased_at from json_populate_recordset(null::orders.erasure, $1)`,
    update: `update orders.erasure t set version = r.version from json_populate_recordset(null::orders.erasure, $1) r where t.id = r.id`,
    from_row: row => ({ subject: row['subject'] as string, erased_at: instant_or_null(row['erased_at']) }),
    to_row: ({ subject, erased_at }) => ({ subject, erased_at }),
  },
};

export const person_records = { erased_person: 'select orders.erase_persons($1)', destroyed_key: destroy_keys };
