/** `doctor`: one line for each thing that a start depends on: fine, or what is wrong and what to do next. Changes nothing, prints no secret. */
import { access, constants, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import type { Checked } from '../platform/adapters/check.ts';
import { real_clock } from '../platform/clock.ts';
import { compose, publishers } from './compose.ts';
import { check_database } from './doctor_database.ts';
import { third_parties } from './sandbox.ts';
import { data_file, type Provider, read_settings, type Settings, setting_rows } from './settings.ts';

/** Of one check; all run at once. */
export const check_timeout_ms = 10_000;

export interface Finding {
  readonly name: string;
  /** `note`: it works, and somebody should know. */
  readonly state: 'ok' | 'note' | 'wrong';
  readonly detail: string;
}

/** Exit code 1 when anything is wrong. */
export async function doctor(env: Readonly<Record<string, string | undefined>>, say: (line: string) => void): Promise<number> {
  const findings = await examine(env);
  const width = Math.max(...findings.map(({ name }) => name.length));
  say('');
  for (const { name, state, detail } of findings) say(`  ${name.padEnd(width)}  ${state.padEnd(5)}  ${detail}`);
  const wrong = findings.filter(({ state }) => state === 'wrong').length;
  say(wrong === 0 ? '\n  nothing is wrong\n' : `\n  ${wrong} ${wrong === 1 ? 'thing is' : 'things are'} wrong\n`);
  return wrong === 0 ? 0 : 1;
}

export async function examine(env: Readonly<Record<string, string | undefined>>): Promise<readonly Finding[]> {
  let settings: Settings;
  try {
    settings = read_settings(env);
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'wrong_settings') throw error;
    // Nothing else can be looked at before these are right.
    return error.message.split('\n').map(detail => ({ name: 'settings', state: 'wrong', detail }));
  }
  const running = await running_here(settings);
  const found = await Promise.all([
    settings_found(env, settings),
    folder_found(settings),
    ...database_checks(settings, running),
    port_found(settings, running),
    ...providers(settings, running),
    webhooks_found(settings),
  ]);
  return found.flat();
}

/** What `up` of this folder wrote down, when it answers. */
interface Running {
  readonly url: string;
  readonly stand_ins: readonly { readonly name: string; readonly url: string }[];
}
async function running_here(settings: Settings): Promise<Running | undefined> {
  const text = await readFile(data_file(settings, 'up.json'), 'utf8').catch(() => '{}');
  const { url, stand_ins = [] } = JSON.parse(text) as Partial<Running>;
  if (url === undefined) return undefined;
  const answers = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(1_000) }).then(
    response => response.ok,
    () => false,
  );
  return answers ? { url, stand_ins } : undefined;
}

function settings_found(env: Readonly<Record<string, string | undefined>>, settings: Settings): Finding[] {
  const given = setting_rows.filter(({ name }) => (env[name] ?? '') !== '').length;
  const mode = settings.sandbox ? 'sandbox mode: third parties are stand-ins' : 'live';
  const ok: Finding = { name: 'settings', state: 'ok', detail: `${given} set, the rest as preset; ${mode}` };
  const local = ['localhost', '127.0.0.1', '[::1]'].includes(new URL(settings.public_url).hostname);
  if (settings.sandbox || !local) return [ok];
  return [
    ok,
    { name: 'PUBLIC_URL', state: 'note', detail: `${settings.public_url} is this machine alone: third parties cannot send webhooks to it` },
  ];
}

async function folder_found({ data_folder }: Settings): Promise<Finding> {
  const writable = (folder: string): Promise<boolean> =>
    access(folder, constants.W_OK).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code === 'ENOENT' && dirname(folder) !== folder && writable(dirname(folder)),
    );
  if (await writable(data_folder)) return { name: 'data', state: 'ok', detail: data_folder };
  return { name: 'data', state: 'wrong', detail: `${data_folder} cannot be written: give it to this user, or set CARTWRIGHT_DATA` };
}

/** Each database once, under the names of those who keep their schemas there. */
function database_checks(settings: Settings, running: Running | undefined): Promise<Finding[]>[] {
  const named = [...publishers, 'gateway'].map(name => ({
    name,
    url: (settings.service_database_urls as Readonly<Record<string, string>>)[name] ?? settings.database_url,
  }));
  return [...Map.groupBy(named, ({ url }) => url)].map(async ([url, owners]) => {
    const all = owners.length === named.length;
    const name = all ? 'database' : `database of ${owners.map(owner => owner.name).join(', ')}`;
    if (url === undefined)
      return [found_ok(name, running === undefined ? 'embedded; `up` and `start` start it' : `embedded, and running (${running.url})`)];
    const setting = all || owners.length > 1 ? 'DATABASE_URL' : `${owners[0]?.name.toUpperCase()}_DATABASE_URL`;
    return [finding(name, await check_database(url, setting, check_timeout_ms))];
  });
}

function found_ok(name: string, detail: string): Finding {
  return { name, state: 'ok', detail };
}

function finding(name: string, { ok, detail }: Checked): Finding {
  return { name, state: ok ? 'ok' : 'wrong', detail };
}

async function port_found({ host, port, metrics_port }: Settings, running: Running | undefined): Promise<Finding[]> {
  if (running !== undefined) return [{ name: 'ports', state: 'ok', detail: `Cartwright runs on this folder: ${running.url}` }];
  const wanted = [
    ['PORT', port],
    ['METRICS_PORT', metrics_port],
  ] as const;
  return Promise.all(
    wanted.map(async ([name, number]): Promise<Finding> => {
      const code = number === 0 ? undefined : await listen_error(host, number);
      if (code === undefined) return { name, state: 'ok', detail: number === 0 ? 'any free one' : `${host}:${number} is free` };
      return { name, state: 'wrong', detail: `${host}:${number} ${why_not(code)}; set ${name} or HOST to another one` };
    }),
  );
}

function listen_error(host: string, port: number): Promise<string | undefined> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.name));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}

function why_not(code: string): string {
  if (code === 'EADDRINUSE') return 'is taken by another program';
  if (code === 'EACCES') return 'may not be used by this user (below 1024)';
  if (code === 'EADDRNOTAVAIL') return 'is no address of this machine';
  return `cannot be listened on (${code})`;
}

function providers(settings: Settings, running: Running | undefined): Promise<Finding[]>[] {
  const urls = Object.fromEntries((running?.stand_ins ?? []).map(({ name, url }) => [name, url]));
  const parties = { ...third_parties(settings, urls), timeout_ms: check_timeout_ms };
  const areas = compose({ settings, third_parties: parties, signing_secret: '', clock: real_clock });
  const checks = [...areas.values()].flatMap(({ checks = {} }) => Object.entries(checks));
  return [
    Promise.resolve([found_ok('manual', 'calls nobody')]),
    ...checks.map(async ([name, check]): Promise<Finding[]> => {
      const own = own_of(settings, name);
      if (!own.is_given) {
        if (!settings.sandbox) return [not_configured(name, settings)];
        if (running === undefined) return [found_ok(name, 'a stand-in; `up` starts it')];
      }
      return [finding(name, await check(AbortSignal.timeout(check_timeout_ms))), ...missing_secret(name, own.webhooks)];
    }),
  ];
}

/** What somebody has set for a provider; `webhooks`: of one that sends them. */
function own_of({ stripe, easypost, purolator, cybersource, x12 }: Settings, name: string): { is_given: boolean; webhooks?: Provider } {
  const with_webhooks = name === 'stripe' ? stripe : name === 'easypost' ? easypost : undefined;
  const given: Readonly<Record<string, readonly (string | undefined)[]>> = {
    stripe: [stripe.secret, stripe.base_url],
    easypost: [easypost.secret, easypost.base_url],
    purolator: [purolator.key, purolator.base_url],
    cybersource: [cybersource.merchant_id, cybersource.base_url],
    x12_http: [x12.url],
    // A folder in our own is looked at in any case.
    x12_files: [x12.folder ?? ''],
  };
  const is_given = (given[name] ?? []).some(setting => setting !== undefined);
  return with_webhooks === undefined ? { is_given } : { is_given, webhooks: with_webhooks };
}

/** No harm, unless it is what new shipments go to. */
function not_configured(name: string, { carriers }: Settings): Finding {
  if (!carriers.some(carrier => carrier === name)) return { name, state: 'note', detail: 'not configured' };
  return { name, state: 'wrong', detail: `CARRIER names ${name}, and its key is missing: set it, or CARRIER to another one` };
}

/** Without it every webhook is refused, and the poller is the only one who learns anything. */
function missing_secret(name: string, own: Provider | undefined): Finding[] {
  if (own?.secret === undefined || own.webhook_secret !== undefined) return [];
  const setting = `${name.toUpperCase()}_WEBHOOK_SECRET`;
  return [{ name, state: 'wrong', detail: `${setting} is missing: webhooks to /inbound/${name} are refused; copy the endpoint's secret` }];
}

function webhooks_found({ webhooks_allow_private, sandbox }: Settings): Finding[] {
  if (!webhooks_allow_private) return [];
  const detail = 'WEBHOOKS_ALLOW_PRIVATE is for development: outgoing webhooks may reach everything this machine reaches';
  return [{ name: 'webhooks', state: sandbox ? 'note' : 'wrong', detail }];
}
