/** Filters above a table, bound to the address. A choice filters at once; a text when the person leaves it or presses Enter. */
import { type ReactNode, useEffect, useState } from 'react';
import { words } from '../format.ts';
import { Button } from './Button.tsx';
import { ChoiceField, TextField } from './Field.tsx';

export function Filters({ is_set, clear, children }: { readonly is_set: boolean; clear(): void; readonly children: ReactNode }): ReactNode {
  return (
    <search className="filters" aria-label="Filters">
      {children}
      {is_set && (
        <Button look="plain" onClick={clear}>
          Clear filters
        </Button>
      )}
    </search>
  );
}

interface FilterProps {
  readonly label: string;
  readonly value: string;
  set(value: string): void;
}

/** `values` are the API's own words. */
export function ChoiceFilter({ label, value, set, values }: FilterProps & { readonly values: readonly string[] }): ReactNode {
  const choices = [{ value: '', label: 'Any' }, ...values.map(one => ({ value: one, label: words(one) }))];
  return <ChoiceField label={label} value={value} choices={choices} onChange={event => set(event.target.value)} />;
}

export function TextFilter({
  label,
  value,
  set,
  placeholder,
  type = 'text',
}: FilterProps & { readonly placeholder?: string; readonly type?: 'text' | 'date' }): ReactNode {
  const [text, set_text] = useState(value);
  useEffect(() => set_text(value), [value]);
  const settle = () => {
    if (text.trim() !== value) set(text.trim());
  };
  return (
    <TextField
      label={label}
      type={type}
      value={text}
      placeholder={placeholder}
      autoComplete="off"
      onChange={event => (type === 'date' ? set(event.target.value) : set_text(event.target.value))}
      onBlur={settle}
      onKeyDown={event => event.key === 'Enter' && settle()}
    />
  );
}
