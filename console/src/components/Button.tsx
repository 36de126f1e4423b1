import type { ButtonHTMLAttributes, ReactNode } from 'react';

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly look?: 'primary' | 'danger' | 'plain';
  readonly small?: boolean;
  readonly square?: boolean;
}

/** A button that submits nothing unless it says so. */
export function Button({ look, small = false, square = false, className, type = 'button', ...others }: ButtonProps): ReactNode {
  const classes = ['button', look, small && 'small', square && 'icon', className].filter(Boolean).join(' ');
  return <button type={type} className={classes} {...others} />;
}
