/** For tests: what a scanner and a reader find on a label's paper. The programs are Debian's zbar-tools and poppler-utils. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const is_missing = (program: string) => spawnSync(program, ['--version']).error !== undefined;
const missing = ['pdftotext', 'pdftoppm', 'zbarimg'].filter(is_missing);
/** For `skip` of a test. */
export const no_scanner = missing.length > 0 && `not installed: ${missing.join(', ')} (zbar-tools, poppler-utils)`;

export interface Seen {
  /** Kind and content of each barcode. */
  readonly codes: readonly string[];
  readonly text: string;
}
export function scanned(pdf: Uint8Array): Seen {
  const folder = mkdtempSync(join(tmpdir(), 'cartwright-label-'));
  try {
    const at = (name: string) => join(folder, name);
    writeFileSync(at('label.pdf'), pdf);
    execFileSync('pdftotext', [at('label.pdf'), at('label.txt')]);
    // As a label printer has it: 203 dots an inch.
    execFileSync('pdftoppm', ['-r', '203', '-gray', '-singlefile', at('label.pdf'), at('label')]);
    const { stdout } = spawnSync('zbarimg', ['--quiet', at('label.pgm')], { encoding: 'utf8' });
    return { codes: stdout.trim().split('\n'), text: readFileSync(at('label.txt'), 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
