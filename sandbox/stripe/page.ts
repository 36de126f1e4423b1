/** The page on which a test payer authenticates (3D Secure). */
import type { StandInReply } from '../stand_in.ts';
import type { Intent } from './objects.ts';

/** Waiting: two buttons. Done: back to the shop when it gave an address, as Stripe redirects. */
export function page_reply(intent: Intent | undefined): StandInReply {
  if (intent === undefined) return html(404, '<p>There is no such payment.</p>');
  if (intent.status === 'requires_action') return html(200, question(intent));
  const back = address_of(intent);
  if (back === undefined) return html(200, `<p>Done: ${intent.status}. You can close this page.</p>`);
  return { status: 303, headers: { location: back, 'content-type': 'text/html' }, body: '' };
}

function question(intent: Intent): string {
  const buttons = [
    ['success', 'Complete authentication'],
    ['fail', 'Fail authentication'],
  ].map(([outcome, label]) => `<form method="post" action="?outcome=${outcome}"><button>${label}</button></form>`);
  return `<h1>3D Secure test page</h1><p>Payment of ${intent.amount} ${intent.currency.toUpperCase()} (minor units)</p>${buttons.join('')}`;
}

function address_of(intent: Intent): string | undefined {
  if (intent.return_url === null || !URL.canParse(intent.return_url)) return undefined;
  const back = new URL(intent.return_url);
  if (back.protocol !== 'http:' && back.protocol !== 'https:') return undefined;
  back.searchParams.set('payment_intent', intent.id);
  back.searchParams.set('payment_intent_client_secret', intent.client_secret);
  back.searchParams.set('redirect_status', intent.last_payment_error === null ? 'succeeded' : 'failed');
  return back.href;
}

function html(status: number, content: string): StandInReply {
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
  };
  const style = 'body{font:16px sans-serif;max-width:30em;margin:4em auto}button{font:inherit;padding:.5em 1em;margin:.5em 0}';
  return { status, headers, body: `<!doctype html><title>3D Secure</title><style>${style}</style>${content}` };
}
