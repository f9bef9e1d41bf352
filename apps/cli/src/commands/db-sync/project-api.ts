import { type ProjectApi, projectApi } from '../../api.ts';
import type { Context } from '../../context.ts';

/** Everything about copies may be asked by a project's admin, and by the operator for every project. */
export async function projectApiOf(context: Context): Promise<ProjectApi> {
  return projectApi(await context.settings());
}
