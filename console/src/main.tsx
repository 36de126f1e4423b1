/** Starts the console in its page. */
import './styles/tokens.css';
import './styles/base.css';
import './styles/components.css';
import './styles/desk.css';
import { CSPProvider } from '@base-ui/react/csp-provider';
import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Router } from 'wouter';
import { App } from './App.tsx';
import { Toasts } from './components/Toast.tsx';
import { query_client } from './queries.ts';
import { SessionProvider } from './session.tsx';
import { apply_theme } from './theme.ts';

apply_theme();
const root = document.getElementById('console');
if (root === null) throw new Error('index.html has no place for the console');
createRoot(root).render(
  <StrictMode>
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={query_client}>
        <Toasts>
          <SessionProvider>
            <Router base="/console">
              <App />
            </Router>
          </SessionProvider>
        </Toasts>
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
);
