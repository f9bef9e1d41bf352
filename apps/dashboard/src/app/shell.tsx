import { useMutation, useSuspenseQuery } from '@tanstack/react-query';
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { IconButton } from '../components/button.tsx';
import type { IconName } from '../components/icon.tsx';
import { leave, SignedIn, sessionQuery, signOut, useSession } from '../lib/session.ts';
import { tellUse } from '../lib/session-use.ts';
import { Logo } from './logo.tsx';
import { Navigation } from './navigation.tsx';
import styles from './shell.module.css';
import { setTheme, type Theme, useTheme } from './theme.ts';

/** Around every page for those who are signed in: where one can go, and who one is. When the session ends, they sign in again. */
export function Shell() {
  const { data: session } = useSuspenseQuery(sessionQuery);
  if (session === null) return <ToSignIn />;
  return (
    <SignedIn value={session}>
      <Frame />
    </SignedIn>
  );
}

/** From there back to this page, which is no longer the current one as soon as the way there has begun. */
function ToSignIn() {
  const { href } = useLocation();
  const [from] = useState(href);
  const navigate = useNavigate();
  useEffect(() => void navigate({ to: '/sign-in', search: { to: from }, replace: true }), [navigate, from]);
  return null;
}

function Frame() {
  const main = useFocusOnNavigation();
  useEffect(tellUse, []);
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main">
        Skip to the page
      </a>
      <Side />
      <main id="main" ref={main} tabIndex={-1} className={styles.main}>
        <Outlet />
      </main>
    </div>
  );
}

/** Where one can go: beside the page, or behind a button above it where there is little room. */
function Side() {
  const { pathname } = useLocation();
  // At another page than that where it was opened, it is closed.
  const [openedAt, setOpenedAt] = useState<string>();
  const isOpen = openedAt === pathname;
  const linksId = useId();
  const button = useRef<HTMLButtonElement>(null);
  const closeByKey = ({ key }: KeyboardEvent) => {
    if (key !== 'Escape' || !isOpen) return;
    setOpenedAt(undefined);
    // Where the keyboard was may be hidden now.
    button.current?.focus();
  };
  return (
    <nav className={styles.side} aria-label="Main" onKeyDown={closeByKey}>
      <div className={styles.menu}>
        <IconButton
          ref={button}
          icon={isOpen ? 'cross' : 'menu'}
          label="Menu"
          aria-expanded={isOpen}
          aria-controls={linksId}
          onClick={() => setOpenedAt(isOpen ? undefined : pathname)}
        />
      </div>
      <Link to="/" className={styles.brand}>
        <Logo />
        Hexclave
      </Link>
      <div id={linksId} className={isOpen ? `${styles.links} ${styles.opened}` : styles.links}>
        <Navigation />
      </div>
      <Foot />
    </nav>
  );
}

/** After a link was followed, reading goes on at the new page and not behind the link. */
function useFocusOnNavigation() {
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  const shown = useRef(pathname);
  useEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    main.current?.focus();
  }, [pathname]);
  return main;
}

function Foot() {
  const session = useSession();
  return (
    <div className={styles.foot}>
      <div className={styles.who}>
        <strong title={session.project_id}>{session.project_display_name}</strong>
        <span>{session.is_operator ? 'Operator: all projects' : 'Project admin'}</span>
      </div>
      <div className={styles.footActions}>
        <ThemeButton />
        <SignOutButton />
      </div>
    </div>
  );
}

const NEXT_THEME: Record<Theme, { next: Theme; icon: IconName; label: string }> = {
  system: { next: 'light', icon: 'screen', label: 'Colours: as the system has them. Change to light' },
  light: { next: 'dark', icon: 'sun', label: 'Colours: light. Change to dark' },
  dark: { next: 'system', icon: 'moon', label: 'Colours: dark. Change to those of the system' },
};

function ThemeButton() {
  const { next, icon, label } = NEXT_THEME[useTheme()];
  return <IconButton icon={icon} label={label} onClick={() => setTheme(next)} />;
}

function SignOutButton() {
  const end = useMutation({ mutationFn: signOut, onSuccess: leave });
  return <IconButton icon="out" label="Sign out" disabled={end.isPending} onClick={() => end.mutate()} />;
}
