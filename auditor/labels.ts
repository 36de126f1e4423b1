/**
 * What carriers' sellers really sold us, from their own ledgers, against our parcels (O10). A parcel whose shipment has a call that has not ended is left
 * out: what became of it is still to be learned. A label is known by its tracking number, which no two labels share.
 */
import { type AuditGiven, entries_of, type Invariant, open_states, text } from './auditor.ts';
import { findings_of, sql_invariant } from './sql.ts';

interface Seller {
  readonly provider: string;
  /** As people call it. */
  readonly called: string;
  /** What its ledger calls a label whose money came back. */
  readonly given_back: string;
}
interface Sold {
  readonly label_ref: string;
  readonly parcel_id: string;
  readonly tracking_number: string;
  readonly cost: number;
  readonly currency: string;
  paid: number;
  paid_back: number;
}

/** Per label: how often it was paid for, and paid back. */
function sold_by({ provider, given_back }: Seller, given: AuditGiven): Sold[] {
  const labels = new Map<string, Sold>();
  for (const { id, kind, reference, amount: cost = 0, currency = '', ...more } of entries_of(given, provider)) {
    const about = { label_ref: id, parcel_id: reference ?? '', tracking_number: text(more['tracking_code']), cost, currency };
    const label = labels.get(id) ?? { ...about, paid: 0, paid_back: 0 };
    if (kind === 'label_purchased') label.paid += 1;
    else if (kind === given_back) label.paid_back += 1;
    labels.set(id, label);
  }
  return [...labels.values()];
}

function one_label(seller: Seller): Invariant {
  const { provider, called } = seller;
  return {
    name: 'O10',
    says: `${called} was paid for one label per parcel that needs one, at our price, and gave back the others`,
    ledger: provider,
    only_at_rest: true,
    check: async given =>
      findings_of(
        'O10',
        await given.pool_of('shipping').query(
          `with theirs as (
             select * from json_to_recordset($1)
                      as l(label_ref text, parcel_id text, tracking_number text, paid integer, paid_back integer, cost bigint, currency text)),
           quiet as (
             select p.*, s.currency as label_currency from shipping.parcel p join shipping.shipment s on s.id = p.shipment_id
              where not exists (select 1 from shipping.operations o where o.subject = p.shipment_id and o.state in ${open_states}))
           select array_agg(label_ref) || parcel_id as ids, format('%s paid labels, %s given back', sum(paid), sum(paid_back)) as detail
             from theirs group by parcel_id having sum(paid) - sum(paid_back) > 1 or sum(paid_back) > sum(paid)
           union all
           select array[t.label_ref, t.parcel_id], 'a label of no parcel'
             from theirs t where not exists (select 1 from shipping.parcel p where p.id = t.parcel_id)
           union all
           select array[t.label_ref, p.id], format('${called} was paid for %s, the label of the parcel is %s and has the number %s', t.tracking_number, p.label_status,
                                                   coalesce(p.tracking_number, 'none'))
             from quiet p join theirs t on t.parcel_id = p.id
            where t.paid > t.paid_back and (p.provider, p.tracking_number) is distinct from ('${provider}', t.tracking_number)
           union all
           select array_remove(array[p.id, t.label_ref], null),
                  format('the label is %s, ${called} has %s paid and %s given back', p.label_status, coalesce(t.paid, 0), coalesce(t.paid_back, 0))
             from quiet p left join theirs t on t.tracking_number = p.tracking_number
            where p.provider = '${provider}'
              and (p.label_status in ('purchased', 'void_refused') and coalesce(t.paid - t.paid_back, 0) <> 1
                   or p.label_status in ('none', 'requested', 'failed', 'voided') and coalesce(t.paid - t.paid_back, 0) <> 0)
           union all
           select array[p.id, t.label_ref],
                  format('bought for %s %s as the label of %s, ${called} says %s %s and %s', p.label_cost, p.label_currency, p.id, t.cost, t.currency, t.parcel_id)
             from quiet p join theirs t on t.tracking_number = p.tracking_number
            where p.provider = '${provider}' and p.label_status = 'purchased'
              and (p.label_cost, p.label_currency, p.id) is distinct from (t.cost, t.currency, t.parcel_id)`,
          [JSON.stringify(sold_by(seller, given))],
        ),
      ),
  };
}

const unneeded_labels = sql_invariant(
  { name: 'O10', says: 'a label of what will not leave is given back', only_at_rest: true },
  {
    service: 'shipping',
    sql: `select array[p.id, s.id] as ids, format('the label is %s, the shipment %s at plan %s, the parcel of plan %s', p.label_status, s.status, s.revision_no, p.revision_no) as detail
            from shipping.parcel p join shipping.shipment s on s.id = p.shipment_id
           where p.label_status = 'purchased' and (s.status = 'cancelled' or p.revision_no <> s.revision_no or json_array_length(p.lines) = 0)`,
  },
);

export const label_invariants: readonly Invariant[] = [
  one_label({ provider: 'easypost', called: 'EasyPost', given_back: 'label_refunded' }),
  one_label({ provider: 'purolator', called: 'Purolator', given_back: 'label_voided' }),
  unneeded_labels,
];
