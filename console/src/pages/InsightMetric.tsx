export function InsightMetric() { return null; }
