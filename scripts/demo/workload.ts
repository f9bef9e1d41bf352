import type { DemoApi } from '@hexclave/server';

/** One call of the API, or several that have to follow each other. */
export type Step = () => Promise<unknown>;

/** Steps of a phase are independent of each other; a phase begins when the one before has ended. */
export type Phase = { name: string; steps: Step[] };

type Person = { index: number; id: string; channelId: string };
type Team = { index: number; id: string };

const USERS_PER_TEAM = 10;

/** Whether `index` belongs to every nth. */
const nth = (index: number, n: number) => index % n === 0;

/**
 * Lives of users: they sign up, add a second address, join teams, change their names, swap their addresses, leave.
 * Names hold what tends to break.
 */
export function phases(api: DemoApi, userCount: number): Phase[] {
  const people = Array.from({ length: userCount }, (_, index): Person => ({ index, id: '', channelId: '' }));
  const teams = Array.from({ length: Math.ceil(userCount / USERS_PER_TEAM) }, (_, index): Team => ({ index, id: '' }));
  const teamOf = ({ index }: Person) => teams[Math.floor(index / USERS_PER_TEAM)]?.id ?? '';
  return [
    { name: 'users sign up', steps: people.map((person) => () => signUp(api, person)) },
    { name: 'users add a second address', steps: people.map((person) => () => addAddress(api, person)) },
    { name: 'teams are founded', steps: teams.map((team) => () => found(api, team)) },
    { name: 'users join teams', steps: people.map((person) => () => join(api, person, teamOf(person))) },
    { name: 'changes', steps: shuffled([...changes(api, people, teamOf), ...teamChanges(api, teams)]) },
    { name: 'deletions', steps: shuffled(deletions(api, people, teams, teamOf)) },
  ];
}

async function signUp(api: DemoApi, person: Person): Promise<void> {
  const { id } = await api.call<{ id: string }>('POST', '/users', {
    display_name: `O'Neill "${person.index}" 🦊`,
    primary_email: `user-${person.index}@example.com`,
    server_metadata: { index: person.index },
  });
  person.id = id;
}

async function addAddress(api: DemoApi, person: Person): Promise<void> {
  const value = `second-${person.index}@example.com`;
  const { id } = await api.call<{ id: string }>('POST', '/contact-channels', {
    user_id: person.id,
    type: 'email',
    value,
  });
  person.channelId = id;
}

async function found(api: DemoApi, team: Team): Promise<void> {
  team.id = (await api.call<Team>('POST', '/teams', { display_name: `Team ${team.index} – ñandú` })).id;
}

function join(api: DemoApi, person: Person, teamId: string): Promise<unknown> {
  return api.call('POST', `/team-memberships/${teamId}/${person.id}`, {});
}

function changes(api: DemoApi, people: Person[], teamOf: (person: Person) => string): Step[] {
  const change = (path: (person: Person) => string, body: object) => (person: Person) => () =>
    api.call('PATCH', path(person), body);
  const rename = change(({ id }) => `/users/${id}`, {
    display_name: 'Renamed \\ 名前',
    client_metadata: { theme: 'dark' },
  });
  // Changes two rows of contact channels and, through the lookup, a user.
  const swapAddress = change(({ id, channelId }) => `/contact-channels/${id}/${channelId}`, { is_primary: true });
  const nickname = change((person) => `/team-member-profiles/${teamOf(person)}/${person.id}`, { display_name: 'Nick' });
  return [
    ...people.map(rename),
    ...people.filter(({ index }) => nth(index, 3)).map(swapAddress),
    ...people.filter(({ index }) => nth(index, 4)).map(nickname),
  ];
}

function teamChanges(api: DemoApi, teams: Team[]): Step[] {
  return teams.map(
    (team) => () => api.call('PATCH', `/teams/${team.id}`, { display_name: `Team ${team.index}, renamed` }),
  );
}

/** Of those who stay, some leave their team or give up an address. */
function deletions(api: DemoApi, people: Person[], teams: Team[], teamOf: (person: Person) => string): Step[] {
  const remove = (path: () => string) => () => api.call('DELETE', path());
  const disbanded = teams.filter(({ index }) => nth(index, 10));
  const leaving = people.filter(({ index }) => nth(index, 5));
  const staying = people.filter(({ index }) => !nth(index, 5));
  const inTeam = staying.filter(({ index }) => !nth(Math.floor(index / USERS_PER_TEAM), 10));
  return [
    ...leaving.map((person) => remove(() => `/users/${person.id}`)),
    ...disbanded.map((team) => remove(() => `/teams/${team.id}`)),
    ...staying
      .filter(({ index }) => nth(index, 2))
      .map((person) => remove(() => `/contact-channels/${person.id}/${person.channelId}`)),
    ...inTeam
      .filter(({ index }) => nth(index, 3))
      .map((person) => remove(() => `/team-memberships/${teamOf(person)}/${person.id}`)),
  ];
}

/** So that kinds of changes meet each other. */
function shuffled(steps: Step[]): Step[] {
  return steps
    .map((step) => ({ step, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ step }) => step);
}
