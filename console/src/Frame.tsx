/** What stands around every page: the menu of what this person may see, the search for an order, the theme, signing out. */
import { Dialog } from '@base-ui/react/dialog';
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { Button } from './components/Button.tsx';
import { Icon } from './components/Icon.tsx';
import { words } from './format.ts';
import { page_routes } from './routes.ts';
import { type Staff, useMay, useSession } from './session.tsx';
import { useTheme } from './theme.ts';

export function Brand(): ReactNode {
  return (
    <span className="brand">
      <svg width="20" height="20" viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.8" aria-hidden="true">
        <circle cx="10" cy="10" r="8" />
        <circle cx="10" cy="10" r="2" />
        <path d="M10 2v6M10 12v6M2 10h6M12 10h6" />
      </svg>
      Cartwright
    </span>
  );
}

export function Frame({ staff, children }: { readonly staff: Staff; readonly children: ReactNode }): ReactNode {
  const [path] = useLocation();
  const [drawer, set_drawer] = useState(false);
  const content = useFocusOnChange(path);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the drawer closes when the page changes
  useEffect(() => set_drawer(false), [path]);
  return (
    <div className="frame">
      <a href="#content" className="skip">
        Skip to content
      </a>
      <aside className="side">
        <Brand />
        <Menu path={path} />
      </aside>
      <header className="bar">
        <Button look="plain" square className="open-menu" aria-label="Open menu" onClick={() => set_drawer(true)}>
          <Icon name="menu" />
        </Button>
        <Search />
        <End staff={staff} />
      </header>
      <main id="content" className="content" tabIndex={-1} ref={content}>
        {children}
      </main>
      <Dialog.Root open={drawer} onOpenChange={set_drawer}>
        <Dialog.Portal>
          <Dialog.Backdrop className="veil" />
          <Dialog.Popup className="drawer" aria-label="Menu">
            <Brand />
            <Menu path={path} />
          </Dialog.Popup>
        </Dialog.Portal>
      </Dialog.Root>
    </div>
  );
}

/** A new page is a new place: the keyboard and the screen reader start at its content, not where the last page was left. */
function useFocusOnChange(path: string) {
  const content = useRef<HTMLElement>(null);
  const last = useRef(path);
  useEffect(() => {
    if (last.current === path) return;
    last.current = path;
    window.scrollTo(0, 0);
    content.current?.focus({ preventScroll: true });
  }, [path]);
  return content;
}

function Menu({ path }: { readonly path: string }): ReactNode {
  const may = useMay();
  const shown = page_routes.filter(route => route.menu !== undefined && may(route.scope));
  const groups = [...new Set(shown.map(route => route.menu?.group ?? ''))];
  return (
    <nav className="menu" aria-label="Pages">
      {groups.map(group => (
        <div key={group} className="menu-group">
          <h2>{group}</h2>
          <ul>
            {shown
              .filter(route => route.menu?.group === group)
              .map(route => (
                <li key={route.path}>
                  <Link href={route.path} aria-current={is_in(path, route.path) ? 'page' : undefined}>
                    <Icon name={route.menu?.icon ?? 'live'} />
                    {route.menu?.label}
                  </Link>
                </li>
              ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

function is_in(path: string, menu_path: string): boolean {
  return menu_path === '/' ? path === '/' : path === menu_path || path.startsWith(`${menu_path}/`);
}

/** An order's id leads to it; a number or a reference of the shop to the list that has it. */
function Search(): ReactNode {
  const [, navigate] = useLocation();
  const may = useMay();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const on_key = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && event.target.matches('input, textarea, select, [contenteditable]');
      if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    window.addEventListener('keydown', on_key);
    return () => window.removeEventListener('keydown', on_key);
  }, []);
  if (!may('orders:read')) return null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const asked = input.current?.value.trim() ?? '';
    if (asked === '' || asked.includes('@')) return;
    navigate(place_of(asked));
    if (input.current !== null) input.current.value = '';
  };
  return (
    <search className="search">
      <form onSubmit={submit}>
        <input
          ref={input}
          className="input"
          type="search"
          aria-label="Find an order by number, reference or id"
          placeholder="Find an order: number, reference, id  ( / )"
          autoComplete="off"
        />
      </form>
    </search>
  );
}

function place_of(asked: string): string {
  if (/^ord_\w+$/.test(asked)) return `/orders/${asked}`;
  if (/^pay_\w+$/.test(asked)) return `/payments/${asked}`;
  return /^#?\d{1,15}$/.test(asked) ? `/orders?number=${asked.replace('#', '')}` : `/orders?reference=${encodeURIComponent(asked)}`;
}

function End({ staff }: { readonly staff: Staff }): ReactNode {
  const { sign_out } = useSession();
  const [theme, turn] = useTheme();
  return (
    <div className="end">
      <div className="who small">
        <strong>{staff.username}</strong>
        <div className="quiet">{words(staff.role)}</div>
      </div>
      <Button look="plain" square aria-label={theme === 'dark' ? 'Turn light' : 'Turn dark'} onClick={turn}>
        <Icon name={theme === 'dark' ? 'sun' : 'moon'} />
      </Button>
      <Button look="plain" square aria-label="Sign out" title="Sign out" onClick={() => void sign_out()}>
        <Icon name="out" />
      </Button>
    </div>
  );
}
