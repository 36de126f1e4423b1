/** The bank's page of 3-D Secure: two buttons for a person, `?outcome=success|fail` for a test; then back to the merchant by a form, as banks do. */
import { escaped } from '../soap.ts';
import type { StandInReply } from '../stand_in.ts';
import type { Enrollment } from './books.ts';

export function question(enrollment: Enrollment | undefined): StandInReply {
  if (enrollment === undefined) return html(404, '<p>There is no such payment.</p>');
  const buttons = [
    ['success', 'Complete authentication'],
    ['fail', 'Fail authentication'],
  ].map(([outcome, label]) => `<form method="post" action="?outcome=${outcome}"><button>${label}</button></form>`);
  return html(200, `<h1>3D Secure test page</h1><p>Payment of ${escaped(enrollment.amount)}</p>${buttons.join('')}`);
}

export function back({ return_url, id }: Enrollment): StandInReply {
  const fields = `<input type="hidden" name="TransactionId" value="${escaped(id)}"><input type="hidden" name="Response" value="">`;
  const form = `<form method="post" action="${escaped(return_url)}">${fields}<button>Back to the shop</button></form>`;
  return html(200, `<h1>Thank you</h1>${form}<script>document.forms[0].submit()</script>`);
}

function html(status: number, content: string): StandInReply {
  const style = 'body{font:16px sans-serif;max-width:30em;margin:4em auto}button{font:inherit;padding:.5em 1em;margin:.5em 0}';
  return {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: `<!doctype html><meta charset="utf-8"><title>3D Secure</title><style>${style}</style>${content}`,
  };
}
