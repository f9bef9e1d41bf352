/** The tables that there are to copy. A test compares them with the server's. */
export const TABLES = [
  { name: 'users', what: 'A row for each user, with the primary e-mail address.' },
  { name: 'contact_channels', what: 'All e-mail addresses of users.' },
  { name: 'teams', what: 'A row for each team.' },
  { name: 'team_member_profiles', what: 'Who is in which team, and under what name.' },
] as const;
