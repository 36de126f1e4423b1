/** Who may do what, what is no request, what comes twice and what is forged, once more: through a gateway, with every service behind it. */
process.env['JOURNEYS_THROUGH'] = 'gateway';
await import('./matrix.test.ts');
await import('./shape.test.ts');
await import('./idempotency.test.ts');
await import('./webhooks.test.ts');
