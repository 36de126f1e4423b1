/** xmllint with the UBL 2.1 schemas, for tests: both are other people's, and where one is missing nothing is judged. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const schema = fileURLToPath(new URL('../../../../../../shared/third-party/ubl-2.1/all.xsd', import.meta.url));
const installed = spawnSync('xmllint', ['--version']).error === undefined;

/** Why tests are skipped; false: they are not. */
export const no_judge: string | false = !installed
  ? 'xmllint is not installed (Debian: libxml2-utils)'
  : existsSync(schema)
    ? false
    : 'the UBL schemas are not here (../shared/third-party/ubl-2.1)';

/** Throws with what is wrong when one of the documents is not valid. */
export function judge(t: Pick<TestContext, 'after'>, ...texts: readonly string[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'cartwright-ubl-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const files = texts.map((text, index) => {
    const file = join(folder, `${index}.xml`);
    writeFileSync(file, text);
    return file;
  });
  const { status, stderr } = spawnSync('xmllint', ['--nonet', '--noout', '--schema', schema, ...files]);
  assert.equal(status, 0, stderr.toString().slice(0, 2_000));
}
