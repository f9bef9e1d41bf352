import { trackedTable } from '../declare/tracked-table.ts';

export const team = trackedTable({
  name: 'Team',
  tenancyColumn: 'tenancyId',
  key: { teamId: 'uuid' },
});
