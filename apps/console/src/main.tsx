import '@mantine/core/styles.layer.css';
import '@mantine/notifications/styles.layer.css';
import 'mantine-datatable/styles.layer.css';
import './design/console.css';
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { ModalsProvider } from '@mantine/modals';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { queryClient } from './data/queryClient.ts';
import { cssVariablesResolver, theme } from './design/theme.ts';
import { goInto } from './place.ts';
import { router } from './router.tsx';
import { gatehouse } from './session.ts';
import { StepUp } from './shell/StepUp.tsx';
import { language, t } from './text.ts';

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
// The scroll lock of dialogs makes a style element of its own and looks for its nonce here.
Object.assign(globalThis, { __webpack_nonce__: nonce });
document.documentElement.lang = language();

const colorSchemeManager = localStorageColorSchemeManager({ key: 'gatehouse-color-scheme' });

// Another person in the same browser, or the same person in another organisation, must not be shown what was loaded before.
let last: string | undefined;
gatehouse.subscribe(() => {
  const state = gatehouse.getState();
  if (state.status !== 'signed-in' && state.status !== 'signed-out') return;
  const now = state.status === 'signed-in' ? `${state.me.user.id} ${state.me.tenant.id}` : undefined;
  if (last !== undefined && now !== last) {
    queryClient.clear();
    goInto(null);
  }
  if (state.status === 'signed-out') goInto(null);
  last = now;
});
void gatehouse.start();

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={cssVariablesResolver}
        colorSchemeManager={colorSchemeManager}
        defaultColorScheme="auto"
        getStyleNonce={() => nonce}
      >
        <QueryClientProvider client={queryClient}>
          <ModalsProvider labels={{ confirm: t('dialog.confirm'), cancel: t('dialog.cancel') }}>
            <Notifications position="bottom-right" />
            <RouterProvider router={router} />
            <StepUp />
          </ModalsProvider>
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
