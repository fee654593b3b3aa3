import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useToast } from './toasts.tsx';

/** A call that the gateway rejected, or did not answer. */
export class CallError extends Error {
  readonly fix: string;

  constructor(message: string, fix: string) {
    super(message);
    this.fix = fix;
  }
}

const TOKEN_HEADER = 'X-CPG-Console-Token';
let token = document.querySelector<HTMLMetaElement>('meta[name=cpg-console-token]')?.content ?? '';

/** Reads the token of a gateway that was restarted. */
const renewToken = async (): Promise<void> => {
  const page = await (await fetch('/')).text();
  token = /name="cpg-console-token" content="([\w-]+)"/.exec(page)?.[1] ?? token;
};

const NO_GATEWAY = 'Start it with npm run sandbox. This page reconnects by itself.';

const getFix = (status: number): string => {
  if (status === 403) return 'Reload the page: the gateway was restarted, or another site opened it.';
  if (status === 404) return 'It is gone, for example after a reset. Go back to the list.';
  if (status === 409) return 'Another change came first. Check the list, then try again.';
  if (status === 422 || status === 400) return 'Correct the named field and send it again.';
  return 'The log of the gateway has the reason.';
};

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * Calls `/_sandbox` and returns the `data` of the response.
 *
 * @throws CallError when the gateway rejects the call or does not respond.
 */
export const call = async <Data>(method: Method, path: string, body?: unknown): Promise<Data> => {
  const send = () =>
    fetch(`/_sandbox${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', [TOKEN_HEADER]: token },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  let response: Response;
  try {
    response = await send();
    if (response.status === 403 && method !== 'GET') {
      await renewToken();
      response = await send();
    }
  } catch {
    throw new CallError('The gateway does not respond.', NO_GATEWAY);
  }
  const envelope = (await response.json().catch(() => ({}))) as {
    readonly message?: string;
    readonly data?: Data;
  };
  if (response.ok) return (envelope.data ?? envelope) as Data;
  const [message = '', fix] = (envelope.message ?? `Status ${response.status}`).split(/\.? Fix: /);
  throw new CallError(message, fix ?? getFix(response.status));
};

/** Reads `/_sandbox` and keeps the result current. */
export const useRead = <Data>(path: string) =>
  useQuery<Data, CallError>({ queryKey: ['current', path], queryFn: () => call<Data>('GET', path) });

/** Reads from `/_sandbox` what never changes. */
export const useFixed = <Data>(path: string) =>
  useQuery<Data, CallError>({ queryKey: ['fixed', path], queryFn: () => call<Data>('GET', path) });

/** What is read again when something changed. */
export const CURRENT = { queryKey: ['current'] };

export interface Change<Data> {
  readonly method?: Method;
  readonly path: string;
  readonly body?: unknown;
  /** Shown once it is done; nothing when missing. */
  readonly done?: string;
  readonly onDone?: (data: Data) => void;
}

/**
 * Makes a change, tells its result, and reads again what it may have changed. A form shows the error beside its fields
 * itself (`tellsError: false`).
 */
export const useChange = <Data = unknown>({ tellsError = true } = {}) => {
  const queries = useQueryClient();
  const toast = useToast();
  return useMutation<Data, CallError, Change<Data>>({
    mutationFn: ({ method = 'POST', path, body }) => call<Data>(method, path, body),
    onSuccess: async (data, { done, onDone }) => {
      if (done !== undefined) toast.success(done);
      onDone?.(data);
      await queries.invalidateQueries(CURRENT);
    },
    onError: (error) => {
      if (tellsError) toast.failure(error);
    },
  });
};
