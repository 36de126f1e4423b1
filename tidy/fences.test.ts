import assert from 'node:assert/strict';
import { test } from 'node:test';
import { area_of, imports_of, sources } from './sources.ts';

/** May `from` import `to`? Areas come from the folder tree: a new service is fenced the day its folder appears. */
function allowed(from: string, to: string): boolean {
  if (from === to) return true;
  if (['main.ts', 'main', 'journeys', 'simulation', 'bench', 'auditor'].includes(from)) return true;
  if (from.startsWith('services/')) return to === 'contracts' || to === 'platform';
  if (from === 'contracts' || from === 'tidy') return from === 'tidy';
  if (from === 'platform') return to === 'contracts';
  if (from === 'gateway') return to === 'contracts' || to === 'platform';
  return false;
}

test('imports stay inside the fences', () => {
  const broken = sources.flatMap(source =>
    imports_of(source)
      .filter(target => !allowed(area_of(source.path), area_of(target)))
      // An adapter's test, and what tests share, may talk to the stand-in: it is the foreign side.
      .filter(target => !(source.is_test && target.startsWith('sandbox/')))
      .filter(() => !(source.path.endsWith('.test.ts') && source.path.startsWith('contracts/')))
      .map(target => `${source.path} → ${target}`),
  );
  assert.deepEqual(broken, []);
});

test('the platform knows of contracts only the envelope', () => {
  const broken = sources
    .filter(source => source.path.startsWith('platform/') && !source.is_test)
    .flatMap(source =>
      imports_of(source)
        .filter(target => target.startsWith('contracts/') && target !== 'contracts/envelope.ts')
        .map(target => `${source.path} → ${target}`),
    );
  assert.deepEqual(broken, []);
});

test('a service reads no table of another', () => {
  const services = [...new Set(sources.map(source => area_of(source.path)).filter(area => area.startsWith('services/')))].map(area =>
    area.slice('services/'.length),
  );
  const broken = sources
    .filter(source => source.path.startsWith('services/') && !source.is_test)
    .flatMap(source => {
      const own = source.path.split('/')[1];
      return services
        .filter(other => other !== own && new RegExp(`\\b(from|join|into|update)\\s+${other}\\.\\w+`, 'i').test(source.text))
        .map(other => `${source.path} reads ${other}`);
    });
  assert.deepEqual(broken, []);
});

test('pages use the public API only: they import packages for browsers and their own folder', () => {
  const pages = ['console', 'storefront'];
  const broken = sources
    .filter(({ path }) => pages.includes(area_of(path)) && !path.endsWith('/vite.config.ts'))
    .flatMap(source =>
      [
        ...imports_of(source).filter(target => area_of(target) !== area_of(source.path)),
        // Their tests run in Node.
        ...[...source.text.matchAll(/from '(node:[^']+|fastify|pg|pino)'/g)]
          .map(match => match[1] ?? '')
          .filter(target => !(source.is_test && target.startsWith('node:'))),
      ].map(target => `${source.path} → ${target}`),
    );
  assert.deepEqual(broken, []);
  assert.ok(
    pages.every(page => sources.some(({ path }) => path.startsWith(`${page}/src/`))),
    'there are pages to look at',
  );
});
