import type { Project } from '@hexclave/contract';
import { adminApi } from '../../api.ts';
import type { Context } from '../../context.ts';
import { command } from '../../declare/command.ts';
import { optionalArgument } from '../../declare/values.ts';
import { list } from '../../output/table.ts';
import { moment } from '../../output/words.ts';

export const showProject = command({
  name: 'show',
  summary: 'Show a project',
  args: { id: optionalArgument('id', 'the project; default: the one that is chosen', { suggests: 'projects' }) },
  json: { words: 'the project.', route: 'getCurrentProject' },
  run: async ({ args }, context) => {
    const project = await find(args.id, context);
    return {
      json: project,
      text: (styles) =>
        list(
          [
            ['id', project.id],
            ['name', project.display_name],
            ['description', project.description],
            ['created', moment(project.created_at_millis)],
          ],
          styles,
        ),
    };
  },
});

/** Another project than the chosen one is the operator's business. */
async function find(id: string | undefined, context: Context): Promise<Project> {
  const settings = await context.settings();
  const chosen = settings.projectId?.value;
  if (id === undefined || (id === chosen && settings.keysOf(id).superSecretAdminKey !== undefined)) {
    return adminApi(settings).call('getCurrentProject', {});
  }
  return (await context.operatorApi()).call('getProject', { params: { project_id: id } });
}
