/**
 * What suppliers really took of us, from their own ledgers, against our purchase orders (D4). An order with a call that has not ended is left out. Orders
 * that travel as files have no ledger here: nobody can be asked what became of a folder.
 */
import { type AuditGiven, entries_of, type Finding, type Invariant, open_states } from './auditor.ts';
import { findings_of } from './sql.ts';

async function compare(given: AuditGiven, sql: string, rows: readonly object[]): Promise<Finding[]> {
  return findings_of('D4', await given.pool_of('suppliers').query(sql, [JSON.stringify(rows)]));
}
const at_work = `exists (select 1 from suppliers.operations o where o.subject = s.id and o.state in ${open_states})`;

const by_rest: Invariant = {
  name: 'D4',
  says: 'the supplier has each purchase order once, as it was sent, and dropped what we know as dropped',
  only_at_rest: true,
  ledger: 'supplier',
  check(given) {
    const orders = Map.groupBy(entries_of(given, 'supplier'), entry => entry.reference ?? '');
    const rows = [...orders].map(([po_id, entries]) => {
      const accepted = entries.filter(entry => entry.kind === 'purchase_order_accepted');
      const { amount, currency, idempotency_key: key } = accepted[0] ?? {};
      const cancelled = entries.filter(entry => entry.kind === 'purchase_order_cancelled').length;
      const refs = [...new Set(entries.map(entry => entry.id))].join(', ');
      return { po_id, accepted: accepted.length, cancelled, amount, currency, key, refs };
    });
    return compare(
      given,
      `with theirs as (
         select * from json_to_recordset($1) as t(po_id text, accepted integer, cancelled integer, amount bigint, currency text, key text, refs text)),
       sent as (
         select o.*, (select sum((l ->> 'quantity')::bigint * (l ->> 'cost')::bigint) from suppliers.operations p, json_array_elements(p.request -> 'lines') l where p.op_id = o.send_op_id) as asked
           from suppliers.purchase_order o where o.channel = 'rest')
       select array_remove(array[coalesce(s.id, t.po_id), t.refs], null) as ids,
              format('ours: %s, sending %s, %s %s under %s; theirs: accepted %s times, cancelled %s times, %s %s under %s', coalesce(s.status, 'unknown'), s.sending, s.asked, s.currency,
                     s.send_op_id, coalesce(t.accepted, 0), coalesce(t.cancelled, 0), t.amount, t.currency, t.key) as detail
         from sent s full join theirs t on t.po_id = s.id
        where not ${at_work}
          and (s.id is null or coalesce(t.accepted, 0) <> (s.sending = 'done')::int
               or t.accepted > 0 and (t.amount, t.currency, t.key) is distinct from (s.asked, s.currency, s.send_op_id)
               or (coalesce(t.cancelled, 0) > 0) <> (s.status = 'cancelled' and s.sending = 'done'))`,
      rows,
    );
  },
};

/** There is no cancelling over X12, and what its supplier says it cannot read (997) it has not got. */
const by_x12: Invariant = {
  name: 'D4',
  says: 'the supplier of X12 has each purchase order once, under its number, with the lines that were sent',
  only_at_rest: true,
  ledger: 'x12_supplier',
  check(given) {
    const accepted = entries_of(given, 'x12_supplier').filter(({ kind }) => kind === 'purchase_order_accepted');
    const rows = [...Map.groupBy(accepted, ({ reference }) => reference ?? '')].map(([reference, entries]) => {
      const [first] = entries;
      const refs = entries.map(({ id }) => id).join(', ');
      return {
        reference,
        accepted: entries.length,
        currency: first?.currency,
        control: first?.idempotency_key,
        lines: first?.['lines'],
        refs,
      };
    });
    // Not only sums: two lines whose prices were exchanged cost the same. Both sides are written down in one form, line by line.
    const written = (lines: string) =>
      `(select string_agg(format('%s: %s of %s (%s) at %s', l.line_no, l.quantity, l.sku, l.supplier_sku, l.cost), '; ' order by l.line_no)
          from json_to_recordset(${lines}) as l(line_no integer, quantity bigint, sku text, supplier_sku text, cost bigint))`;
    return compare(
      given,
      `with theirs as (
         select t.*, ${written('t.lines')} as took
           from json_to_recordset($1) as t(reference text, accepted integer, currency text, control text, lines json, refs text)),
       sent as (
         select o.*, ${written(`p.request -> 'lines'`)} as asked
           from suppliers.purchase_order o left join suppliers.operations p on p.op_id = o.send_op_id where o.channel = 'x12_http'),
       compared as (
         select s.*, t.accepted, t.took, t.refs, t.reference as their_reference, t.currency as their_currency, t.control::bigint as their_control,
                s.sending = 'done' and s.receipt <> 'rejected' as is_there
           from sent s full join theirs t on t.reference = s.reference)
       select array_remove(array[s.id, coalesce(s.reference, s.their_reference), s.refs], null) as ids,
              format('ours: %s, sending %s, receipt %s, %s in %s under %s; theirs: accepted %s times, %s in %s under %s', coalesce(s.status, 'unknown'), s.sending, s.receipt,
                     s.asked, s.currency, s.control_number, coalesce(s.accepted, 0), s.took, s.their_currency, s.their_control) as detail
         from compared s
        where not ${at_work}
          and (s.id is null or coalesce(s.accepted, 0) <> s.is_there::int
               or s.accepted > 0 and (s.took, s.their_currency, s.their_control) is distinct from (s.asked, s.currency, s.control_number))`,
      rows,
    );
  },
};

export const purchase_invariants: readonly Invariant[] = [by_rest, by_x12];
