/** Turns a variable's text into a value, or says what would have been right. */
export type Parser<T> = {
  /** For people: "a whole number from 1 to 9". */
  readonly expects: string;
  /** Undefined when the text is not what is expected. */
  parse(text: string): T | undefined;
};

export function text(options: { minLength?: number } = {}): Parser<string> {
  const { minLength = 1 } = options;
  return {
    expects: minLength > 1 ? `at least ${minLength} characters` : 'a text',
    parse: (value) => (value.length >= minLength ? value : undefined),
  };
}

/** Texts separated by commas; spaces around them do not count. */
export function list(options: { minLength?: number } = {}): Parser<readonly string[]> {
  const item = text(options);
  return {
    expects: `one or more texts, separated by commas, of ${item.expects.replace(/^a text$/, 'any length')}`,
    parse: (value) => {
      const items = value.split(',').map((part) => item.parse(part.trim()));
      return items.every((part) => part !== undefined) ? items : undefined;
    },
  };
}

/** Only `true` and `false`: with `0`, `no` or `off` a reader would have to guess. */
export function boolean(): Parser<boolean> {
  return {
    expects: '`true` or `false`',
    parse: (value) => (value === 'true' ? true : value === 'false' ? false : undefined),
  };
}

export function integer(min: number, max: number): Parser<number> {
  return {
    expects: `a whole number from ${min} to ${max}`,
    parse: (value) => {
      const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
      return number >= min && number <= max ? number : undefined;
    },
  };
}

export function fraction(): Parser<number> {
  return {
    expects: 'a number from 0 to 1',
    parse: (value) => (/^(0|1|[01]?\.\d{1,9})$/.test(value) && Number(value) <= 1 ? Number(value) : undefined),
  };
}

export function oneOf<const Choice extends string>(choices: readonly Choice[]): Parser<Choice> {
  return {
    expects: `one of ${choices.map((choice) => `\`${choice}\``).join(', ')}`,
    parse: (value) => choices.find((choice) => choice === value),
  };
}

/** An address of one of the given schemes, without a slash at its end. */
export function url(schemes: readonly string[]): Parser<string> {
  return {
    expects: `an address that begins with ${schemes.map((scheme) => `\`${scheme}://\``).join(' or ')}`,
    parse: (value) => {
      if (!URL.canParse(value)) return undefined;
      const { protocol, hostname } = new URL(value);
      return schemes.includes(protocol.slice(0, -1)) && hostname !== '' ? value.replace(/\/+$/, '') : undefined;
    },
  };
}
