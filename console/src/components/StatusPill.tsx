/** A state in the API's word, with a colour that means the same everywhere: good is done, info moves, warn waits for somebody, bad needs one. */
import type { ReactNode } from 'react';
import { words } from '../format.ts';

export type Tone = 'good' | 'info' | 'warn' | 'bad' | 'idle';

const by_tone: Readonly<Record<Tone, readonly string[]>> = {
  good: [
    'completed',
    'captured',
    'delivered',
    'succeeded',
    'received',
    'active',
    'enabled',
    'accepted',
    'fulfilled',
    'fine',
    'pass',
    'closed',
    'labeled',
    'purchased',
  ],
  info: [
    'placed',
    'confirmed',
    'in_fulfillment',
    'authorized',
    'partially_captured',
    'shipped',
    'partially_shipped',
    'partially_delivered',
    'in_transit',
    'out_for_delivery',
    'picked_up',
    'dispatched',
    'sent',
    'acknowledged',
    'approved',
    'labeling',
    'planned',
    'processing',
    'partially_received',
    'requested',
    'proposed',
    'label_created',
    'pending',
  ],
  warn: [
    'awaiting_payment',
    'cancelling',
    'action_required',
    'backordered',
    'partially_refunded',
    'delayed',
    'returning',
    'awaiting_pickup',
    'draft',
    'half_open',
    'held',
    'parked',
  ],
  bad: [
    'rejected',
    'declined',
    'failed',
    'unknown',
    'lost',
    'quarantined',
    'disabled',
    'open',
    'delivery_failed',
    'exception',
    'lapsed',
    'fail',
  ],
  idle: [],
};
const tones = new Map(Object.entries(by_tone).flatMap(([tone, values]) => values.map(value => [value, tone as Tone] as const))); // keys of by_tone

export function tone_of(value: string): Tone {
  return tones.get(value) ?? 'idle';
}

export function StatusPill({
  value,
  tone = tone_of(value),
  label = words(value),
}: {
  readonly value: string;
  readonly tone?: Tone;
  readonly label?: string;
}): ReactNode {
  return <span className={`pill ${tone}`}>{label}</span>;
}
