/** What happened when, for a person who looks into a failure. */
export type Trace = {
  note(text: string): void;
  /** In ms since the start. */
  now(): number;
  lines(): readonly string[];
};

export function createTrace(onLine?: (line: string) => void): Trace {
  const startedAt = performance.now();
  const lines: string[] = [];
  const now = () => performance.now() - startedAt;
  return {
    now,
    note: (text) => {
      const line = `${(now() / 1_000).toFixed(3).padStart(8)} s  ${text}`;
      lines.push(line);
      onLine?.(line);
    },
    lines: () => lines,
  };
}
