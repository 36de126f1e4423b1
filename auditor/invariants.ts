/** Every invariant, in the order in which the auditor checks them. */
import type { Invariant } from './auditor.ts';

export const invariants: readonly Invariant[] = [];
