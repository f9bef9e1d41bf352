import picocolors from 'picocolors';

/** Colours and widths of the place where text is shown. */
export type Styles = ReturnType<typeof picocolors.createColors> & {
  /** Columns of the terminal; undefined where lines may be of any length. */
  readonly width: number | undefined;
};

type Output = { readonly isTTY?: boolean; readonly columns?: number };
type Environment = Readonly<Record<string, string | undefined>>;

/** https://no-color.org and https://force-color.org: set, to anything but nothing (and `0` for the latter). */
export function stylesOf(output: Output, environment: Environment): Styles {
  const { NO_COLOR, FORCE_COLOR, TERM } = environment;
  const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== '' && FORCE_COLOR !== '0';
  const refused = (NO_COLOR !== undefined && NO_COLOR !== '') || FORCE_COLOR === '0';
  const able = output.isTTY === true && TERM !== 'dumb';
  return {
    ...picocolors.createColors(forced || (able && !refused)),
    width: output.isTTY === true ? output.columns : undefined,
  };
}
