import { z } from '@hono/zod-openapi';
import { millis } from './fields.ts';

const MAX_LENGTH = 256;
const shortText = z.string().min(1, 'must not be empty').max(MAX_LENGTH, `must have at most ${MAX_LENGTH} characters`);

export const dashboardSignIn = z.strictObject({ project_id: shortText, super_secret_admin_key: shortText });

/** The token of the link that a development server prints. */
export const dashboardLinkSignIn = z.strictObject({ token: shortText });

/** Who is signed in to the dashboard. */
export const dashboardSession = z.object({
  project_id: z.string(),
  project_display_name: z.string(),
  /** Whether all projects may be seen and changed: so for admins of the project `internal`. */
  is_operator: z.boolean(),
  /** At the latest; earlier when it is not used. */
  expires_at_millis: millis,
});

export type DashboardSession = z.output<typeof dashboardSession>;
