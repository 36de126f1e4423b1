/** Files that spreadsheets open. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csv_of } from './csv.ts';

const line = (...cells: (string | number | boolean | null)[]) => csv_of(['a'], [cells]).split('\r\n')[1];

test('a text that would be a formula is defused; a number below zero stays one', () => {
  for (const text of ['=1+1', '+1', '-1', '@sum', '\tx', '=cmd|x']) assert.equal(line(text)?.startsWith("'"), true, text);
  assert.equal(line(-5, 1.5, true, null), '-5,1.5,true,');
});
test('commas, quotes and line breaks stay inside their cell', () => {
  assert.equal(csv_of(['a', 'b'], [['x,y', 'he said "no"']]), 'a,b\r\n"x,y","he said ""no"""\r\n');
  assert.equal(csv_of(['a'], [['two\nlines']]), 'a\r\n"two\nlines"\r\n');
  assert.equal(line('=a"b'), `"'=a""b"`);
});
