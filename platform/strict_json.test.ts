import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import Type from 'typebox';
import { Problem } from './route.ts';
import { closed, holds_card_number, holds_unstorable_text, parse_json, parse_json_text, validator } from './strict_json.ts';

function problem_of_text(text: string | Uint8Array): string {
  try {
    if (typeof text === 'string') parse_json_text(text);
    else parse_json(text);
  } catch (error) {
    if (error instanceof Problem) return `${error.status} ${error.code}`;
    throw error;
  }
  return 'accepted';
}

describe('strict JSON', () => {
  const cases: readonly [what: string, text: string | Uint8Array, expected: string][] = [
    ['nothing', '', '400 malformed_json'],
    ['spaces', '  ', '400 malformed_json'],
    ['a truncated object', '{"a": [1, 2', '400 malformed_json'],
    ['NaN', '{"a": NaN}', '400 malformed_json'],
    ['a trailing comma', '{"a": 1,}', '400 malformed_json'],
    ['a comment', '{"a": 1} // one', '400 malformed_json'],
    ['two values', '{} {}', '400 malformed_json'],
    ['a byte order mark', Buffer.from('\uFEFF{}'), '400 malformed_json'],
    ['overlong UTF-8', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), '400 malformed_json'],
    ['half a character in bytes', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), '400 malformed_json'],
    ['a raw control character', '{"a": "\u0000"}', '400 malformed_json'],
    ['an escaped NUL', '{"a": "x\\u0000"}', '422 forbidden_character'],
    ['an escaped NUL in a name', '{"x\\u0000": 1}', '422 forbidden_character'],
    ['an escaped lone surrogate', '{"a": "\\ud800"}', '422 forbidden_character'],
    ['an escaped pair', '{"a": "\\ud83d\\ude00"}', 'accepted'],
    ['equal keys', '{"a": 1, "a": 2}', '400 duplicate_key'],
    ['equal keys, one escaped', '{"a": 1, "\\u0061": 2}', '400 duplicate_key'],
    ['equal keys, deep', '{"b": [{"a": {"c": 1, "c": 1}}]}', '400 duplicate_key'],
    ['equal keys in different objects', '[{"a": 1}, {"a": 1}]', 'accepted'],
    ['colons and braces in texts', '{"a": "{\\"b\\": [1:2]}\\\\"}', 'accepted'],
    ['__proto__', '{"__proto__": {"admin": true}}', '422 forbidden_key'],
    ['__proto__ in escapes', '{"\\u005f_proto__": {}}', '422 forbidden_key'],
    ['constructor', '{"a": {"constructor": {"prototype": {}}}}', '422 forbidden_key'],
    ['64 levels', '['.repeat(64) + ']'.repeat(64), 'accepted'],
    ['65 levels', '['.repeat(65) + ']'.repeat(65), '400 malformed_json'],
    ['a card number', '{"a": {"note": "4242 4242 4242 4242"}}', '422 card_data_forbidden'],
    ['a card number as a number', '{"a": 4242424242424242}', '422 card_data_forbidden'],
    ['a card number in escapes', '{"a": "\\u0034242424242424242"}', '422 card_data_forbidden'],
    ['a card number as a name', '{"4242424242424242": 1}', '422 card_data_forbidden'],
    ['a security code', '{"metadata": {"cvc": "123"}}', '422 card_data_forbidden'],
  ];
  for (const [what, text, expected] of cases) it(`answers ${what} with ${expected}`, () => assert.equal(problem_of_text(text), expected));

  it('refuses 10,000 levels in less than 50 ms', () => {
    const started = performance.now();
    assert.equal(problem_of_text('{"a":'.repeat(10_000)), '400 malformed_json');
    assert.ok(performance.now() - started < 50);
  });

  it('gives what JSON.parse gives, for any value', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), text => {
        const expected = problem_of_text(text);
        if (expected === 'accepted') assert.deepEqual(parse_json(Buffer.from(text)), JSON.parse(text));
        else assert.match(expected, /^422 (forbidden_key|forbidden_character|card_data_forbidden)$/);
      }),
      { seed: 20_260_101, numRuns: 300 },
    );
  });
});

describe('card numbers', () => {
  const cards = [
    '4242424242424242',
    '4242 4242 4242 4242',
    '4111-1111-1111-1111',
    '5555555555554444',
    '2223003122003222',
    '378282246310005',
    '3782 822463 10005',
  ];
  const more = [
    '6011111111111117',
    '30569309025904',
    '3566002020360505',
    '6200000000000005',
    '4222222222222',
    'pay with 4242424242424242 12/27',
    'x4242424242424242x',
  ];
  for (const text of [...cards, ...more]) it(`are seen in "${text}"`, () => assert.equal(holds_card_number(text), true));
  const others: readonly [string, string][] = [
    ['a wrong check digit', '4242424242424241'],
    ['an article number (EAN-13)', '4006381333931'],
    ['a telephone number', '+4915112345678'],
    ['milliseconds since 1970', '1732312312312'],
    ['a process id and milliseconds', 'demo-6460-1795892702121'],
    ['20 digits', '42424242424242424242'],
    ['digits apart', '4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2'],
    ['an id of ours', 'ord_01hzx3v5qjf0k8m2n4p6r8t0v2'],
    ['a UUID', '5add4427-2060-4161-9a67-270d339de6b7'],
    ['a digest', 'ba54c91c5387053974977457d7da3fc9a6da886298caf9612d502c710ce4da2f'],
  ];
  for (const [what, text] of others) it(`are not seen in ${what}`, () => assert.equal(holds_card_number(text), false));

  it('are looked for in 256 KiB of almost-cards in a moment, not in minutes', () => {
    const started = performance.now();
    assert.equal(holds_card_number('4444 '.repeat(52_000)), false);
    // Tens of milliseconds; a pattern that starts over at every digit takes minutes, on any machine.
    assert.ok(performance.now() - started < 5_000);
  });
});

describe('text that no column takes', () => {
  const cases: readonly [json: string, expected: boolean][] = [
    ['"\\u0000"', true],
    ['"\\ud800"', true],
    ['"\\ude00"', true],
    ['"\\ud83d\\ud83d\\ude00"', true],
    ['"\\ud83d\\ude00\\ude00"', true],
    ['"\\ud83d\\ude00"', false],
    ['"\\uD83D\\uDE00"', false],
    ['"text, \\u0001, 😀"', false],
  ];
  for (const [json, expected] of cases)
    it(`is ${expected ? 'seen' : 'not seen'} in ${json}`, () => assert.equal(holds_unstorable_text(json), expected));
});

describe('validation', () => {
  const schema = Type.Object({
    quantity: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
    amount: Type.Optional(Type.Integer({ minimum: 0 })),
    note: Type.Optional(Type.Union([Type.String({ maxLength: 5 }), Type.Null()])),
    currency: Type.Optional(Type.String({ pattern: '^[A-Z]{3}$' })),
    kind: Type.Optional(Type.Union([Type.Literal('percent'), Type.Literal('amount')])),
    lines: Type.Optional(Type.Array(Type.Object({ quantity: Type.Integer({ minimum: 1 }) }), { minItems: 1, maxItems: 2 })),
    metadata: Type.Optional(Type.Record(Type.String(), Type.String())),
  });
  const { check } = validator(schema);
  const errors_of = (value: unknown): string[] => {
    try {
      check(value);
    } catch (error) {
      if (error instanceof Problem) {
        assert.equal(error.status, 422);
        assert.equal(error.code, error.errors[0]?.code);
        return error.errors.map(({ pointer, code }) => `${pointer} ${code}`);
      }
      throw error;
    }
    return [];
  };
  const cases: readonly [value: unknown, errors: string[]][] = [
    [{ quantity: 1, note: null, metadata: { any: 'thing' } }, []],
    [{}, ['/quantity required']],
    [[], [' type']],
    [null, [' type']],
    ['text', [' type']],
    [{ quantity: 1, paid: true }, ['/paid unknown_field']],
    [{ quantity: 1, lines: [{ quantity: 1, price: 1 }] }, ['/lines/0/price unknown_field']],
    [{ quantity: 1, 'a/b~c': 1 }, ['/a~1b~0c unknown_field']],
    [{ quantity: 1, [`\n${'x'.repeat(100)}`]: 1 }, [`/?${'x'.repeat(63)} unknown_field`]],
    [{ quantity: 0 }, ['/quantity quantity_out_of_range']],
    [{ quantity: -1 }, ['/quantity quantity_out_of_range']],
    [{ quantity: -0 }, ['/quantity quantity_out_of_range']],
    [{ quantity: 2 ** 31 }, ['/quantity quantity_out_of_range']],
    [{ quantity: 1e9 }, ['/quantity quantity_out_of_range']],
    [{ quantity: 1.5 }, ['/quantity type']],
    [{ quantity: '2' }, ['/quantity type']],
    [{ quantity: 1, amount: -1 }, ['/amount out_of_range']],
    [{ quantity: 1, note: '123456' }, ['/note too_long']],
    [{ quantity: 1, note: 5 }, ['/note type']],
    [{ quantity: 1, currency: 'gbp' }, ['/currency format']],
    [{ quantity: 1, kind: 'gift' }, ['/kind unknown_value']],
    [{ quantity: 1, lines: [] }, ['/lines too_few']],
    [{ quantity: 1, lines: [{ quantity: 1 }, { quantity: 1 }, { quantity: 1 }] }, ['/lines too_many']],
    [{ quantity: 1, lines: [{ quantity: 0 }, {}] }, ['/lines/0/quantity quantity_out_of_range', '/lines/1/quantity required']],
  ];
  for (const [value, errors] of cases)
    it(`finds [${errors.join(', ')}] in ${JSON.stringify(value).slice(0, 60)}`, () => assert.deepEqual(errors_of(value), errors));

  it('leaves open what says so', () => {
    const open = validator(Type.Object({ a: Type.Object({}, { additionalProperties: true }) }));
    open.check({ a: { anything: 1 } });
    assert.deepEqual(closed(Type.Object({})), { type: 'object', properties: {}, additionalProperties: false });
  });
});
