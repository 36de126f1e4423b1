/** A person's own data: all of it in one document, and gone (GDPR articles 15, 17 and 20). What services do is theirs; who asked is written down here. */
import type pg from 'pg';
import Type from 'typebox';
import type { Clock } from '../platform/clock.ts';
import { not_found } from '../platform/http.ts';
import type { Reply, Route, RouteRequest } from '../platform/route.ts';
import type { Row } from '../platform/service.ts';
import { append_audit, audit_entry } from './audit_log.ts';
import { transaction } from './store.ts';

/** `subject` is random: it may stand in the audit log, which is never erased. The caller's own id may not. */
export interface Person {
  readonly subject: string;
  readonly erased: boolean;
}
export interface PersonalDataPorts<P extends Person> {
  readonly pool: pg.Pool;
  readonly clock: Clock;
  /** By the caller's own id of a customer, the customer_ref, or the id of a guest's order. */
  find(ref: string): Promise<P | undefined>;
  erase(person: P, request: RouteRequest): Promise<Reply>;
  /** Everything held of one person and of nobody else. */
  collect(person: P): Promise<Row>;
}

const any_object = Type.Object({});
const export_schema = Type.Object({
  customer: Type.Object({ id: Type.Union([Type.String(), Type.Null()]), customer_ref: Type.Union([Type.String(), Type.Null()]) }),
  exported_at: Type.String(),
  orders: Type.Array(any_object, { description: 'As GET /v1/orders shows them, with billing_address' }),
  payments: Type.Array(any_object),
  shipments: Type.Array(any_object),
  events: Type.Array(any_object, { description: 'What stands sealed in the logs and in their archive, opened' }),
});

export function personal_data_routes<P extends Person>(ports: PersonalDataPorts<P>): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/customers/:ref/export',
      summary: 'Everything held of a customer, as one document',
      scope: 'admin',
      replies: { 200: export_schema },
      rejections: ['not_found', 'archive_unavailable'],
      async handle(request) {
        const person = await ports.find(request.params['ref'] ?? '');
        if (person === undefined || person.erased) throw not_found();
        const body = await ports.collect(person);
        // Before it is sent: nobody sees what nobody is known to have asked for.
        await note(ports, request, 'personal_data.exported', person);
        return { status: 200, body };
      },
    },
    {
      method: 'DELETE',
      path: '/v1/customers/:ref/personal-data',
      summary: 'Forget a customer: keys are destroyed, rows cleared; amounts and taxes stay',
      audit: { action: 'personal_data.erased', by_itself: true },
      scope: 'admin',
      replies: { 204: Type.Null() },
      rejections: ['not_found', 'erasure_deferred'],
      async handle(request) {
        const person = await ports.find(request.params['ref'] ?? '');
        if (person === undefined) throw not_found();
        if (person.erased) return { status: 204, body: null };
        const reply = await ports.erase(person, request);
        if (reply.status < 300) await note(ports, request, 'personal_data.erased', person);
        return reply;
      },
    },
  ];
}

function note(
  { pool, clock }: Pick<PersonalDataPorts<Person>, 'pool' | 'clock'>,
  request: RouteRequest,
  action: string,
  { subject }: Person,
) {
  return transaction(pool, client => append_audit(client, audit_entry(clock, request, action, subject, {})));
}
