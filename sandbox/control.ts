/** What is under /__sim: how a test or an operator looks into a stand-in and makes it misbehave. Documented in stand_in.ts. */
import { parse_fault, parse_profile } from './fault_rules.ts';
import { is_record } from './faults.ts';
import type { LedgerEntry } from './memory.ts';
import { json_reply, parse_json } from './replies.ts';
import { listen, type Running, wait } from './running.ts';
import type { StandInReply, StandInRequest } from './stand_in.ts';

export const ledger_page_max = 1_000_000;
const listen_again_ms = 50;
const refuse_default_ms = 1_000;

export function control(running: Running, request: StandInRequest): StandInReply {
  switch (`${request.method} ${request.path}`) {
    case 'GET /__sim/health':
      return json_reply(200, {
        name: running.options.name,
        status: running.memory.full ? 'full' : 'ok',
        ledger_entries: running.memory.ledger.length,
        faults: running.faults.rules.length,
        clock_skew_ms: running.skew_ms,
        webhooks: running.webhooks.counts,
      });
    case 'GET /__sim/ledger':
      return ledger_page(running.memory.ledger, request.query);
    case 'GET /__sim/faults':
      return json_reply(200, { faults: running.faults.rules, profile: running.faults.profile ?? null });
    case 'DELETE /__sim/faults':
      running.faults.clear();
      running.skew_ms = 0;
      return json_reply(200, { faults: [] });
    case 'POST /__sim/faults':
      return post_fault(running, parse_json(request.body));
    case 'POST /__sim/profile':
      return post_profile(running, parse_json(request.body));
    case 'POST /__sim/deeds':
      return post_deed(running, parse_json(request.body));
    case 'POST /__sim/webhook':
      return post_webhook(running, parse_json(request.body));
    default:
      return json_reply(404, { error: { message: 'see sandbox/stand_in.ts for what is under /__sim' } });
  }
}

function ledger_page(entries: readonly LedgerEntry[], query: URLSearchParams): StandInReply {
  const after = Number(query.get('after') ?? 0);
  const limit = Number(query.get('limit') ?? ledger_page_max);
  if (!Number.isInteger(after) || after < 0 || !Number.isInteger(limit) || limit < 1)
    return json_reply(400, { error: { message: 'after and limit are counts' } });
  const page = entries.slice(after, after + Math.min(limit, ledger_page_max));
  return json_reply(200, { entries: page, next: after + page.length });
}

function post_fault(running: Running, value: unknown): StandInReply {
  const rule = parse_fault(value);
  if (typeof rule === 'string') return json_reply(400, { error: { message: rule } });
  if (rule.fault === 'clock_skew') running.skew_ms = rule.skew_ms ?? 0;
  else if (rule.fault === 'refuse') refuse(running, rule.delay_ms ?? refuse_default_ms);
  else if (!running.faults.add(rule)) return json_reply(429, { error: { message: 'too many faults in force: DELETE /__sim/faults' } });
  return json_reply(201, { ...rule });
}

function post_profile(running: Running, value: unknown): StandInReply {
  const profile = value === null ? undefined : parse_profile(value);
  if (typeof profile === 'string') return json_reply(400, { error: { message: profile } });
  running.faults.follow(profile);
  return json_reply(200, { profile: profile ?? null });
}

/** What happens there without our asking: in its dashboard, at a bank, in a depot. */
function post_deed(running: Running, value: unknown): StandInReply {
  const names = Object.keys(running.deeds);
  if (!is_record(value) || typeof value['deed'] !== 'string' || typeof value['id'] !== 'string')
    return json_reply(400, { error: { message: `{ deed, id }; deeds are ${names.join(' ')}` } });
  const { deed, id } = value;
  if (!names.includes(deed)) return json_reply(400, { error: { message: `deeds are ${names.join(' ')}` } });
  return do_deed(running, deed, id)
    ? json_reply(200, { deed, id })
    : json_reply(409, { error: { message: `${deed} cannot be done to ${id} now` } });
}

/** False: it cannot be done to that object now. */
export function do_deed(running: Running, deed: string, id: string): boolean {
  const webhooks = running.deeds[deed]?.(id);
  if (webhooks === undefined) return false;
  const queued = running.webhooks.queue(webhooks, { method: 'POST', path: `/__sim/deeds/${deed}` });
  running.memory.flush();
  void running.webhooks.deliver(queued);
  return true;
}

/** A refused connection has no path: the port itself goes away and comes back. Requests in flight are answered; their connections end with that. */
function refuse(running: Running, milliseconds: number): void {
  running.server.close();
  void wait(running, milliseconds).then(() => listen_again(running));
}
async function listen_again(running: Running): Promise<void> {
  while (!running.stopped && !running.server.listening) {
    try {
      await listen(running.server, running.port);
    } catch {
      // Somebody took the port meanwhile; it was promised to our callers, so wait for it.
      await wait(running, listen_again_ms);
    }
  }
}

function post_webhook(running: Running, value: unknown): StandInReply {
  if (!is_record(value) || typeof value['url'] !== 'string' || !URL.canParse(value['url']))
    return json_reply(400, { error: { message: 'url is needed' } });
  const secret =
    typeof value['secret'] === 'string'
      ? value['secret']
      : (running.webhooks.target?.secret ?? running.options.webhook_secret_default ?? '');
  const first = running.webhooks.target === undefined;
  const text = (name: string) => (typeof value[name] === 'string' ? value[name] : undefined);
  running.webhooks.target = { url: value['url'], secret, old_secret: text('old_secret'), new_secret: text('new_secret') };
  if (first) running.webhooks.resume();
  return json_reply(200, { url: value['url'] });
}
