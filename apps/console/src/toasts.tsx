import { Toast } from '@base-ui/react/toast';
import type { ReactNode } from 'react';

const TIMEOUT_MS = 5_000;

/** Tells the result of a change; a failure stays until it is closed. */
export const useToast = () => {
  const { add } = Toast.useToastManager();
  return {
    success: (title: string) => add({ title, type: 'success', timeout: TIMEOUT_MS }),
    failure: ({ message, fix }: { readonly message: string; readonly fix: string }) =>
      add({ title: message, description: fix, type: 'failure', timeout: 0 }),
  };
};

const List = () => {
  const { toasts } = Toast.useToastManager();
  return toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className={`toast ${toast.type ?? ''}`}>
      <Toast.Content>
        <Toast.Title className="toast-title" />
        <Toast.Description className="toast-description" />
      </Toast.Content>
      <Toast.Close className="icon-button" aria-label="Close the message">
        ×
      </Toast.Close>
    </Toast.Root>
  ));
};

export const Toasts = ({ children }: { readonly children: ReactNode }) => (
  <Toast.Provider limit={4}>
    {children}
    <Toast.Portal>
      <Toast.Viewport className="toasts">
        <List />
      </Toast.Viewport>
    </Toast.Portal>
  </Toast.Provider>
);
