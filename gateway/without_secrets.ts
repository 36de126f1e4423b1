/** Events and calls as the desk shows them: what they say of persons, and what opens something, is nobody's to read there. */
import type { Json, Row } from '../platform/service.ts';

export const hidden = '(hidden)';

/**
 * By the names that our contracts, adapters and third parties give them (contracts/, integrations.md). A name too many hides a product's name on a page
 * for operators; one too few shows a shopper's, so the list is generous.
 */
const persons = /^(personal|payer|billing|shipping|customer|ship_to|recipient|to|e?mail|phone|name|full_name|company|signed_by|ip)$/;
const places = /^(address|line[12]|street[12]?|city|postal_code|zip|(shipping|billing|ship_to)_address)$/;
const keys = /^(method|method_token|token|client_secret|secret|password|signature|authorization|api_key|account_number|return_url|url)$/;
const nested_max = 32;

/** The same with `hidden` in the place of such values; null stays null, so that one sees that nothing was there. */
export function without_secrets(row: Row): Row {
  // An object stays one.
  return cleaned(row, 0) as Row;
}

function cleaned(value: Json | undefined, depth: number): Json {
  if (value === undefined || value === null || typeof value !== 'object') return value ?? null;
  if (depth >= nested_max) return hidden;
  if (Array.isArray(value)) return value.map(one => cleaned(one, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, is_hidden(name) && one !== null ? hidden : cleaned(one, depth + 1)]),
  );
}

function is_hidden(name: string): boolean {
  return persons.test(name) || places.test(name) || keys.test(name);
}
