/** What may be asked of a PaymentIntent or a refund: the forms, checked as Stripe checks them. */
import { type Answer, invalid, missing } from './answers.ts';
import { type Books, now_s } from './books.ts';
import { card_of, method_of_number } from './cards.ts';
import { type Form, form_of, text_of, texts_of } from './form.ts';
import type { Intent, Metadata } from './objects.ts';

export const amount_max = 99_999_999;
export const metadata_fields_max = 50;
export const metadata_name_length_max = 40;
export const metadata_value_length_max = 500;

/** A value, or the refusal of the form. */
export type Checked<T> = { readonly value: T } | { readonly refusal: Answer };

const create_fields = new Set(
  (
    'amount currency capture_method confirm confirmation_method payment_method payment_method_data payment_method_types payment_method_options ' +
    'automatic_payment_methods metadata description statement_descriptor statement_descriptor_suffix shipping receipt_email expand return_url ' +
    'off_session error_on_requires_action setup_future_usage use_stripe_sdk'
  ).split(' '),
);
export const confirm_fields = new Set(
  'payment_method payment_method_data payment_method_options return_url off_session expand receipt_email shipping use_stripe_sdk'.split(
    ' ',
  ),
);
export const capture_fields = new Set(
  'amount_to_capture final_capture metadata expand statement_descriptor statement_descriptor_suffix'.split(' '),
);
export const cancel_fields = new Set(['cancellation_reason', 'expand']);
export const refund_fields = new Set('payment_intent charge amount reason metadata expand instructions_email origin'.split(' '));

export function unknown_field(form: Form, known: ReadonlySet<string>): Answer | undefined {
  const name = Object.keys(form).find(each => !known.has(each));
  return name === undefined ? undefined : invalid(`Received unknown parameter: ${name}`, name, 'parameter_unknown');
}
export function expand_of(form: Form): ReadonlySet<string> {
  return new Set(texts_of(form, 'expand'));
}
/** `undefined` when absent; NaN when it is no count. */
export function count_of(form: Form, name: string): number | undefined {
  const text = text_of(form, name);
  if (text === undefined) return form[name] === undefined ? undefined : Number.NaN;
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}
export function flag_of(form: Form, name: string, otherwise: boolean): boolean {
  const text = text_of(form, name);
  return text === undefined ? otherwise : text === 'true';
}

/** `before` with the form's metadata written over it; an empty value takes a name away. */
export function metadata_of(form: Form, before: Metadata): Checked<Metadata> {
  const merged = new Map(Object.entries(before));
  for (const [name, value] of Object.entries(form_of(form, 'metadata') ?? {})) {
    if (typeof value !== 'string') return { refusal: invalid('Metadata values must be strings', `metadata[${name}]`) };
    if (name.length > metadata_name_length_max)
      return { refusal: invalid(`Metadata keys must be under ${metadata_name_length_max} characters long`, `metadata[${name}]`) };
    if (value.length > metadata_value_length_max)
      return { refusal: invalid(`Metadata values can have up to ${metadata_value_length_max} characters`, `metadata[${name}]`) };
    if (value === '') merged.delete(name);
    else merged.set(name, value);
  }
  if (merged.size > metadata_fields_max) return { refusal: invalid(`Metadata can have up to ${metadata_fields_max} keys`, 'metadata') };
  return { value: Object.fromEntries(merged) };
}

/** The magic payment method that the form names, or whose card number it carries. */
export function payment_method_of(form: Form): Checked<string | null> {
  const number = text_of(form_of(form_of(form, 'payment_method_data'), 'card'), 'number');
  if (number !== undefined) {
    const method = method_of_number(number);
    return method === undefined
      ? { refusal: invalid('Your card number is incorrect.', 'payment_method_data[card][number]', 'incorrect_number') }
      : { value: method };
  }
  const method = text_of(form, 'payment_method');
  if (method === undefined) return { value: null };
  return card_of(method) === undefined ? { refusal: missing('PaymentMethod', method, 'payment_method') } : { value: method };
}

/** A new intent, not yet confirmed and not yet kept. */
export function new_intent(books: Books, form: Form): Checked<Intent> {
  const unknown = unknown_field(form, create_fields);
  if (unknown !== undefined) return { refusal: unknown };
  for (const name of ['amount', 'currency'])
    if (text_of(form, name) === undefined) return { refusal: invalid(`Missing required param: ${name}.`, name, 'parameter_missing') };
  const amount = count_of(form, 'amount') ?? Number.NaN;
  if (!(amount >= 1)) return { refusal: invalid('Invalid positive integer', 'amount', 'parameter_invalid_integer') };
  if (amount > amount_max) return { refusal: invalid(`Amount must be no more than ${amount_max}`, 'amount', 'amount_too_large') };
  const currency = text_of(form, 'currency')?.toLowerCase() ?? '';
  if (!/^[a-z]{3}$/.test(currency)) return { refusal: invalid(`Invalid currency: ${currency}.`, 'currency') };
  const capture_method = capture_methods.find(each => each === (text_of(form, 'capture_method') ?? 'automatic_async'));
  if (capture_method === undefined) return { refusal: invalid('Invalid capture_method', 'capture_method') };
  const payment_method = payment_method_of(form);
  if ('refusal' in payment_method) return payment_method;
  const metadata = metadata_of(form, {});
  if ('refusal' in metadata) return metadata;
  const redirects = redirects_of(form);
  if ('refusal' in redirects) return redirects;
  const id = books.sim.id('pi_');
  return {
    value: {
      id,
      created: now_s(books),
      amount,
      currency,
      capture_method,
      status: payment_method.value === null ? 'requires_payment_method' : 'requires_confirmation',
      amount_capturable: 0,
      amount_received: 0,
      client_secret: `${id}_secret_${books.sim.id('')}`,
      payment_method: payment_method.value,
      multicapture_requested: text_of(form_of(form_of(form, 'payment_method_options'), 'card'), 'request_multicapture') === 'if_available',
      redirects_allowed: redirects.value,
      return_url: text_of(form, 'return_url') ?? null,
      description: text_of(form, 'description') ?? null,
      receipt_email: text_of(form, 'receipt_email') ?? null,
      statement_descriptor_suffix: text_of(form, 'statement_descriptor_suffix') ?? null,
      shipping: form_of(form, 'shipping') ?? null,
      metadata: metadata.value,
      charge: null,
      charges_made: 0,
      last_payment_error: null,
      canceled_at: null,
      cancellation_reason: null,
    },
  };
}
const capture_methods = ['automatic', 'automatic_async', 'manual'] as const;

/** Confirming with every payment method of the account needs an address to come back to. */
function redirects_of(form: Form): Checked<boolean> {
  const allowed =
    text_of(form_of(form, 'automatic_payment_methods'), 'allow_redirects') !== 'never' && form['payment_method_types'] === undefined;
  const needed = allowed && text_of(form, 'confirm') === 'true' && text_of(form, 'return_url') === undefined;
  if (!needed) return { value: allowed };
  const message =
    'This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these payment methods might redirect your customer off of your page, ' +
    'you must provide a `return_url`. If you don’t want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.';
  return { refusal: invalid(message, 'return_url') };
}
