/** What a projection is: an event of one type, and what it adds to a batch's facts. */
import type { EventOf, EventType, event_contracts } from '../../contracts/index.ts';
import type { Logged } from '../../platform/service.ts';
import type { FactBatch } from './fact_batch.ts';

export type Of<T extends EventType> = Logged<EventOf<(typeof event_contracts)[T]>>;
export type Projection<T extends EventType> = (event: Of<T>, facts: FactBatch) => void;
export type Projections<T extends EventType> = { readonly [N in T]: Projection<N> };

/** Kept whole in event_raw, and nothing else. */
export const raw_only = (): void => undefined;
