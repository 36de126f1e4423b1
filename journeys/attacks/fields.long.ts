/** Rows 16 to 18, 25, 26, 35, 39 and 116 in each field of each route: types, bounds, characters and card numbers that must not come in. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { body_bytes_max, raw_body } from '../../platform/http.ts';
import type { Route } from '../../platform/route.ts';
import { address_of, type Field, fields, type Value, valid } from './schemas.ts';
import { verdict } from './send.ts';
import { all_refused, open_target, refusal } from './target.ts';

const target = await open_target();
await target.calm();
const with_body = (target.shop.up.door?.routes ?? []).filter(route => route.body !== undefined && route.body !== raw_body);

interface Wrong {
  readonly field: Field;
  readonly body: string;
}
const says = (field: Field, value: Value): Wrong => ({ field, body: JSON.stringify(field.with(value)) });
/** A number that no JavaScript number is: written into the text. */
const digits = (field: Field, number: string): Wrong => ({
  field,
  body: JSON.stringify(field.with('<number>')).replace('"<number>"', number),
});
const is_text = ({ schema }: Field) => schema.type === 'string' && schema.enum === undefined && schema.const === undefined;

/** Each wrong body is answered with 422, and with one of the codes at the very field. */
async function named(route: Route, list: readonly Wrong[], codes: readonly string[]): Promise<void> {
  await all_refused(target, list, async ({ field, body }) => {
    const sent = await target.ask(address_of(route), body);
    if (body.length > body_bytes_max) return assert.equal(verdict(sent), '413 too_large');
    assert.equal(sent.status, 422, `${field.pointer} ${sent.text}`);
    const errors: { pointer: string; code: string }[] = JSON.parse(sent.text).errors;
    const here = errors.filter(({ pointer }) => pointer.startsWith(field.pointer));
    assert.ok(
      here.some(({ code }) => codes.includes(code)),
      `${field.pointer} ${body.slice(0, 200)} ${sent.text}`,
    );
  });
}

const of_another_type: Readonly<Record<string, readonly Value[]>> = {
  object: [[], 'text', 7, true],
  array: [{}, 'text', 7, true],
  string: [7, true, [], {}],
  integer: ['7', 1.5, true, [], {}],
  number: ['7', [], {}],
  boolean: ['true', 1, [], {}],
};
const card = '4242 4242 4242 4242';

for (const route of with_body) {
  const known = fields(route.body ?? {});
  const texts = known.filter(is_text);
  const numbers = known.filter(({ schema }) => schema.type === 'integer');
  const lists = known.filter(({ schema }) => schema.type === 'array' && !Array.isArray(schema.items));
  const objects = known.filter(({ schema }) => schema.type === 'object' && schema.patternProperties === undefined);
  const rows: readonly [row: number, what: string, list: readonly Wrong[], codes: readonly string[]][] = [
    [16, 'an unknown field in each object', objects.map(field => says(field, { paid: true })), ['unknown_field']],
    [
      25,
      'another type in each field',
      known.flatMap(field =>
        (of_another_type[field.schema.type ?? ''] ?? []).filter(value => !field.takes(value)).map(value => says(field, value)),
      ),
      ['type', 'unknown_value', 'out_of_range', 'quantity_out_of_range', 'format', 'required'],
    ],
    [
      18,
      'a text too long in each text',
      texts.map(field => says(field, 'x'.repeat((field.schema.maxLength ?? 4_096) + 1))),
      ['too_long', 'format'],
    ],
    [
      35,
      'a number too large or too small in each number',
      numbers.flatMap(field =>
        ['9007199254740993', '9223372036854775808', '1e400', '-9223372036854775809', '1e21'].map(number => digits(field, number)),
      ),
      ['out_of_range', 'quantity_out_of_range', 'type'],
    ],
    [39, 'too many in each list', lists.map(field => says(field, repeated(field))), ['too_many', 'invalid']],
  ];
  describe(address_of(route), () => {
    for (const [row, what, list, codes] of rows.filter(([, , some]) => some.length > 0)) {
      it(`${row}: ${what}: 422 ${codes[0]}, ${list.length} times`, () => named(route, list, codes));
    }
    if (texts.length === 0) return;
    const refuse_texts = (expected: string, list: readonly string[]) =>
      all_refused(target, list, body => refusal(target, expected, address_of(route), body));
    it(`17: NUL and half a character in each of ${texts.length} texts: 422 forbidden_character`, () =>
      refuse_texts(
        '422 forbidden_character',
        texts.flatMap(field => ['a\0b', 'a\ud800b'].map(text => says(field, text).body)),
      ));
    it(`116: a card number in each of ${texts.length} texts: 422 card_data_forbidden`, () =>
      refuse_texts(
        '422 card_data_forbidden',
        texts.flatMap(field => [card, `card ${card}, thanks`, '5555555555554444'].map(text => says(field, text).body)),
      ));
    it('116: a card number or its code as another field: 422 card_data_forbidden', () =>
      refuse_texts(
        '422 card_data_forbidden',
        ['"cvc": "123"', '"card_number": "x"', '"cvv2": 123', '"any": 4242424242424242', '"4242424242424242": 1'].map(
          field => `{${field}}`,
        ),
      ));
  });
}

/** One more than there may be; of a set, the same twice. */
function repeated({ schema, pointer }: Field): Value {
  const most = schema.uniqueItems === true ? 1 : schema.maxItems;
  assert.ok(most !== undefined, `${pointer} has no limit`);
  const [item] = valid({ ...schema, minItems: 1 }) as Value[];
  return Array.from({ length: most + 1 }, () => item ?? null);
}
