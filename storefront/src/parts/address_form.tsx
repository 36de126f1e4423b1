/** Where it goes. The fields carry the names browsers fill in by themselves (HTML, autofill), and the API's limits. */
import type { Address } from '../api_types.ts';

export interface Recipient extends Address {
  readonly email: string;
}
export const nobody: Recipient = {
  email: '',
  name: '',
  line1: '',
  line2: '',
  city: '',
  region: '',
  postal_code: '',
  country: 'GB',
  phone: '',
};
/** For whoever only wants to look. */
export const somebody: Recipient = {
  ...nobody,
  email: 'ada@example.com',
  name: 'Ada Lovelace',
  line1: "12 St James's Square",
  city: 'London',
  postal_code: 'SW1Y 4JH',
};

const countries: readonly (readonly [code: string, name: string])[] = [
  ['GB', 'United Kingdom'],
  ['CA', 'Canada'],
  ['US', 'United States'],
];
/** Carriers there ask for the province or state, and for a phone number. */
const with_region = ['CA', 'US'];

interface Field {
  readonly name: keyof Recipient;
  readonly label: string;
  readonly autocomplete: string;
  readonly type?: 'email' | 'tel';
  readonly optional?: true;
  readonly max: number;
  readonly half?: true;
}
const fields_before: readonly Field[] = [
  { name: 'email', label: 'Email', autocomplete: 'email', type: 'email', max: 320 },
  { name: 'name', label: 'Full name', autocomplete: 'name', max: 200 },
  { name: 'line1', label: 'Street and number', autocomplete: 'address-line1', max: 200 },
  { name: 'line2', label: 'Flat, floor, company', autocomplete: 'address-line2', optional: true, max: 200 },
  { name: 'city', label: 'Town or city', autocomplete: 'address-level2', max: 200, half: true },
  { name: 'postal_code', label: 'Postcode', autocomplete: 'postal-code', max: 40, half: true },
];
const region_field: Field = { name: 'region', label: 'Province or state, two letters', autocomplete: 'address-level1', max: 2, half: true };
const phone_field: Field = { name: 'phone', label: 'Phone', autocomplete: 'tel', type: 'tel', max: 40, half: true };

export function AddressForm({ recipient, change }: { recipient: Recipient; change: (recipient: Recipient) => void }) {
  const abroad = with_region.includes(recipient.country);
  const fields = [...fields_before, ...(abroad ? [region_field] : []), abroad ? phone_field : { ...phone_field, optional: true as const }];
  return (
    <div class="fields">
      <label class="field">
        <span>Country</span>
        <select
          name="country"
          autocomplete="shipping country"
          value={recipient.country}
          onChange={event => change({ ...recipient, country: event.currentTarget.value, region: '' })}
        >
          {countries.map(([code, name]) => (
            <option key={code} value={code}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {fields.map(field => (
        <TextField
          key={field.name}
          field={field}
          value={recipient[field.name] ?? ''}
          change={value => change({ ...recipient, [field.name]: value })}
        />
      ))}
    </div>
  );
}

function TextField({ field, value, change }: { field: Field; value: string; change: (value: string) => void }) {
  const { name, label, type = 'text', optional, max, half, autocomplete } = field;
  return (
    <label class={half ? 'field half' : 'field'}>
      <span>
        {label}
        {optional && <small> (optional)</small>}
      </span>
      <input
        name={name}
        type={type}
        list={undefined}
        // An email address is nobody's shipping address.
        autocomplete={type === 'email' ? autocomplete : `shipping ${autocomplete}`}
        required={!optional}
        maxLength={max}
        value={value}
        onInput={event => change(event.currentTarget.value)}
      />
    </label>
  );
}

/** As the API takes it: what was left empty is absent. */
export function address_of({ email: _email, ...address }: Recipient): Address {
  const or_null = (text: string | null) => (text === null || text.trim() === '' ? null : text.trim());
  return {
    ...address,
    line2: or_null(address.line2),
    region: or_null(address.region)?.toUpperCase() ?? null,
    phone: or_null(address.phone),
  };
}
