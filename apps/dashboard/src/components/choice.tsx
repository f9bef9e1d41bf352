import styles from './choice.module.css';

export type Choice<Value extends string> = {
  value: Value;
  label: string;
  /** How many there are, such as `10,002` or `200+`; undefined while it is not known. */
  count: string | undefined;
};

type ChoicesProps<Value extends string> = {
  label: string;
  choices: readonly Choice<Value>[];
  chosen: Value;
  onChoose: (value: Value) => void;
};

/** Numbers at a glance, each of which filters what is below by being pressed. */
export function Choices<Value extends string>({ label, choices, chosen, onChoose }: ChoicesProps<Value>) {
  return (
    <fieldset className={styles.frame}>
      <legend className="visually-hidden">{label}</legend>
      <div className={styles.choices}>
        {choices.map(({ value, label: name, count }) => (
          <button
            key={value}
            type="button"
            className={styles.choice}
            aria-pressed={value === chosen}
            onClick={() => onChoose(value)}
          >
            <span className={styles.count}>{count ?? '–'}</span>
            <span className={`${styles.label} ${styles[value] ?? ''}`}>{name}</span>
          </button>
        ))}
      </div>
    </fieldset>
  );
}
