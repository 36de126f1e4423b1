/** The console's and the shop's pages: built from source by Vite, when what lies there was built from other sources. */
import { spawn } from 'node:child_process';
import { createHash, hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Site, stamp_file } from '../gateway/pages.ts';

const root = join(import.meta.dirname, '..');
const built_folder = 'dist';
export const sites: readonly Site[] = [
  { prefix: '/console/', folder: join(root, 'console', built_folder) },
  { prefix: '/shop/', folder: join(root, 'storefront', built_folder) },
];

/** Both at once. A site that cannot be built is said, not thrown: the API is worth starting without it. */
export async function build_pages(say: (line: string) => void): Promise<boolean> {
  const outcomes = await Promise.all(sites.map(site => build_site(site, say)));
  return outcomes.every(built => built);
}

async function build_site({ prefix, folder }: Site, say: (line: string) => void): Promise<boolean> {
  const sources = dirname(folder);
  const wanted = await hash_of(sources);
  if ((await stamp_of(folder)) === wanted) return true;
  const vite = vite_script();
  if (vite === undefined) {
    if (existsSync(folder)) return true;
    say(`${prefix} is not built, and Vite is not installed: npm ci && npm run build`);
    return false;
  }
  // Beside the one that is served, then in its place: nobody gets half a build, also when two processes build at once.
  const fresh = `${folder}.${process.pid}`;
  const { code, output } = await run_vite(vite, sources, fresh);
  if (code !== 0) {
    await rm(fresh, { recursive: true, force: true });
    say(`${prefix} could not be built:\n${output}`);
    return false;
  }
  await writeFile(join(fresh, stamp_file), wanted);
  await rm(folder, { recursive: true, force: true });
  await rename(fresh, folder).catch(async cause => {
    await rm(fresh, { recursive: true, force: true });
    if ((await stamp_of(folder)) !== wanted) throw cause;
  });
  return true;
}

function stamp_of(folder: string): Promise<string | undefined> {
  return readFile(join(folder, stamp_file), 'utf8').catch(() => undefined);
}

/** Of everything the build reads: the folder's files, and the versions of the packages. */
async function hash_of(sources: string): Promise<string> {
  const entries = await readdir(sources, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .filter(path => !path.slice(sources.length + 1).startsWith(built_folder))
    .sort();
  const all = createHash('sha256');
  for (const path of [join(root, 'package-lock.json'), ...paths])
    all.update(`${path.slice(root.length)} ${hash('sha256', await readFile(path))}\n`);
  return all.digest('hex');
}

/** Undefined where only what the product needs is installed. */
function vite_script(): string | undefined {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin', 'vite.js');
  } catch {
    return undefined;
  }
}

/** In a process of its own: a build takes a core for seconds, and the start goes on meanwhile. */
function run_vite(vite: string, sources: string, out: string): Promise<{ code: number; output: string }> {
  return new Promise(resolve => {
    const child = spawn(process.execPath, [vite, 'build', sources, '--outDir', out, '--emptyOutDir', '--logLevel', 'warn'], {
      cwd: root,
      env: { ...process.env, NODE_ENV: 'production' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', part => (output += part));
    child.stderr.on('data', part => (output += part));
    child.once('error', error => resolve({ code: 1, output: error.message }));
    child.once('close', code => resolve({ code: code ?? 1, output }));
  });
}
