/** What every import of many lines answers, whichever service takes them. */
import Type from 'typebox';

export const import_reply = Type.Object({
  imported: Type.Integer(),
  rejected: Type.Array(Type.Object({ line: Type.Integer(), code: Type.String(), detail: Type.String() })),
  rejected_total: Type.Integer({ description: 'Of these the first 1,000 are listed' }),
});
