import { command } from '../../declare/command.ts';
import { argument, flag } from '../../declare/values.ts';
import { printable } from '../../output/printable.ts';
import { confirmByName } from '../../secrets/read.ts';

export const deleteProject = command({
  name: 'delete',
  summary: 'Delete a project with everything in it, as the operator',
  details: 'Asks for its id once more. What was copied into external databases stays there.',
  args: { id: argument('id', 'the project', { suggests: 'projects' }) },
  options: { yes: flag('-y, --yes', 'does not ask') },
  json: { words: '`{"success": true}`.', route: 'deleteProject' },
  run: async ({ args, options }, context) => {
    const api = await context.operatorApi();
    const params = { project_id: args.id };
    const { display_name: name } = await api.call('getProject', { params });
    const question = `This deletes the project “${printable(name)}” with all its users and teams.`;
    await confirmByName(question, args.id, options.yes, context);
    const json = await api.call('deleteProject', { params });
    return { json, text: () => `Deleted project ${printable(args.id)}.` };
  },
});
