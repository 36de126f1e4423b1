/**
 * The payer's way to his bank and back, for gateways that need a form posted (3-D Secure): a page of ours that posts it, and the address
 * to which the bank sends him. Whoever knows an operation's id may come here: all he can do is to let the gateway be asked.
 */
import { createHash } from 'node:crypto';
import Type from 'typebox';
import { not_found, raw_body } from '../../platform/http.ts';
import type { Route, StreamReply } from '../../platform/route.ts';
import type { Row } from '../../platform/service.ts';
import type { PayerPage } from './gateways/port.ts';
import type { PaymentsDesk } from './routes.ts';

const returned_bytes_max = 64 * 1_024;

interface Waiting {
  readonly payment_id: string;
  readonly return_url: string | null;
  readonly learned: Row;
  readonly waits: boolean;
}
/** $1 op_id, $2 gateway. */
const waiting_sql = `
  select o.subject as payment_id, o.request->>'return_url' as return_url, o.learned, o.state = 'sent' and o.waiting as waits
    from payments.operations o where o.op_id = $1 and o.provider = $2 and o.kind = 'authorize'`;

export function payer_routes(desk: PaymentsDesk, provider: string, page: PayerPage): Route[] {
  const find = async (op_id: string | undefined): Promise<Waiting> => {
    const [found] = await desk.query<Waiting>('payments.payer', waiting_sql, [op_id ?? '', provider]);
    if (found === undefined) throw not_found();
    return found;
  };
  return [
    {
      method: 'GET',
      path: `/inbound/${provider}/payer/:id`,
      summary: `Sends the payer to his bank for ${provider}`,
      scope: 'public',
      replies: { 200: Type.String(), 303: Type.String() },
      rejections: ['not_found'],
      async handle({ params }): Promise<StreamReply> {
        const { learned, waits, return_url } = await find(params['id']);
        const form = waits ? page.form(learned) : undefined;
        return form === undefined
          ? back_to_shop(return_url)
          : html(200, form_page(form), { 'content-security-policy': policy(form.action) });
      },
    },
    {
      method: 'POST',
      path: `/inbound/${provider}/payer/:id`,
      summary: `The payer comes back from his bank, for ${provider}`,
      scope: 'public',
      body: raw_body,
      not_idempotent: true,
      replies: { 303: Type.String() },
      rejections: ['not_found'],
      async handle(request): Promise<StreamReply> {
        const op_id = request.params['id'] ?? '';
        const { payment_id, waits, return_url } = await find(op_id);
        // The door hands routes with `raw_body` the bytes as they came.
        const body = request.body as Uint8Array;
        const learned = page.returned(body.length > returned_bytes_max ? new Uint8Array() : body);
        if (waits) await desk.submit({ type: 'payer_returned', payment_id, op_id, learned }, { request });
        return back_to_shop(return_url);
      },
    },
  ];
}

/** The shop asks what became of it; here nobody waits for the bank. */
function back_to_shop(return_url: string | null): StreamReply {
  const to = return_url !== null && URL.canParse(return_url) ? new URL(return_url) : undefined;
  if (to === undefined || (to.protocol !== 'http:' && to.protocol !== 'https:'))
    return html(200, '<p>Thank you. You can close this page.</p>');
  return html(303, '', { location: to.href });
}

function form_page({ action, fields }: { readonly action: string; readonly fields: Readonly<Record<string, string>> }): string {
  const inputs = Object.entries(fields).map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`);
  return `<form method="post" action="${escaped(action)}">${inputs.join('')}<button>Continue to your bank</button></form><script>${submit}</script>`;
}
const submit = 'document.forms[0].submit()';

function policy(action: string): string {
  const hash = createHash('sha256').update(submit).digest('base64');
  return `default-src 'none'; script-src 'sha256-${hash}'; form-action ${new URL(action).origin} https:; frame-ancestors 'none'; base-uri 'none'`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function html(status: number, content: string, headers: Readonly<Record<string, string>> = {}): StreamReply {
  return { status, content_type: 'text/html', headers: { 'referrer-policy': 'no-referrer', ...headers }, stream: page_of(content) };
}
async function* page_of(content: string): AsyncGenerator<string> {
  yield `<!doctype html><meta charset="utf-8"><title>Payment</title>${content}`;
}
