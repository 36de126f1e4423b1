/** Returns: delivered units come back, in parts if need be; each part is restocked by inventory and credited here (domain.md U12, 3.6). */
import type { ReturnReceived } from '../../../contracts/index.ts';
import { later } from '../../../platform/service.ts';
import type { CancelReturn, ReceiveReturn, RequestReturn } from '../commands.ts';
import type { Order, OrderLine, Refund, Return } from '../model.ts';
import { not_in_status, type OrdersRejection, reject } from '../rejections.ts';
import { asked_of_order } from './about.ts';
import { type Draft, news, put_lines, say } from './draft.ts';
import { credit_line, credit_of } from './tender.ts';
import { return_wait_ms } from './waits.ts';

export const request_return = asked_of_order<RequestReturn>((draft, { lines }) => {
  const { order, given } = draft;
  const { status } = order.axes;
  if (status !== 'in_fulfillment' && status !== 'completed') return not_in_status(status, 'sent back', ['in_fulfillment', 'completed']);
  const refusal = too_many(order, lines);
  if (refusal !== undefined) return refusal;
  say(draft, {
    type: 'return.requested',
    data: {
      ...news(draft),
      return_id: draft.new_id('ret'),
      return_status: 'requested',
      deadline: later(given.at, return_wait_ms),
      lines: lines.map(({ line_no, quantity, reason }) => ({ line_no, quantity, reason })),
    },
  });
  return undefined;
});

/** No more than was delivered and is not back, or on its way back. */
function too_many(order: Order, lines: RequestReturn['lines']): OrdersRejection | undefined {
  const asked = new Map<number, number>();
  for (const { line_no, quantity } of lines) asked.set(line_no, (asked.get(line_no) ?? 0) + quantity);
  for (const [line_no, quantity] of asked) {
    const line = order.lines[line_no - 1];
    if (line === undefined) return reject('line_not_found', `The order has no line ${line_no}.`);
    const most = Math.max(0, line.delivered - line.returned - on_the_way_back(order, line_no));
    if (quantity > most) {
      return reject('return_exceeds_delivered', `At most ${most} of line ${line_no} can come back.`, {
        line_id: String(line_no),
        returnable: most,
      });
    }
  }
  return undefined;
}

function on_the_way_back(order: Order, line_no: number): number {
  let units = 0;
  for (const { status, lines } of order.returns) {
    if (status === 'cancelled' || status === 'received') continue;
    for (const line of lines) if (line.line_no === line_no) units += line.quantity - line.received;
  }
  return units;
}

export const receive_return = asked_of_order<ReceiveReturn>((draft, { return_id, lines }) => {
  const known = draft.order.returns.find(one => one.return_id === return_id);
  if (known === undefined) return reject('not_found', 'The order has no such return.');
  if (known.status === 'cancelled' || known.status === 'received') {
    return reject('invalid_transition', `This return is ${known.status}.`, { return_status: known.status });
  }
  const arrived = arrived_of(draft.order, known, lines);
  if ('rejection' in arrived) return arrived;
  put_lines(draft, arrived.lines);
  say(draft, {
    type: 'return.received',
    data: { ...news(draft), return_id, return_status: arrived.status, receipt_no: known.receipts + 1, lines: arrived.told },
  });
  credit(draft, arrived.told);
  return undefined;
});

type ToldLine = ReturnReceived['data']['lines'][number];

function arrived_of(order: Order, known: Return, lines: ReceiveReturn['lines']) {
  const changed = new Map<number, OrderLine>();
  const told: ToldLine[] = [];
  const open = new Map<number, number>();
  for (const { line_no, quantity, received } of known.lines) open.set(line_no, (open.get(line_no) ?? 0) + quantity - received);
  for (const { line_no, quantity, condition, location_id } of lines) {
    const line = changed.get(line_no) ?? order.lines[line_no - 1];
    const most = open.get(line_no) ?? 0;
    if (line === undefined || quantity > most) {
      return reject('return_exceeds_delivered', `At most ${most} of line ${line_no} were to come back.`, {
        line_id: String(line_no),
        returnable: most,
      });
    }
    open.set(line_no, most - quantity);
    changed.set(line_no, { ...line, returned: line.returned + quantity });
    const reason = known.lines.find(asked => asked.line_no === line_no)?.reason ?? '';
    told.push({ line_no, location_id: location_id ?? line.allocations[0]?.location_id ?? null, quantity, reason, condition });
  }
  const status = [...open.values()].every(units => units === 0) ? ('received' as const) : ('partially_received' as const);
  return { lines: changed.values(), told, status };
}

/** What came back is credited at its value; `settle` gives back what of it was captured. */
function credit(draft: Draft, told: readonly ToldLine[]): void {
  const changed = new Map<number, OrderLine>();
  const lines: Refund['lines'][number][] = [];
  let value = 0;
  for (const { line_no, quantity } of told) {
    const line = changed.get(line_no) ?? draft.order.lines[line_no - 1];
    if (line === undefined) continue;
    const worth = credit_of(line, quantity);
    changed.set(line_no, credit_line(line, quantity, worth));
    lines.push({ line_no, quantity, ...worth });
    value += worth.amount;
  }
  put_lines(draft, changed.values());
  draft.order = { ...draft.order, credited_value: draft.order.credited_value + value };
  draft.refund = { reason: 'return', lines };
}

export const cancel_return = asked_of_order<CancelReturn>((draft, { return_id }) => {
  const known = draft.order.returns.find(one => one.return_id === return_id);
  if (known === undefined) return reject('not_found', 'The order has no such return.');
  if (known.status !== 'requested') return reject('invalid_transition', `This return is ${known.status}.`, { return_status: known.status });
  drop_return(draft, known);
  return undefined;
});

export function drop_return(draft: Draft, { return_id, lines }: Return): void {
  const told = lines.map(({ line_no, quantity, reason }) => ({ line_no, quantity, reason }));
  say(draft, { type: 'return.cancelled', data: { ...news(draft), return_id, return_status: 'cancelled', lines: told } });
}
