import { type ComponentProps, type ReactNode, useId } from 'react';

export type ButtonKind = 'plain' | 'primary' | 'danger' | 'quiet';

export const Button = ({
  kind = 'plain',
  className = '',
  ...rest
}: ComponentProps<'button'> & { readonly kind?: ButtonKind }) => (
  <button type="button" className={`button ${kind} ${className}`} {...rest} />
);

export const Field = ({
  label,
  hint,
  children,
}: {
  readonly label: string;
  readonly hint?: string;
  readonly children: (attributes: { readonly id: string; readonly 'aria-describedby'?: string }) => ReactNode;
}) => {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, ...(hint === undefined ? {} : { 'aria-describedby': `${id}-hint` }) })}
      {hint === undefined ? null : (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
};

/** A choice among texts. */
export const Select = <Value extends string>({
  label,
  values,
  value,
  onChange,
}: {
  readonly label: string;
  readonly values: readonly Value[];
  readonly value: Value;
  readonly onChange: (value: Value) => void;
}) => (
  <select aria-label={label} value={value} onChange={(event) => onChange(event.currentTarget.value as Value)}>
    {values.map((name) => (
      <option key={name}>{name}</option>
    ))}
  </select>
);

/** A filter: one of the values, or all of them, which is an empty text. */
export const Choice = ({
  label,
  values,
  names = values,
  value,
  onChange,
}: {
  readonly label: string;
  readonly values: readonly string[];
  /** What is shown in place of each value. */
  readonly names?: readonly string[];
  readonly value: string;
  readonly onChange: (value: string) => void;
}) => (
  <select aria-label={label} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
    <option value="">{label}: all</option>
    {values.map((name, index) => (
      <option key={name} value={name}>
        {(names[index] ?? name).replaceAll('_', ' ')}
      </option>
    ))}
  </select>
);

/** A box to check for each of the values. */
export const Checkboxes = ({
  legend,
  name,
  values,
  chosen,
}: {
  readonly legend: string;
  readonly name: string;
  readonly values: readonly string[];
  readonly chosen: readonly string[];
}) => (
  <fieldset>
    <legend>{legend}</legend>
    {values.map((value) => (
      <label key={value} className="check">
        <input type="checkbox" name={name} value={value} defaultChecked={chosen.includes(value)} />
        {value.replaceAll('_', ' ')}
      </label>
    ))}
  </fieldset>
);

/** The text in a field of a form. */
export const readText = (fields: FormData, name: string): string => String(fields.get(name)).trim();

/** Those of the values whose boxes are checked. */
export const readCheckboxes = <Value extends string>(
  fields: FormData,
  name: string,
  values: readonly Value[],
): readonly Value[] => values.filter((value) => fields.getAll(name).includes(value));
