import { type ComponentProps, type FormEvent, type ReactNode, useId } from 'react';
import styles from './field.module.css';
import { Icon } from './icon.tsx';

type Described = {
  label: string;
  hint?: ReactNode;
  /** What is wrong with the value, in words for whoever entered it. */
  problem?: string | undefined;
};

/** Text on one line. `mono`: for ids, names in databases and the like. */
export function TextField({
  label,
  hint,
  problem,
  mono = false,
  ...props
}: Described & { mono?: boolean } & ComponentProps<'input'>) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} problem={problem}>
      <input
        autoComplete="off"
        spellCheck={false}
        {...props}
        {...describedBy(id, hint, problem)}
        id={id}
        className={mono ? `${styles.input} ${styles.mono}` : styles.input}
      />
    </Frame>
  );
}

export function TextArea({ label, hint, problem, ...props }: Described & ComponentProps<'textarea'>) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} problem={problem}>
      <textarea {...props} {...describedBy(id, hint, problem)} id={id} className={styles.input} />
    </Frame>
  );
}

export function SelectField({ label, hint, problem, children, ...props }: Described & ComponentProps<'select'>) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} problem={problem}>
      <select {...props} {...describedBy(id, hint, problem)} id={id} className={styles.input}>
        {children}
      </select>
    </Frame>
  );
}

export function CheckField({ label, hint, ...props }: Omit<Described, 'problem'> & ComponentProps<'input'>) {
  const id = useId();
  return (
    <div className={styles.check}>
      <input type="checkbox" {...props} id={id} {...describedBy(id, hint, undefined)} />
      <div>
        <label htmlFor={id} className={styles.label}>
          {label}
        </label>
        {hint !== undefined && (
          <div id={`${id}-hint`} className={styles.hint}>
            {hint}
          </div>
        )}
      </div>
    </div>
  );
}

export function SearchField({ label, ...props }: { label: string } & ComponentProps<'input'>) {
  return (
    <div className={styles.search}>
      <Icon name="search" />
      <input type="search" aria-label={label} placeholder={label} {...props} className={styles.input} />
    </div>
  );
}

/** Fields below each other. Enter submits; the page is never left. */
export function Form({ onSubmit, children, ...props }: { onSubmit: () => void } & ComponentProps<'form'>) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form noValidate {...props} className={styles.form} onSubmit={submit}>
      {children}
    </form>
  );
}

function Frame({ id, label, hint, problem, children }: Described & { id: string; children: ReactNode }) {
  return (
    <div className={styles.field}>
      <label htmlFor={id} className={styles.label}>
        {label}
      </label>
      {children}
      {hint !== undefined && (
        <div id={`${id}-hint`} className={styles.hint}>
          {hint}
        </div>
      )}
      {problem !== undefined && (
        <div id={`${id}-problem`} className={styles.problem} role="alert">
          {problem}
        </div>
      )}
    </div>
  );
}

function describedBy(id: string, hint: ReactNode, problem: string | undefined) {
  const ids = [hint !== undefined && `${id}-hint`, problem !== undefined && `${id}-problem`].filter(Boolean);
  return {
    ...(ids.length > 0 && { 'aria-describedby': ids.join(' ') }),
    ...(problem !== undefined && { 'aria-invalid': true }),
  };
}
