/** Credit rows become what they would have been (decisions.md 5): units not yet dispatched are cancelled; dispatched ones come back once they were delivered. */
import type { Api } from './client.ts';
import { all_of } from './client.ts';
import type { Match, Step } from './plan.ts';

export interface ReturnDesk {
  /** Tries today's credits and those that waited. */
  take(steps: readonly Step[]): Promise<void>;
  waiting(): number;
  readonly returned: { units: number; cancelled_units: number; refused: Map<string, number> };
}

interface OrderView {
  readonly id: string;
  readonly status: string;
  readonly lines: readonly {
    readonly id: string;
    readonly quantity: number;
    readonly quantity_shipped: number;
    readonly quantity_delivered: number;
    readonly quantity_cancelled: number;
  }[];
}
const desks_at_once = 48;
const ended = ['rejected', 'expired', 'cancelled'];

export function return_desk(api: Api, orders: ReadonlyMap<string, string>): ReturnDesk {
  let pending: Match[] = [];
  const returned = { units: 0, cancelled_units: 0, refused: new Map<string, number>() };
  const refuse = (why: string, units: number) => void returned.refused.set(why, (returned.refused.get(why) ?? 0) + units);

  /** All credits of one order in one go; returns what must wait. */
  const one_order = async (order_id: string, matches: readonly Match[]): Promise<Match[]> => {
    const order = await api.call<OrderView>('GET', `/v1/orders/${order_id}`);
    if (ended.includes(order.status)) {
      refuse(
        order.status,
        matches.reduce((sum, match) => sum + match.quantity, 0),
      );
      return [];
    }
    const back: { line_id: string; quantity: number }[] = [];
    const cancel: { line_id: string; quantity: number }[] = [];
    const wait: Match[] = [];
    for (const [line_no, list] of Map.groupBy(matches, match => match.line_no)) {
      const line = order.lines[line_no - 1];
      const quantity = list.reduce((sum, match) => sum + match.quantity, 0);
      if (line === undefined) refuse('no such line', quantity);
      else if (line.quantity_delivered >= quantity) back.push({ line_id: line.id, quantity });
      else if (line.quantity - line.quantity_shipped - line.quantity_cancelled >= quantity) cancel.push({ line_id: line.id, quantity });
      else wait.push(...list);
    }
    await give_back(order_id, back);
    await cancel_lines(order_id, cancel);
    return wait;
  };
  const give_back = async (order_id: string, lines: readonly { line_id: string; quantity: number }[]) => {
    if (lines.length === 0) return;
    const units = lines.reduce((sum, line) => sum + line.quantity, 0);
    try {
      const made = await api.call<{ id: string }>('POST', `/v1/orders/${order_id}/returns`, {
        lines: lines.map(line => ({ ...line, reason: 'credit' })),
      });
      await api.call('POST', `/v1/returns/${made.id}/receive`, { lines: lines.map(line => ({ ...line, condition: 'sellable' })) });
      returned.units += units;
    } catch (error) {
      refuse(code_of(error), units);
    }
  };
  const cancel_lines = async (order_id: string, lines: readonly { line_id: string; quantity: number }[]) => {
    if (lines.length === 0) return;
    const units = lines.reduce((sum, line) => sum + line.quantity, 0);
    try {
      await api.call('POST', `/v1/orders/${order_id}/cancel`, { reason: 'credit', lines });
      returned.cancelled_units += units;
    } catch (error) {
      refuse(code_of(error), units);
    }
  };

  return {
    returned,
    waiting: () => pending.length,
    async take(steps) {
      const matches = [...pending, ...steps.flatMap(step => (step.kind === 'return' ? step.matches : []))];
      pending = [];
      await all_of([...Map.groupBy(matches, match => match.order)], desks_at_once, async ([invoice, list]) => {
        const order_id = orders.get(invoice);
        if (order_id === undefined)
          refuse(
            'order rejected',
            list.reduce((sum, match) => sum + match.quantity, 0),
          );
        else pending.push(...(await one_order(order_id, list)));
      });
    },
  };
}

/** Only a business no is counted; anything else stops the replay. */
function code_of(error: unknown): string {
  const { status, body } = error as { status?: number; body?: string };
  if (status !== 409 && status !== 422) throw error;
  return (JSON.parse(body ?? '{}') as { code?: string }).code ?? String(status);
}
