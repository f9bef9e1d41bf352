import { text } from '@hexclave/env';
import { argument, option, optionalArgument } from '../../declare/values.ts';

export const databaseArgument = argument('database', 'the id of the external database', {
  suggests: 'external-databases',
});

export const optionalDatabaseArgument = optionalArgument(
  'database',
  'the id of the external database; left out: the whole project',
  { suggests: 'external-databases' },
);

export const mappingOption = option(
  '--mapping <table>',
  'one table only, by the name of its mapping, e.g. users',
  text(),
);

export const reasonOption = option('-r, --reason <text>', 'why; it stands in the audit log', text());
