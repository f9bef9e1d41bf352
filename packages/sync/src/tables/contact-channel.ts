import { trackedTable } from '../declare/tracked-table.ts';

export const contactChannel = trackedTable({
  name: 'ContactChannel',
  tenancyColumn: 'tenancyId',
  key: { id: 'uuid' },
});
