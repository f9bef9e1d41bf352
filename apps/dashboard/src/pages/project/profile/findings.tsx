import type { StatementProfile } from '@hexclave/contract';
import { Notice } from '../../../components/feedback.tsx';
import { RemedyText } from '../../../components/remedy.tsx';
import type { Latest } from '../../../lib/profiles.ts';
import styles from './profile.module.css';

/** What is wrong with the statements of the last run, and what to do; and why some were not measured. */
export function ProfileFindings({ latest }: { latest: readonly Latest[] }) {
  const notable = latest.filter(
    ({ now }) => now.findings.length > 0 || now.error !== null || isWorthTelling(now.skipped),
  );
  if (notable.length === 0) return null;
  return (
    <div className={styles.notices}>
      {notable.map((one) => (
        <Findings key={`${one.mapping} ${one.now.statement}`} {...one} />
      ))}
    </div>
  );
}

/** A table without rows is nothing to look into. */
function isWorthTelling(skipped: StatementProfile['skipped']): boolean {
  return skipped !== null && skipped.reason !== 'NO_ROWS';
}

function Findings({ mapping, now: { statement, findings, error, skipped } }: Latest) {
  const about = `${mapping}, ${statement}`;
  return (
    <>
      {findings.map(({ code, severity, message, remedy }) => (
        <Notice key={code + message} tone={severity === 'bad' ? 'failing' : 'behind'} title={`${about}: ${message}`}>
          <RemedyText remedy={remedy} />
        </Notice>
      ))}
      {error && (
        <Notice tone="behind" title={`${about}: ${error.message}`}>
          <RemedyText remedy={error.remedy} />
          <p>
            <code>{error.code}</code>
          </p>
        </Notice>
      )}
      {skipped && isWorthTelling(skipped) && (
        <Notice tone="info" title={`${about} was not run`}>
          <p>{skipped.message}</p>
        </Notice>
      )}
    </>
  );
}
