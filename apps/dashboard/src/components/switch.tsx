import styles from './switch.module.css';

type SwitchProps = { label: string; isOn: boolean; disabled?: boolean; onFlip: () => void };

export function Switch({ label, isOn, disabled, onFlip }: SwitchProps) {
  return (
    <button
      type="button"
      role="switch"
      className={styles.switch}
      aria-checked={isOn}
      aria-label={label}
      disabled={disabled}
      onClick={onFlip}
    />
  );
}
