/** How a call to a carrier ends that did not give what was asked for. */
import type { Outcome } from '../../../platform/service.ts';

export type Stop = Extract<Outcome, { outcome: 'declined' | 'permanent_error' | 'retryable' | 'unknown' }>;

/** Reading, quoting, tracking and asking for a refund have no effect that a second time would double: what may have happened may be asked again. */
export function repeatable(stop: Stop): Stop {
  return stop.outcome === 'unknown' ? { outcome: 'retryable', detail: stop.detail } : stop;
}
