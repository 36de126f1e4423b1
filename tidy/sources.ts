/** The tree as the tidy tests read it: folders and files as they are, never a list kept by hand. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

export const root = join(import.meta.dirname, '..');
const not_ours = /^(node_modules|\.git|\.cartwright|docs|dist(\.\d+)?|screenshots)$/;

export interface Source {
  /** From the root, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly is_test: boolean;
}

function files_below(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    if (not_ours.test(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? files_below(path) : [path];
  });
}

export const sources: readonly Source[] = files_below(root)
  .filter(path => /\.tsx?$/.test(path) && !path.endsWith('.d.ts'))
  .map(path => {
    const short = relative(root, path).replaceAll('\\', '/');
    return {
      path: short,
      text: readFileSync(path, 'utf8'),
      is_test: /\.(test|long|browser)\.ts$|\/testing\/|^(journeys|simulation|bench|tidy)\//.test(short),
    };
  });

/** Lines that say something to the machine: no blank ones, no comments. */
export function code_lines(text: string): number {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .split('\n')
    .filter(line => line.trim() !== '' && !line.trim().startsWith('//')).length;
}

/** Relative imports as paths from the root. */
export function imports_of(source: Source): string[] {
  const folder = source.path.split('/').slice(0, -1);
  return [...source.text.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)].map(match => {
    const parts = [...folder];
    for (const step of (match[1] ?? '').split('/')) {
      if (step === '..') parts.pop();
      else if (step !== '.') parts.push(step);
    }
    return parts.join('/');
  });
}

/** `services/orders` of `services/orders/decide/place.ts`; else the top folder; `main.ts` for the root file. */
export function area_of(path: string): string {
  const [top, second] = path.split('/');
  return top === 'services' ? `services/${second}` : (top ?? '');
}
