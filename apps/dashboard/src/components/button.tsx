import type { ComponentProps, ReactNode } from 'react';
import styles from './button.module.css';
import { Icon, type IconName } from './icon.tsx';

export type ButtonVariant = 'primary' | 'secondary' | 'ghost' | 'danger';

const VARIANTS: Record<ButtonVariant, string | undefined> = {
  primary: styles.primary,
  secondary: undefined,
  ghost: styles.ghost,
  danger: styles.danger,
};

type ButtonProps = ComponentProps<'button'> & {
  variant?: ButtonVariant;
  icon?: IconName;
  /** What it started is under way: it shows so, and cannot be pressed again. */
  busy?: boolean;
  children: ReactNode;
};

export function Button({ variant = 'secondary', icon, busy = false, children, ...props }: ButtonProps) {
  return (
    <button type="button" {...props} className={classOf(variant)} disabled={props.disabled || busy} aria-busy={busy}>
      {busy ? <span className={styles.spinner} aria-hidden="true" /> : icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** A button that is only a picture; `label` is what it is called. */
export function IconButton({
  label,
  icon,
  variant = 'ghost',
  ...props
}: ComponentProps<'button'> & { label: string; icon: IconName; variant?: ButtonVariant }) {
  return (
    <button type="button" {...props} className={`${classOf(variant)} ${styles.icon}`} aria-label={label} title={label}>
      <Icon name={icon} />
    </button>
  );
}

/** For a link that looks like a button. */
export function classOf(variant: ButtonVariant): string {
  return [styles.button, VARIANTS[variant]].filter(Boolean).join(' ');
}
