/** application/x-www-form-urlencoded as Stripe nests it: `a[b][c]=1`, `expand[0]=x`, `expand[]=x`. */
export interface Form {
  readonly [name: string]: string | Form;
}

export const fields_max = 500;
export const depth_max = 6;

/** A text says what is wrong. Arrays are forms whose names are their places. */
export function parse_form(text: string): Form | string {
  const root: Building = empty();
  let count = 0;
  for (const [name, value] of new URLSearchParams(text)) {
    count += 1;
    if (count > fields_max) return `at most ${fields_max} fields`;
    const path = path_of(name);
    if (path === undefined || !place(root, path, value)) return `Invalid form field: ${name}`;
  }
  return root;
}

export function text_of(form: Form | undefined, name: string): string | undefined {
  const value = form?.[name];
  return typeof value === 'string' ? value : undefined;
}
export function form_of(form: Form | undefined, name: string): Form | undefined {
  const value = form?.[name];
  return typeof value === 'object' ? value : undefined;
}
/** The texts of an array, or of a map's values. */
export function texts_of(form: Form | undefined, name: string): string[] {
  return Object.values(form_of(form, name) ?? {}).filter(value => typeof value === 'string');
}

interface Building {
  [name: string]: string | Building;
}
/** Without a prototype: `__proto__[x]=1` is a field like any other. */
function empty(): Building {
  return Object.create(null);
}

/** `a[b][]` is a, b and an empty name. */
function path_of(name: string): string[] | undefined {
  const first = name.indexOf('[');
  if (first < 0) return [name];
  if (first === 0 || !name.endsWith(']')) return undefined;
  const path = [name.slice(0, first), ...name.slice(first + 1, -1).split('][')];
  return path.length > depth_max ? undefined : path;
}

function place(root: Building, path: readonly string[], value: string): boolean {
  let form = root;
  for (const part of path.slice(0, -1)) {
    const next = form[part] ?? empty();
    if (typeof next === 'string') return false;
    form[part] = next;
    form = next;
  }
  const last = path.at(-1) ?? '';
  const name = last === '' && path.length > 1 ? String(Object.keys(form).length) : last;
  if (form[name] !== undefined) return false;
  form[name] = value;
  return true;
}
