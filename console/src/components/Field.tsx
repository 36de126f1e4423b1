/** A labelled input. The label is the input's, the hint and the complaint are read with it. */
import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes, useId } from 'react';

interface Labelled {
  readonly label: string;
  readonly hint?: ReactNode;
  /** What is wrong with the value. */
  readonly wrong?: string | undefined;
}

interface Described {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': true | undefined;
}

function Field({ label, hint, wrong, children }: Labelled & { children(given: Described): ReactNode }): ReactNode {
  const id = useId();
  const says = wrong ?? hint;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        'aria-describedby': says === undefined ? undefined : `${id}-says`,
        'aria-invalid': wrong === undefined ? undefined : true,
      })}
      {says !== undefined && (
        <span id={`${id}-says`} className={wrong === undefined ? 'hint' : 'wrong'}>
          {says}
        </span>
      )}
    </div>
  );
}

export function TextField({ label, hint, wrong, ...others }: Labelled & InputHTMLAttributes<HTMLInputElement>): ReactNode {
  return (
    <Field label={label} hint={hint} wrong={wrong}>
      {given => <input className="input" {...given} {...others} />}
    </Field>
  );
}

export function LongField({ label, hint, wrong, ...others }: Labelled & TextareaHTMLAttributes<HTMLTextAreaElement>): ReactNode {
  return (
    <Field label={label} hint={hint} wrong={wrong}>
      {given => <textarea className="input" {...given} {...others} />}
    </Field>
  );
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

export function ChoiceField({
  label,
  hint,
  wrong,
  choices,
  ...others
}: Labelled & { readonly choices: readonly Choice[] } & SelectHTMLAttributes<HTMLSelectElement>): ReactNode {
  return (
    <Field label={label} hint={hint} wrong={wrong}>
      {given => (
        <select className="input" {...given} {...others}>
          {choices.map(choice => (
            <option key={choice.value} value={choice.value}>
              {choice.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
