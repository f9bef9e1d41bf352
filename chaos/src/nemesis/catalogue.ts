import { CLOCK_FAULTS } from './clocks.ts';
import { CONFIGURATION_FAULTS } from './configurations.ts';
import { CUSTOMER_FAULTS } from './customers.ts';
import { DATABASE_FAULTS } from './databases.ts';
import type { FaultKind } from './fault.ts';
import { LINK_FAULTS } from './links.ts';
import { PROCESS_FAULTS } from './processes.ts';
import { QUIET_RESTORES } from './quiet-restores.ts';
import { REQUEST_FAULTS } from './requests.ts';

/** Every kind of fault. */
export const FAULTS: readonly FaultKind[] = [
  ...PROCESS_FAULTS,
  ...CLOCK_FAULTS,
  ...REQUEST_FAULTS,
  ...LINK_FAULTS,
  ...DATABASE_FAULTS,
  ...QUIET_RESTORES,
  ...CUSTOMER_FAULTS,
  ...CONFIGURATION_FAULTS,
];
