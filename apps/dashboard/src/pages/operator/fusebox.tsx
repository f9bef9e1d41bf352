import type { Fusebox } from '@hexclave/contract';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ActorName } from '../../components/actor.tsx';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { ErrorNotice, Loading, Notice } from '../../components/feedback.tsx';
import { Card, Page } from '../../components/layout.tsx';
import { StatePill } from '../../components/state-pill.tsx';
import { Switch } from '../../components/switch.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { type FuseName, fuseboxQuery, useFlipFuse } from '../../lib/controls.ts';
import styles from './fusebox.module.css';
import { PausesCard } from './pauses.tsx';

type Fuse = { name: FuseName; title: string; off: string };

/** In the order in which a change meets them. */
const FUSES: readonly Fuse[] = [
  { name: 'sequencer', title: 'Sequencer', off: 'Changes get no numbers and queue no requests. They stay flagged.' },
  { name: 'poller', title: 'Poller', off: 'Requests are queued, and nobody takes them up.' },
  { name: 'outgoing_requests', title: 'Outgoing requests', off: 'Requests that are taken up are not sent.' },
  { name: 'sync_engine', title: 'Sync engine', off: 'Nothing is written into any external database.' },
];

/** The switches that stop parts of the pipeline for everybody. */
export function FuseboxPage() {
  const fusebox = useQuery(fuseboxQuery);
  return (
    <Page
      title="Fusebox"
      lead="Stops a part of the pipeline for all projects, on every server, within five seconds. Nothing is lost meanwhile: changes are kept, and arrive once the switch is on again."
    >
      {fusebox.error && (
        <ErrorNotice
          error={fusebox.error}
          title="The fusebox could not be read"
          onRetry={() => void fusebox.refetch()}
        />
      )}
      <OffNotice fusebox={fusebox.data} />
      <Card title="Switches" flush>
        {fusebox.data === undefined ? (
          <Loading label="The switches are being loaded" lines={8} />
        ) : (
          <Switches fusebox={fusebox.data} />
        )}
      </Card>
      <PausesCard />
    </Page>
  );
}

function OffNotice({ fusebox }: { fusebox: Fusebox | undefined }) {
  const off = FUSES.filter(({ name }) => fusebox?.[name].enabled === false);
  if (off.length === 0) return null;
  return (
    <Notice tone="behind" title={`Off: ${off.map(({ title }) => title).join(', ')}`}>
      <p>No project receives changes as long as one of the switches is off.</p>
    </Notice>
  );
}

function Switches({ fusebox }: { fusebox: Fusebox }) {
  const [asked, setAsked] = useState<Fuse>();
  const flip = useFlipFuse();
  return (
    <>
      {FUSES.map((fuse) => (
        <FuseLine key={fuse.name} fuse={fuse} fusebox={fusebox} onFlip={() => setAsked(fuse)} />
      ))}
      {asked && (
        <FlipDialog
          fuse={asked}
          isOn={fusebox[asked.name].enabled}
          work={flip}
          onConfirm={(reason) =>
            flip.mutate(
              { fuse: asked.name, enabled: !fusebox[asked.name].enabled, reason },
              { onSuccess: () => setAsked(undefined) },
            )
          }
          onClose={() => {
            flip.reset();
            setAsked(undefined);
          }}
        />
      )}
    </>
  );
}

type FuseLineProps = { fuse: Fuse; fusebox: Fusebox; onFlip: () => void };

function FuseLine({ fuse: { name, title, off }, fusebox, onFlip }: FuseLineProps) {
  const { enabled, changed } = fusebox[name];
  return (
    <div className={styles.fuse}>
      <Switch label={title} isOn={enabled} onFlip={onFlip} />
      <div>
        <div className={styles.name}>
          <h3>{title}</h3>
          <StatePill state={enabled ? 'fresh' : 'behind'} label={enabled ? 'On' : 'Off'} />
        </div>
        <div className={styles.what}>{enabled ? `Off would mean: ${lowerFirst(off)}` : off}</div>
      </div>
      <div className={styles.change}>
        {changed === null ? (
          <span className={styles.fine}>Never flipped</span>
        ) : (
          <>
            {changed.reason !== null && <div className={styles.reason}>“{changed.reason}”</div>}
            <div className={styles.fine}>
              <ActorName actor={changed.by} />, <TimeAgo millis={changed.at_millis} />
            </div>
          </>
        )}
      </div>
    </div>
  );
}

type FlipDialogProps = {
  fuse: Fuse;
  isOn: boolean;
  work: { isPending: boolean; error: Error | null };
  onConfirm: (reason: string) => void;
  onClose: () => void;
};

function FlipDialog({ fuse: { title, off }, isOn, ...dialog }: FlipDialogProps) {
  const verb = isOn ? 'Switch off' : 'Switch on';
  return (
    <ConfirmDialog
      {...dialog}
      title={`${verb}: ${title}`}
      action={verb}
      variant={isOn ? 'danger' : 'primary'}
      asksReason
    >
      {isOn ? `${off} This holds for all projects.` : 'What was kept meanwhile is worked off, the oldest first.'}
    </ConfirmDialog>
  );
}

function lowerFirst(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
