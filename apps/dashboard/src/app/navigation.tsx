import { Link, useParams } from '@tanstack/react-router';
import { Icon, type IconName } from '../components/icon.tsx';
import { useProject } from '../lib/project.ts';
import { useSession } from '../lib/session.ts';
import { PROJECT_LINKS } from './project-links.ts';
import styles from './shell.module.css';

const OPERATOR_LINKS = [
  { to: '/projects', icon: 'projects', label: 'Projects' },
  { to: '/pipeline', icon: 'pipeline', label: 'Pipeline' },
  { to: '/fusebox', icon: 'switch', label: 'Fusebox' },
  { to: '/audit-log', icon: 'log', label: 'Audit log' },
] as const;

/** Operators see all projects and, within one, its pages too; others see their own project's. */
export function Navigation() {
  const session = useSession();
  const { projectId } = useParams({ strict: false });
  return (
    <>
      {session.is_operator && (
        <div className={styles.group}>
          <div className={styles.groupTitle}>All projects</div>
          {OPERATOR_LINKS.map(({ to, icon, label }) => (
            <Link key={to} to={to} className={styles.link} activeOptions={{ exact: true }}>
              <LinkContent icon={icon} label={label} />
            </Link>
          ))}
        </div>
      )}
      {projectId !== undefined && <ProjectLinks projectId={projectId} />}
    </>
  );
}

/** All other pages of a project are below its address. */
const FIRST = PROJECT_LINKS[0].to;

function ProjectLinks({ projectId }: { projectId: string }) {
  const { data: project } = useProject(projectId);
  return (
    <div className={styles.group}>
      <div className={styles.groupTitle} title={projectId}>
        {project?.display_name ?? 'Project'}
      </div>
      {PROJECT_LINKS.map(({ to, icon, label }) => (
        <Link key={to} to={to} params={{ projectId }} className={styles.link} activeOptions={{ exact: to === FIRST }}>
          <LinkContent icon={icon} label={label} />
        </Link>
      ))}
    </div>
  );
}

function LinkContent({ icon, label }: { icon: IconName; label: string }) {
  return (
    <>
      <Icon name={icon} />
      {label}
    </>
  );
}
