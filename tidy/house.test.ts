import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setting_rows } from '../main/settings.ts';
import { area_of, code_lines, root, type Source, sources } from './sources.ts';

const product = sources.filter(source => !source.is_test);
const report = (list: readonly Source[], pattern: RegExp): string[] =>
  list.flatMap(source =>
    source.text
      .split('\n')
      .flatMap((line, index) =>
        pattern.test(line.replace(/\/\/.*$/, '')) && !/^\s*\*/.test(line) ? [`${source.path}:${index + 1} ${line.trim()}`] : [],
      ),
  );

describe('time, ids and chance', () => {
  const doors = ['platform/clock.ts', 'platform/random.ts', 'platform/ids.ts'];
  // The launcher runs before there is a clock; stand-ins are third parties; the command line's own waits are a person's time.
  // Pages run in a person's browser, whose clock and chance are the person's.
  const free = (path: string) => doors.includes(path) || /^(sandbox|main|platform\/postgres|console|storefront)\//.test(path);
  test('come through their ports', () => {
    const found = report(
      product.filter(source => !free(source.path)),
      /\bDate\.now\(|new Date\(\)|Math\.random\(|randomUUID\(|(?<![.\w])set(Timeout|Interval)\(/,
    );
    assert.deepEqual(found, []);
  });
  test('decide and evolve know nothing of the outside', () => {
    const pure = product.filter(source => /^services\/[^/]+\/(decide(\.ts|\/)|evolve)/.test(source.path));
    assert.deepEqual(report(pure, /\bawait\b|\basync\b|process\.env|from 'pg'|console\./), []);
  });
});

describe('types', () => {
  // `any` and `!` are biome's to refuse; a suppressed check is nobody's to allow.
  test('no check is suppressed', () =>
    assert.deepEqual(
      report(sources, /@ts-(ignore|expect-error|nocheck)/).filter(line => !line.startsWith('tidy/')),
      [],
    ));
  // Vite reads its settings from one, and Node its reporters.
  test('no default exports', () =>
    assert.deepEqual(
      report(
        product.filter(({ path }) => !path.endsWith('/vite.config.ts') && path !== '.ci/failed_files.ts'),
        /^export default/,
      ),
      [],
    ));
});

describe('sizes', () => {
  // docs/decisions/0005, 0010: what is counted, and why the HTTP base, the launcher and the vault have limits of their own.
  const platform_lines = (which: (path: string) => boolean): number =>
    product
      .filter(source => source.path.startsWith('platform/') && which(source.path))
      .reduce((sum, source) => sum + code_lines(source.text), 0);
  const is_launcher = (path: string) => path.startsWith('platform/postgres/');
  const is_vault = (path: string) => path.startsWith('platform/vault/');
  const is_http = (path: string) => /^platform\/(http|strict_json|rejections|tokens|route|pages)\.ts$/.test(path);
  const is_adapters = (path: string) => path.startsWith('platform/adapters/');
  // docs/decisions/0007: how rows reach the database.
  const is_wire = (path: string) => /^platform\/(columns|database)\.ts$/.test(path);
  const is_xml = (path: string) => path.startsWith('platform/xml/');
  const apart = [is_http, is_launcher, is_wire, is_vault, is_adapters, is_xml];
  const is_kernel = (path: string) => apart.every(is_one => !is_one(path));
  test('the kernel of the platform stays under 2,500 lines of code, what is counted apart under limits of its own', () => {
    const sizes = [is_kernel, ...apart].map(platform_lines);
    const limits = [2_500, 660, 650, 350, 300, 600, 400];
    assert.ok(
      sizes.every((size, index) => size < (limits[index] ?? 0)),
      `kernel, HTTP base, launcher, wire, vault, adapters, XML have ${sizes.join(', ')} lines of code; the limits are ${limits.join(', ')}`,
    );
  });
  test('no file tells more than one story (450 lines)', () => {
    const long = sources
      .filter(source => source.text.split('\n').length > 450)
      .map(source => `${source.path} ${source.text.split('\n').length}`);
    assert.deepEqual(long, []);
  });
});

describe('names', () => {
  const vague = /(^|_)(util|utils|helper|helpers|manager|misc|common|impl|base)(_|\.|$)/;
  test('files are named after what they hold', () =>
    assert.deepEqual(
      sources.map(source => source.path).filter(path => path.split('/').some(part => vague.test(part))),
      [],
    ));
  test('every service has its README and the files every service has', () => {
    const services = [...new Set(product.map(source => area_of(source.path)).filter(area => area.startsWith('services/')))];
    const missing = services.flatMap(service =>
      ['README.md', 'service.ts', 'routes.ts'].filter(file => !existsSync(join(root, service, file))).map(file => `${service}/${file}`),
    );
    assert.deepEqual(missing, []);
  });
  test('nothing says TODO', () =>
    assert.deepEqual(
      report(
        sources.filter(source => !source.path.startsWith('tidy/')),
        /\b(TODO|FIXME|XXX):?\s/,
      ),
      [],
    ));
});

describe('documents', () => {
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  test('docs/operations.md names every setting, and no other', () => {
    const text = read('docs/operations.md');
    const named = [...text.matchAll(/^\| `([A-Z0-9_]+)` \|/gm)].map(match => match[1]);
    assert.deepEqual(named.toSorted(), setting_rows.map(row => row.name).toSorted());
  });
  test('decision records are numbered without a gap', () => {
    const numbers = readdirSync(join(root, 'docs/decisions'))
      .filter(name => name.endsWith('.md'))
      .map(name => Number(name.slice(0, 4)))
      .sort((a, b) => a - b);
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index + 1),
    );
  });
  test('no absolute path of a machine stands anywhere', () => {
    const found = [
      ...sources,
      ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].map(path => ({ path, text: read(path), is_test: false })),
    ];
    assert.deepEqual(
      report(
        found.filter(source => !source.path.startsWith('tidy/')),
        /(?<![\w./])\/(work|home|root|Users)\//,
      ),
      [],
    );
  });
});
