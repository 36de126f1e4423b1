/** What waits for a person, of whatever row. */
import type { SuppliersEvent } from '../../contracts/index.ts';
import type { OpenException } from './model_order.ts';

type ExceptionEvent = Extract<SuppliersEvent, { type: 'exception.raised' | 'exception.resolved' }>;

export function evolve_exceptions(open: readonly OpenException[], event: ExceptionEvent): readonly OpenException[] {
  const { exception_id, reason, owner, deadline, detail } = event.data;
  const others = open.filter(exception => exception.exception_id !== exception_id);
  return event.type === 'exception.raised' ? [...others, { exception_id, reason, owner, deadline, detail }] : others;
}
