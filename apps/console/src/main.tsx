import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Shell } from './shell.tsx';
import './styles/index.css';
import { applyTheme } from './theme.ts';
import { Toasts } from './toasts.tsx';

applyTheme();

// Events tell when to read again.
const queries = new QueryClient({
  defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY, retry: false, networkMode: 'always' } },
});

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <Toasts>
        <Shell />
      </Toasts>
    </QueryClientProvider>
  </StrictMode>,
);
