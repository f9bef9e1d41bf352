import { trackedTable } from '../declare/tracked-table.ts';

export const projectUser = trackedTable({
  name: 'ProjectUser',
  tenancyColumn: 'tenancyId',
  key: { projectUserId: 'uuid' },
});
