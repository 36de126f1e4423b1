/** The channels of X12 for `doctor`. Nothing is posted and nothing written: an interchange is an order, and there is no harmless one. */
import { access, constants } from 'node:fs/promises';
import { type Checked, checked } from '../../../platform/adapters/check.ts';
import type { X12HttpSettings } from './x12_http.ts';

export async function check_x12_http(
  { url, user, password }: X12HttpSettings,
  now_ms: () => number,
  signal: AbortSignal,
): Promise<Checked> {
  const headers = { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
  return checked(
    {
      call: { url, headers },
      address_setting: 'X12_HTTP_URL',
      now_ms,
      judge({ status }) {
        if (status === 401 || status === 403)
          return { ok: false, detail: `user or password are refused (${status}); copy X12_HTTP_PASSWORD again` };
        if (status === 404 || status >= 500)
          return { ok: false, detail: `it answers ${status} to a look: is X12_HTTP_URL the partner's own?` };
        return { ok: true, detail: 'somebody listens there; whether an interchange is taken, the first 997 tells' };
      },
    },
    signal,
  );
}

export async function check_x12_files({ folder }: { readonly folder: string }): Promise<Checked> {
  const open = await access(folder, constants.R_OK | constants.W_OK).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  );
  return open
    ? { ok: true, detail: `${folder}: to be read and written` }
    : { ok: false, detail: `${folder} cannot be read and written by this user: give it the rights, or set X12_FILES_FOLDER` };
}
