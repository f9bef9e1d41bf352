import { trackedTable } from '../declare/tracked-table.ts';

export const teamMember = trackedTable({
  name: 'TeamMember',
  tenancyColumn: 'tenancyId',
  key: { teamId: 'uuid', projectUserId: 'uuid' },
});
