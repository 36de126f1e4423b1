/** Who may do what, what is no request and what comes twice, once more: through a gateway, with every service behind it. Any other file: JOURNEYS_THROUGH=gateway. */
process.env['JOURNEYS_THROUGH'] = 'gateway';
await import('./matrix.test.ts');
await import('./idempotency.test.ts');
// The last: its patience is measured from its import, while the others would still be opening their shops.
await import('./shape.test.ts');
