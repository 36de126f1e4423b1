/** Edges that the design's tables ask for and nothing takes, each with why. The coverage test fails on a reason whose edge is taken. */

const not_unlearned = 'what the gateway said of its progress is not unlearned by a question without an answer';
const nothing_new = 'the same again changes nothing, so no edge is taken';
const let_go =
  'what was let go stays in the set of facts: no authorization comes back, and money taken all the same is drift, for a person';

export const untaken: ReadonlyMap<string, string> = new Map([
  [
    'order: completed – payment.authorized → same',
    'a completed order is covered and asks for no money: a late authorization is of a payment that it released before',
  ],
  ['payment: pending – action_required → action_required', 'pending outranks: who waits for the bank is not sent to it again'],
  ['payment: pending – pending → pending', nothing_new],
  ['payment: unknown – unknown → unknown', nothing_new],
  ['payment: action_required – unknown → unknown', not_unlearned],
  ['payment: pending – unknown → unknown', not_unlearned],
  ['payment: voided – ok or captured → authorized', let_go],
  ['payment: voided – ok or captured → captured', let_go],
  ['payment: lapsed – ok or captured → authorized', let_go],
  ['shipment: new – plan_shipments → labeling', 'no routing rules yet: a carrier that is not manual is asked for its rates first'],
]);
