/** Whether a project `p` has a text in its name or its id. */
export function matchesSql(search: string): string {
  return `(strpos(lower(p."displayName"), lower(${search})) > 0 OR strpos(lower(p."id"), lower(${search})) > 0)`;
}

/** Whether the project of a tenancy does; NULL is in all. */
export function isLookedForSql(tenancy: string, search: string): string {
  return `(${search} IS NULL OR (${tenancy} IN (
    SELECT t."id" FROM "Project" p JOIN "Tenancy" t ON t."projectId" = p."id" WHERE ${matchesSql(search)})) IS TRUE)`;
}
