import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csv_line } from './csv.ts';

test('a cell is as RFC 4180 has it, and never a formula', () => {
  const lines: readonly (readonly [Parameters<typeof csv_line>[0], string])[] = [
    [['plain', 1, -2, 0.5, true, null, ''], 'plain,1,-2,0.5,true,,""'],
    [['with, comma', 'with "quotes"', 'two\nlines', 'two\r\nlines'], '"with, comma","with ""quotes""","two\nlines","two\r\nlines"'],
    [['=1+1', '+1', '-1', '@SUM(A1)'], "'=1+1,'+1,'-1,'@SUM(A1)"],
    [['\t=1', '\r=1', '\n=1'], '\'\t=1,"\'\r=1","\'\n=1"'],
    [['=HYPERLINK("https://evil.example","x")'], '"\'=HYPERLINK(""https://evil.example"",""x"")"'],
    [['＝1', '＋1', '－1', '＠a'], "'＝1,'＋1,'－1,'＠a"],
    [['a=b', 'a-b', ' =1'], 'a=b,a-b, =1'],
    [[{ a: '=1' }, ['=1']], '"{""a"":""=1""}","[""=1""]"'],
    [['Zoë ☕ 漢字'], 'Zoë ☕ 漢字'],
  ];
  for (const [cells, expected] of lines) assert.equal(csv_line(cells), `${expected}\r\n`);
});
