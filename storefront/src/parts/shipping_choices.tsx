/** The quote's shipping options. They depend on where it goes, so they change while the address is typed. */
import type { Quote } from '../api_types.ts';
import { day, money, words } from '../format.ts';
import type { Loaded } from '../loaded.ts';
import { option_of } from '../quote.ts';
import { Waiting } from './small.tsx';

export function ShippingChoices({
  quote,
  service,
  choose,
}: {
  quote: Loaded<Quote>;
  service: string | undefined;
  choose: (service: string) => void;
}) {
  return (
    <fieldset class="choices">
      <legend>How shall it come?</legend>
      {quote.state === 'ready' ? (
        <Options quote={quote.value} service={service} choose={choose} />
      ) : (
        <Waiting what="Looking for ways to you …" />
      )}
    </fieldset>
  );
}

function Options({ quote, service, choose }: { quote: Quote; service: string | undefined; choose: (service: string) => void }) {
  if (quote.shipping_options.length === 0) return <p class="hint">Delivery is free.</p>;
  const chosen = option_of(quote, service);
  return quote.shipping_options.map(option => (
    <label key={option.service} class="choice">
      <input
        type="radio"
        name="shipping"
        value={option.service}
        checked={option.service === chosen?.service}
        onChange={() => choose(option.service)}
      />
      <span>
        <strong>{words(option.service)}</strong>
        <small>{option.estimated_delivery === null ? 'A few days' : `With you by ${day(option.estimated_delivery)}`}</small>
      </span>
      <span class="choice-price">{option.total === 0 ? 'free' : money(option.total, quote.currency)}</span>
    </label>
  ));
}
