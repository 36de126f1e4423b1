/** A reporter of `node --test`: the files in which something failed, one a line. */
import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';

export default async function* failed_files(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const named = new Set<string>();
  for await (const { type, data } of events) {
    if (type !== 'test:fail' || data.file === undefined) continue;
    const file = relative(process.cwd(), data.file);
    if (!named.has(file)) yield `${file}\n`;
    named.add(file);
  }
}
