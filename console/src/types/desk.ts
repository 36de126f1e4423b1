/** What the operations desk tells (api.md 7): cases for people, events and calls that stand still, consumers, the auditor. */

export interface BusinessException {
  readonly exception_id: string;
  readonly service: string;
  readonly subject: string;
  readonly reason: string;
  readonly owner: string;
  readonly deadline: string;
  readonly detail: string;
  readonly key: string;
  readonly raised_at: string;
}
export interface DeadLetter {
  readonly id: string;
  readonly service: string;
  readonly source: string;
  readonly key: string;
  readonly attempts: number;
  readonly quarantined: boolean;
  readonly reason: string;
  readonly since: string;
  readonly next_at: string;
  readonly redrives: number;
  readonly type: string | null;
  readonly event_id: string | null;
  readonly waiting: number;
}
export interface DeadLetterDetail extends DeadLetter {
  readonly events: readonly { readonly position: number; readonly event: Readonly<Record<string, unknown>> }[];
}
export interface Operation {
  readonly id: string;
  readonly service: string;
  readonly kind: string;
  readonly provider: string;
  readonly subject: string;
  readonly key: string;
  readonly state: string;
  readonly attempts: number;
  readonly queries: number;
  readonly next_at: string | null;
  readonly waiting: boolean;
  readonly last_outcome: Readonly<Record<string, unknown>> | null;
  readonly requested_at: string;
  readonly sent_at: string | null;
  readonly ended_at: string | null;
  readonly asked_until: string | null;
}
export interface OperationDetail extends Operation {
  readonly request: unknown;
  readonly learned: unknown;
}
export interface Consumer {
  readonly service: string;
  readonly source: string;
  readonly position: number;
  readonly head: number;
  readonly events: number;
  readonly seconds: number;
}
export interface Findings {
  readonly at: string | null;
  readonly checked: number;
  readonly findings: readonly { readonly invariant: string; readonly detail: string; readonly ids: readonly string[] }[];
  /** A line a log. */
  readonly left_out: readonly string[];
}
export interface Provider {
  readonly service: string;
  readonly provider: string;
  readonly breaker: 'closed' | 'open';
  readonly reason: string | null;
  readonly paused_until: string | null;
  readonly in_flight: number;
  readonly p95_ms: number | null;
  readonly outcomes: Readonly<Record<string, number>>;
}

export interface Vitals {
  readonly service: string;
  readonly lag: { readonly events: number; readonly seconds: number };
  readonly parked: number;
  readonly quarantined: number;
  readonly unknown_operations: number;
  readonly oldest_waiting_at: string | null;
  readonly events_per_s: number;
}
export interface Stuck {
  readonly service: string;
  readonly kind: 'dead_letter' | 'operation' | 'timer' | 'exception';
  readonly id: string;
  readonly subject: string;
  readonly since: string;
  readonly detail: string;
}
export interface Sample {
  readonly at: string;
  readonly services: readonly Vitals[];
  readonly orders_per_s: number;
  readonly captured_per_minute: readonly { readonly currency: string; readonly amount: number }[];
  readonly stuck: readonly Stuck[];
  readonly unavailable: readonly string[];
}
