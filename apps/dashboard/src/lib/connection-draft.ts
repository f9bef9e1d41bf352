/** The connection of an external database as somebody types it: field by field, or as one text. */
export type ConnectionDraft = {
  mode: 'fields' | 'text';
  host: string;
  port: string;
  database: string;
  user: string;
  password: string;
  sslMode: SslMode;
  /** PEM; only asked for where the certificate is checked. */
  authority: string;
  text: string;
};

export const SSL_MODES = [
  { value: 'verify-full', label: 'Encrypted, certificate checked by authority and name (verify-full)' },
  { value: 'verify-ca', label: 'Encrypted, certificate checked by authority (verify-ca)' },
  { value: 'require', label: 'Encrypted, certificate not checked (require)' },
  { value: 'disable', label: 'Not encrypted (disable)' },
] as const;

export type SslMode = (typeof SSL_MODES)[number]['value'];

export const NEW_CONNECTION: ConnectionDraft = {
  mode: 'fields',
  host: '',
  port: '5432',
  database: '',
  user: 'hexclave_sync',
  password: '',
  sslMode: 'verify-full',
  authority: '',
  text: '',
};

export function checksCertificate({ sslMode }: ConnectionDraft): boolean {
  return sslMode === 'verify-full' || sslMode === 'verify-ca';
}

/** Whether there is enough of it to be tried. */
export function isComplete(draft: ConnectionDraft): boolean {
  if (draft.mode === 'text') return draft.text.trim() !== '';
  return [draft.host, draft.database, draft.user, draft.password].every((field) => field.trim() !== '');
}

export function toConnectionString(draft: ConnectionDraft): string {
  if (draft.mode === 'text') return draft.text.trim();
  const { host, port, database, user, password, sslMode, authority } = draft;
  const query = [
    `sslmode=${sslMode}`,
    ...(checksCertificate(draft) && authority.trim() !== ''
      ? [`sslrootcert=${encodeURIComponent(authority.trim())}`]
      : []),
  ];
  const address = [bracketed(host.trim()), port.trim()].filter((part) => part !== '').join(':');
  const [name, secret, path] = [user.trim(), password, database.trim()].map(encodeURIComponent);
  return `postgresql://${name}:${secret}@${address}/${path}?${query.join('&')}`;
}

/** An IPv6 address has colons of its own. */
function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
