import { command } from '../../declare/command.ts';
import { flag } from '../../declare/values.ts';
import { table } from '../../output/table.ts';
import { moment } from '../../output/words.ts';
import { moreLine, PAGE_OPTIONS, pageQuery } from '../paging.ts';

const COLUMNS = [{ name: 'ID' }, { name: 'NAME' }, { name: 'CREATED' }];

export const listProjects = command({
  name: 'list',
  summary: 'List all projects, as the operator',
  options: { ...PAGE_OPTIONS, newest: flag('--newest', 'begins with the newest') },
  json: { words: 'a page of projects.', route: 'listProjects' },
  run: async ({ options }, context) => {
    const api = await context.operatorApi();
    const page = await api.call('listProjects', { query: { ...pageQuery(options), desc: options.newest } });
    return {
      json: page,
      text: (styles) => {
        const rows = page.items.map(({ id, display_name, created_at_millis: created }) => [
          id,
          display_name,
          moment(created),
        ]);
        return [table(COLUMNS, rows, styles), ...moreLine(page.pagination.next_cursor, styles)].join('\n');
      },
    };
  },
});
