/** Loaded before a server: its clock is off by so many ms, as on a machine whose time nobody keeps. */
// biome-ignore lint/style/noProcessEnv: loaded into another process before it can read TypeScript.
const offset = Number(process.env.TEST_CLOCK_OFFSET_MS);
const RealDate = Date;
const now = RealDate.now.bind(RealDate);

globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(now() + offset);
    else super(...args);
  }

  static now() {
    return now() + offset;
  }
};
