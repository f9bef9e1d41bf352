import { usageProblem } from '../problem.ts';

type Suspicion = { readonly what: string; readonly pattern: RegExp };

/** What secrets look like. */
const SUSPICIONS: readonly Suspicion[] = [
  { what: 'a secret key of a project', pattern: /\b(ssk|sak)_[A-Za-z0-9_-]{8,}/ },
  { what: 'an address with a password', pattern: /[a-z][a-z0-9+.-]*:\/\/[^/?#\s@]*:[^/?#\s]+@/i },
  { what: 'an address with a password', pattern: /[?&](password|pwd|sslpassword)=[^&]/i },
  { what: 'a connection string with a password', pattern: /(^|[\s;'"])(password|pwd|passwd)\s*=\s*\S/i },
  { what: 'a password', pattern: /^--?[a-z-]*(password|passwd|passphrase|secret|token|credential|(^|-)key)[a-z-]*=./i },
  { what: 'JSON with a password', pattern: /"(password|passwd|pwd|secret|token)"\s*:\s*"[^"]/i },
  { what: 'an authorization', pattern: /\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{12,}/i },
  { what: 'a private key', pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----/ },
  { what: 'a signed token', pattern: /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\./ },
  { what: 'a secret of 64 hex digits', pattern: /(^|[=\s])[0-9a-f]{64}($|\s)/i },
];

/** Options of other programs by which a secret would be given; here the value after them is one too. */
const SECRET_OPTION = /^--?[a-z-]*(password|passwd|passphrase|secret|token|credential|(admin|server|api|access)-key)$/i;

/**
 * Every user of the machine can read a running program's arguments, and the shell keeps them in its history: a secret
 * among them is refused before anything is done, and is not repeated.
 *
 * @throws {Problem} USAGE
 */
export function refuseSecrets(args: readonly string[]): void {
  for (const [index, arg] of args.entries()) {
    const suspicion = SUSPICIONS.find(({ pattern }) => pattern.test(arg));
    if (suspicion !== undefined) throw refusal(index, suspicion.what);
    const next = args[index + 1];
    if (SECRET_OPTION.test(arg) && next !== undefined && !next.startsWith('-')) throw refusal(index + 1, 'a secret');
  }
}

function refusal(index: number, what: string) {
  return usageProblem(
    `Argument ${index + 1} looks like ${what}. Other users of this machine can see the arguments of a program, and the shell keeps them in its history.`,
    `Give secrets in one of these ways:
  - keys of a project: in HEXCLAVE_SECRET_SERVER_KEY or HEXCLAVE_SUPER_SECRET_ADMIN_KEY, or in the configuration file
  - a connection string or password: leave it out and type it when asked, name a variable with --from-env NAME,
    or pipe it in with --stdin
If this one has been used anywhere, take it for known: remove it from the history and replace it.`,
  );
}
