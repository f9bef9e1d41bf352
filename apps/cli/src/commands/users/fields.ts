import type { User } from '@hexclave/contract';
import { type Parser, text } from '@hexclave/env';
import { flag, option } from '../../declare/values.ts';
import type { Styles } from '../../output/styles.ts';
import { list } from '../../output/table.ts';
import { moment } from '../../output/words.ts';

/** Any JSON value. Wrapped, because `null` is one. */
function jsonValue(): Parser<{ readonly value: unknown }> {
  return {
    expects: 'JSON',
    parse: (input) => {
      try {
        return { value: JSON.parse(input) as unknown };
      } catch {
        return undefined;
      }
    },
  };
}

const optionalText: Parser<string> = { ...text(), expects: 'a text', parse: (value) => value };

/** What can be set of a user, at its creation and later. */
export const USER_OPTIONS = {
  name: option('--name <name>', 'the display name; empty: none', optionalText),
  email: option('--email <address>', 'the primary e-mail address; empty: none', optionalText),
  emailVerified: flag('--email-verified', 'takes the address for verified'),
  image: option('--image <url>', 'the profile image; empty: none', optionalText),
  clientMetadata: option('--client-metadata <json>', 'what clients may read and write', jsonValue()),
  clientReadOnlyMetadata: option('--client-read-only-metadata <json>', 'what clients may read', jsonValue()),
  serverMetadata: option('--server-metadata <json>', 'what only servers see', jsonValue()),
  askPassword: flag('--ask-password', 'asks for a password, without showing it'),
  passwordStdin: flag('--password-stdin', 'reads the password from standard input'),
} as const;

type Wrapped = { readonly value: unknown } | undefined;
type Given = {
  readonly name: string | undefined;
  readonly email: string | undefined;
  readonly emailVerified: boolean;
  readonly image: string | undefined;
  readonly clientMetadata: Wrapped;
  readonly clientReadOnlyMetadata: Wrapped;
  readonly serverMetadata: Wrapped;
};

/** The same as the body of a request; what was not given is left out. */
export function userBody(given: Given) {
  return {
    ...(given.name !== undefined && { display_name: given.name || null }),
    ...(given.email !== undefined && { primary_email: given.email || null }),
    ...(given.emailVerified && { primary_email_verified: true }),
    ...(given.image !== undefined && { profile_image_url: given.image || null }),
    ...(given.clientMetadata && { client_metadata: given.clientMetadata.value }),
    ...(given.clientReadOnlyMetadata && { client_read_only_metadata: given.clientReadOnlyMetadata.value }),
    ...(given.serverMetadata && { server_metadata: given.serverMetadata.value }),
  };
}

export function describeUser(user: User, styles: Styles): string {
  const verified = user.primary_email_verified ? ' (verified)' : '';
  return list(
    [
      ['id', user.id],
      ['name', user.display_name ?? ''],
      ['primary e-mail', user.primary_email === null ? '' : `${user.primary_email}${verified}`],
      ['signed up', moment(user.signed_up_at_millis)],
      ['last active', moment(user.last_active_at_millis)],
      ['anonymous', user.is_anonymous ? 'yes' : 'no'],
      ['image', user.profile_image_url ?? ''],
      ['client metadata', JSON.stringify(user.client_metadata)],
      ['client read-only metadata', JSON.stringify(user.client_read_only_metadata)],
      ['server metadata', JSON.stringify(user.server_metadata)],
    ],
    styles,
  );
}
