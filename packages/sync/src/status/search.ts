/** Whether a project `p` has a text in its name or its id. */
export function matchesSql(search: string): string {
  return `(strpos(lower(p."displayName"), lower(${search})) > 0 OR strpos(lower(p."id"), lower(${search})) > 0)`;
}
