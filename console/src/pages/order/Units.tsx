/** Picking units of lines: for a cancellation, for a return. */
import type { ReactNode } from 'react';
import type { OrderLine } from '../../types/orders.ts';

/** Units by line id; a line that is not there has none. */
export type Units = Readonly<Record<string, number>>;

interface PickUnitsProps {
  readonly label: string;
  readonly lines: readonly OrderLine[];
  max_of(line: OrderLine): number;
  readonly units: Units;
  set(units: Units): void;
}

export function PickUnits({ label, lines, max_of, units, set }: PickUnitsProps): ReactNode {
  return (
    <fieldset className="units">
      <legend>{label}</legend>
      {lines
        .filter(line => max_of(line) > 0)
        .map(line => (
          <label key={line.id}>
            <span>
              {line.name} <span className="quiet mono small">{line.sku}</span>
            </span>
            <input
              className="input number"
              type="number"
              min={0}
              max={max_of(line)}
              step={1}
              value={units[line.id] ?? 0}
              onChange={event => set({ ...units, [line.id]: bounded(event.target.valueAsNumber, max_of(line)) })}
            />
            <span className="quiet number">of {max_of(line)}</span>
          </label>
        ))}
    </fieldset>
  );
}

function bounded(value: number, max: number): number {
  return Number.isInteger(value) ? Math.min(Math.max(value, 0), max) : 0;
}

export function picked(units: Units): readonly { readonly line_id: string; readonly quantity: number }[] {
  return Object.entries(units).flatMap(([line_id, quantity]) => (quantity > 0 ? [{ line_id, quantity }] : []));
}

export function all_units(lines: readonly OrderLine[], max_of: (line: OrderLine) => number): Units {
  return Object.fromEntries(lines.map(line => [line.id, Math.max(0, max_of(line))]));
}
