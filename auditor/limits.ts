/** How far back the auditor beside running services looks; `audit` looks at everything. */
export const recent_events_max = 10_000;
/** Aggregates whose log is folded anew each time, of those the newest events changed. */
export const recent_aggregates_max = 100;
