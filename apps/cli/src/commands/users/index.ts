import { text } from '@hexclave/env';
import type { Context } from '../../context.ts';
import { command, group } from '../../declare/command.ts';
import { argument, flag, option } from '../../declare/values.ts';
import { printable } from '../../output/printable.ts';
import { table } from '../../output/table.ts';
import { moment } from '../../output/words.ts';
import { usageProblem } from '../../problem.ts';
import { confirmByName, readSecret } from '../../secrets/read.ts';
import { moreLine, PAGE_OPTIONS, pageQuery } from '../paging.ts';
import { describeUser, USER_OPTIONS, userBody } from './fields.ts';

const userId = argument('id', 'the id of the user');
const COLUMNS = [{ name: 'ID' }, { name: 'NAME' }, { name: 'PRIMARY E-MAIL' }, { name: 'SIGNED UP' }];

const listUsers = command({
  name: 'list',
  summary: 'List the users of a project, in the order of their sign-up',
  options: {
    ...PAGE_OPTIONS,
    query: option('-q, --query <text>', 'part of the name or of an e-mail address, or an id', text()),
    team: option('--team <id>', 'only members of this team', text()),
    newest: flag('--newest', 'begins with the newest'),
    anonymous: flag('--anonymous', 'anonymous users too'),
  },
  examples: ['hexclave users list --query ada', "hexclave users list --json | jq -r '.items[].id'"],
  json: { words: 'a page of users.', route: 'listUsers' },
  run: async ({ options }, context) => {
    const api = await context.api('server');
    const { query, team: team_id, newest, anonymous } = options;
    const page = await api.call('listUsers', {
      query: { ...pageQuery(options), query, team_id, desc: newest, include_anonymous: anonymous },
    });
    return {
      json: page,
      text: (styles) => {
        const rows = page.items.map((user) => [
          user.id,
          user.display_name ?? '',
          user.primary_email ?? '',
          moment(user.signed_up_at_millis),
        ]);
        return [table(COLUMNS, rows, styles), ...moreLine(page.pagination.next_cursor, styles)].join('\n');
      },
    };
  },
});

const getUser = command({
  name: 'get',
  summary: 'Show a user',
  args: { id: userId },
  json: { words: 'the user.', route: 'getUser' },
  run: async ({ args }, context) => {
    const api = await context.api('server');
    const user = await api.call('getUser', { params: { user_id: args.id } });
    return { json: user, text: (styles) => describeUser(user, styles) };
  },
});

const createUser = command({
  name: 'create',
  summary: 'Create a user',
  options: { ...USER_OPTIONS, anonymous: flag('--anonymous', 'the user is anonymous') },
  examples: ["hexclave users create --name 'Ada Lovelace' --email ada@example.com"],
  json: { words: 'the user.', route: 'createUser' },
  run: async ({ options }, context) => {
    const body = { ...userBody(options), ...(await passwordOf(options, context)) };
    const api = await context.api('server');
    const user = await api.call('createUser', { body: { ...body, is_anonymous: options.anonymous } });
    return { json: user, text: (styles) => describeUser(user, styles) };
  },
});

const updateUser = command({
  name: 'update',
  summary: 'Change a user',
  details: 'What is not given stays as it is.',
  args: { id: userId },
  options: USER_OPTIONS,
  examples: ["hexclave users update 3241a285-8329-4d69-8f3d-316e08cf140c --name 'Ada King'"],
  json: { words: 'the user.', route: 'updateUser' },
  run: async ({ args, options }, context) => {
    const body = { ...userBody(options), ...(await passwordOf(options, context)) };
    if (Object.keys(body).length === 0) throw usageProblem('Nothing was given that is to be changed.');
    const api = await context.api('server');
    const user = await api.call('updateUser', { params: { user_id: args.id }, body });
    return { json: user, text: (styles) => describeUser(user, styles) };
  },
});

const deleteUser = command({
  name: 'delete',
  summary: 'Delete a user, with contact channels and team memberships',
  details: 'Asks for the id once more.',
  args: { id: userId },
  options: { yes: flag('-y, --yes', 'does not ask') },
  json: { words: '`{"success": true}`.', route: 'deleteUser' },
  run: async ({ args, options }, context) => {
    const api = await context.api('server');
    const params = { user_id: args.id };
    const user = await api.call('getUser', { params });
    const name = printable(user.display_name ?? user.primary_email ?? 'without a name');
    await confirmByName(`This deletes the user “${name}”.`, args.id, options.yes, context);
    const json = await api.call('deleteUser', { params });
    return { json, text: () => `Deleted user ${printable(args.id)}.` };
  },
});

type PasswordOptions = { readonly askPassword: boolean; readonly passwordStdin: boolean };

async function passwordOf({ askPassword, passwordStdin }: PasswordOptions, context: Context) {
  if (!askPassword && !passwordStdin) return {};
  return { password: await readSecret('the password', { stdin: passwordStdin }, context) };
}

export const users = group({
  name: 'users',
  summary: 'List, show, create, change and delete users of a project',
  commands: [listUsers, getUser, createUser, updateUser, deleteUser],
});
