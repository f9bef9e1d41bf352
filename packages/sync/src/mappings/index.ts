import { catalog } from '../declare/catalog.ts';
import { contactChannels } from './contact-channels.ts';
import { teamMemberProfiles } from './team-member-profiles.ts';
import { teams } from './teams.ts';
import { users } from './users.ts';

/** What Hexclave syncs. A new mapping is a file beside this one, a line here, and `npm run generate:capture`. */
export const hexclaveCatalog = catalog([users, contactChannels, teams, teamMemberProfiles]);
