/** The console from the outside in: who is signed in, then the page that the address names. */
import { Component, type ReactNode, Suspense } from 'react';
import { Redirect, Route, Switch } from 'wouter';
import { Page } from './components/Page.tsx';
import { Bones, Empty, Failed } from './components/State.tsx';
import { Frame } from './Frame.tsx';
import { page_routes } from './routes.ts';
import { SignIn } from './SignIn.tsx';
import { useMay, useSession } from './session.tsx';

export function App(): ReactNode {
  const { state, ask_again } = useSession();
  switch (state.is) {
    case 'asking':
      return (
        <main className="door">
          <span className="hidden" role="status">
            Loading
          </span>
        </main>
      );
    case 'unreachable':
      return (
        <main className="door">
          <Failed error={state.error} again={ask_again} />
        </main>
      );
    case 'signed_out':
      return <SignIn because={state.because} />;
    case 'signed_in':
      return (
        <Frame staff={state.staff}>
          <Pages />
        </Frame>
      );
  }
}

function Pages(): ReactNode {
  const may = useMay();
  const first = page_routes.find(route => route.menu !== undefined && may(route.scope));
  return (
    <Suspense fallback={<Bones />}>
      <Switch>
        {page_routes.map(route => (
          <Route key={route.path} path={route.path}>
            {may(route.scope) ? (
              <Guard>
                <route.page />
              </Guard>
            ) : route.path === '/' && first !== undefined ? (
              <Redirect to={first.path} replace />
            ) : (
              <NotForYou scope={route.scope} />
            )}
          </Route>
        ))}
        <Route>
          <Page title="Not found">
            <div className="card">
              <Empty title="There is no such page">Use the menu, or search for an order above.</Empty>
            </div>
          </Page>
        </Route>
      </Switch>
    </Suspense>
  );
}

function NotForYou({ scope }: { readonly scope: string }): ReactNode {
  return (
    <Page title="Not for your role">
      <div className="card">
        <Empty title="Your role may not see this" icon="audit">
          It needs the scope {scope}. Ask an admin for it.
        </Empty>
      </div>
    </Page>
  );
}

/** A page that breaks breaks alone: the menu stays, and another page works. */
class Guard extends Component<{ readonly children: ReactNode }, { readonly error: Error | null }> {
  override state: { readonly error: Error | null } = { error: null };
  static getDerivedStateFromError(error: Error): { readonly error: Error } {
    return { error };
  }
  override render(): ReactNode {
    if (this.state.error === null) return this.props.children;
    return <Failed error={this.state.error} again={() => this.setState({ error: null })} />;
  }
}
