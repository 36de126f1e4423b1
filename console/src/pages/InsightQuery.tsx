export function InsightQuery() { return null; }
