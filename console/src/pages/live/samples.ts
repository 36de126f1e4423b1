/** The live page's memory: the newest sample and what the last minutes were, while somebody looks. */
import { useState } from 'react';
import { type StreamState, useStream } from '../../stream.ts';
import type { Sample } from '../../types/desk.ts';

const kept_samples = 180;

export interface LiveState {
  readonly stream: StreamState;
  readonly now: Sample | null;
  /** Oldest first. */
  readonly past: readonly Sample[];
}

export function useLive(): LiveState {
  const [past, set_past] = useState<readonly Sample[]>([]);
  const stream = useStream<Sample>('/v1/live', 'live', sample => set_past(before => [...before.slice(1 - kept_samples), sample]));
  return { stream, now: past.at(-1) ?? null, past };
}
