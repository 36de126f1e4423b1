/** Picking units of a shipment's lines. */
import type { ReactNode } from 'react';
import type { ShipmentLine } from '../../types/shipments.ts';

/** Units by line id; a line that is not there has none. */
export type Units = Readonly<Record<string, number>>;

export function left_of(line: ShipmentLine): number {
  return line.quantity - line.quantity_shorted - line.quantity_cancelled;
}

export function units_sent(units: Units): readonly { readonly line_id: string; readonly quantity: number }[] {
  return Object.entries(units).flatMap(([line_id, quantity]) => (quantity > 0 ? [{ line_id, quantity }] : []));
}

interface UnitFieldsProps {
  readonly label: string;
  readonly lines: readonly ShipmentLine[];
  readonly units: Units;
  set(units: Units): void;
}

export function UnitFields({ label, lines, units, set }: UnitFieldsProps): ReactNode {
  return (
    <fieldset className="units">
      <legend>{label}</legend>
      {lines
        .filter(line => left_of(line) > 0)
        .map(line => (
          <label key={line.line_id}>
            <span>
              {line.name ?? line.sku} <span className="quiet mono small">{line.sku}</span>
            </span>
            <input
              className="input number"
              type="number"
              min={0}
              max={left_of(line)}
              step={1}
              value={units[line.line_id] ?? 0}
              onChange={event => set({ ...units, [line.line_id]: bounded(event.target.valueAsNumber, left_of(line)) })}
            />
            <span className="quiet number">of {left_of(line)}</span>
          </label>
        ))}
    </fieldset>
  );
}

function bounded(value: number, max: number): number {
  return Number.isInteger(value) ? Math.min(Math.max(value, 0), max) : 0;
}
