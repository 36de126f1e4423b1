import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { rejection_status, status_of_rejection } from './rejections.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const rows = [...read('docs/rejections.md').matchAll(/^\| `(\w+)` \| (\d{3}|—) \| [^|]+ \| [^|]+ \|$/gm)].map(
  ([, code = '', status = '']) => ({ code, status }),
);
const documented = new Map(rows.map(({ code, status }) => [code, Number(status)]));
const sources = globSync(['platform/**/*.ts', 'gateway/**/*.ts', 'services/**/*.ts'], { cwd: root }).filter(
  path => !path.endsWith('.test.ts') && !path.includes('/testing/'),
);
/** What the code says: `code` with its status, and the file. */
function found(pattern: RegExp, paths: readonly string[]): { code: string; status: number; path: string }[] {
  return paths.flatMap(path =>
    [...read(path).matchAll(pattern)].map(({ groups }) => ({ code: groups?.['code'] ?? '', status: Number(groups?.['status']), path })),
  );
}
const service_lists = globSync('services/*/rejections.ts', { cwd: root });

describe('docs/rejections.md', () => {
  it('lists each code once', () => {
    assert.deepEqual(
      rows.map(row => row.code).filter((code, at, all) => all.indexOf(code) !== at),
      [],
    );
    assert.ok(rows.length > 60);
  });

  it('agrees with the map of statuses', () => {
    for (const [code, status] of Object.entries(rejection_status)) assert.equal(documented.get(code), status, code);
  });

  it('knows every problem that is thrown, with its status', () => {
    for (const { code, status, path } of found(/new Problem\(\s*(?<status>\d{3}),\s*'(?<code>\w+)'/g, sources)) {
      assert.equal(documented.get(code), status, `${code} in ${path}`);
    }
  });

  it('knows every rejection of the services, with the status they give it and the map gives it', () => {
    for (const { code, status, path } of found(/^ {2}(?<code>\w+): (?<status>\d{3}),$/gm, service_lists)) {
      assert.equal(documented.get(code), status, `${code} in ${path}`);
      assert.equal(status_of_rejection(code), status, `${code} in ${path}`);
    }
  });

  it('knows every rejection that a service lists without a status', () => {
    for (const path of service_lists) {
      for (const [, code = ''] of read(path).matchAll(/(?<!Rejection\[)'([a-z]+(?:_[a-z]+)*)'/g))
        assert.ok(documented.has(code), `${code} in ${path}`);
    }
  });

  it('knows every rejection that a route names', () => {
    for (const path of sources) {
      for (const [, list = ''] of read(path).matchAll(/rejections: \[([^\]]*)\]/g)) {
        for (const [, code = ''] of list.matchAll(/'(\w+)'/g)) assert.ok(documented.has(code), `${code} in ${path}`);
      }
    }
  });

  it('knows every code of validation', () => {
    const list = read('platform/strict_json.ts');
    const codes = [...list.slice(list.indexOf('const codes')).matchAll(/'([a-z_]+)'/g)].map(([, code = '']) => code);
    assert.ok(codes.includes('out_of_range') && codes.includes('quantity_out_of_range'));
    for (const code of [...codes, 'unknown_field', 'required']) assert.equal(documented.get(code), 422, code);
  });
});
