import { Button } from '../../../components/button.tsx';
import { Disclosure } from '../../../components/disclosure.tsx';
import { Notice } from '../../../components/feedback.tsx';
import { SelectField, TextArea, TextField } from '../../../components/field.tsx';
import { Facts } from '../../../components/layout.tsx';
import { RadioField } from '../../../components/radio.tsx';
import { type ConnectionDraft, checksCertificate, SSL_MODES } from '../../../lib/connection-draft.ts';
import styles from './databases.module.css';

type FieldsProps = {
  draft: ConnectionDraft;
  /** What the server says is wrong with the connection. */
  problem: string | undefined;
  onChange: (part: Partial<ConnectionDraft>) => void;
};

const MODES = [
  { value: 'fields', label: 'Field by field' },
  { value: 'text', label: 'Connection string' },
] as const;

/** Where the database is and who signs in: field by field, or as one text. */
export function ConnectionFields({ draft, problem, onChange }: FieldsProps) {
  return (
    <>
      <RadioField label="Enter it as" options={MODES} chosen={draft.mode} onChoose={(mode) => onChange({ mode })} />
      {draft.mode === 'text' ? (
        <TextField
          label="Connection string"
          hint="postgresql://user:password@host:port/database, with sslmode and sslrootcert as the only parameters. It is encrypted, and never shown again."
          mono
          type="password"
          value={draft.text}
          problem={problem && `It ${problem}.`}
          onChange={({ target }) => onChange({ text: target.value })}
        />
      ) : (
        <>
          <AddressFields draft={draft} onChange={onChange} />
          <EncryptionFields draft={draft} onChange={onChange} />
          {problem && (
            <Notice tone="failing" title="The connection is not valid">
              <p>It {problem}.</p>
            </Notice>
          )}
        </>
      )}
    </>
  );
}

function AddressFields({ draft, onChange }: Omit<FieldsProps, 'problem'>) {
  return (
    <>
      <div className={styles.hostAndPort}>
        <TextField
          label="Host"
          placeholder="db.example.com"
          mono
          value={draft.host}
          onChange={({ target }) => onChange({ host: target.value })}
        />
        <TextField
          label="Port"
          mono
          inputMode="numeric"
          value={draft.port}
          onChange={({ target }) => onChange({ port: target.value })}
        />
      </div>
      <TextField
        label="Database"
        mono
        value={draft.database}
        onChange={({ target }) => onChange({ database: target.value })}
      />
      <div className={styles.fields}>
        <TextField label="Role" mono value={draft.user} onChange={({ target }) => onChange({ user: target.value })} />
        <TextField
          label="Password"
          type="password"
          autoComplete="new-password"
          mono
          value={draft.password}
          onChange={({ target }) => onChange({ password: target.value })}
        />
      </div>
    </>
  );
}

function EncryptionFields({ draft, onChange }: Omit<FieldsProps, 'problem'>) {
  return (
    <>
      <SelectField
        label="Encryption"
        value={draft.sslMode}
        onChange={({ target }) => {
          const mode = SSL_MODES.find(({ value }) => value === target.value);
          if (mode) onChange({ sslMode: mode.value });
        }}
      >
        {SSL_MODES.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </SelectField>
      {!checksCertificate(draft) && (
        <Notice tone="behind">
          <p>
            {draft.sslMode === 'disable'
              ? 'Whoever is on the way can read the password and all rows.'
              : 'Whoever is on the way can pass for your database, and read all rows.'}
          </p>
        </Notice>
      )}
      {checksCertificate(draft) && (
        <Disclosure title="My server’s certificate is signed by an authority of my own" opens={draft.authority !== ''}>
          <TextArea
            label="Certificate of the authority"
            hint="The PEM text itself."
            value={draft.authority}
            spellCheck={false}
            onChange={({ target }) => onChange({ authority: target.value })}
          />
        </Disclosure>
      )}
    </>
  );
}

/** The present connection, of which the password is not known here. */
export function KeptConnection({ connection, onChange }: { connection: ConnectionDraft; onChange: () => void }) {
  return (
    <>
      <Facts
        facts={[
          ['Host', `${connection.host}:${connection.port}`],
          ['Database', connection.database],
          ['Role', connection.user],
          ['Password', 'Kept, and never shown'],
        ]}
      />
      <div>
        <Button icon="edit" onClick={onChange}>
          Change the connection
        </Button>
      </div>
    </>
  );
}
