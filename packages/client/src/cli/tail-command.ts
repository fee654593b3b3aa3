import { setTimeout as wait } from 'node:timers/promises';
import type { CommandContext, CommandHandler } from './context.ts';
import { formatVisible } from './format.ts';
import { getSandboxUrl, Sandbox } from './sandbox.ts';

interface TailFlags {
  readonly all?: true;
  readonly sandbox?: string;
}

interface SandboxRequest {
  readonly at: string;
  readonly method: string;
  readonly path: string;
  readonly status: number | null;
  readonly outcome: string;
  readonly key_id: string | null;
  readonly ms: number;
  readonly explanation: string | null;
}

interface SandboxAttempt {
  readonly attempted_at: string;
  readonly event: string;
  readonly event_id: number;
  readonly url: string;
  readonly response_status: number | null;
  readonly error: string | null;
  readonly duration_ms: number;
}

/** The response of `/_sandbox/activity`: what happened after a position, oldest first. */
interface Activity {
  readonly requests: readonly SandboxRequest[];
  readonly attempts: readonly SandboxAttempt[];
  readonly last_request: number;
  readonly last_attempt: number;
}

const INTERVAL_MS = 500;

/** `cpg tail`: prints the requests and webhook deliveries of the sandbox until it is interrupted. */
export const tail: CommandHandler<TailFlags> = async (context, { all, sandbox: option }) => {
  const { terminal } = context;
  const sandbox = new Sandbox(getSandboxUrl(context, option));
  const stopping = new AbortController();
  const release = terminal.onInterrupt(() => stopping.abort());
  try {
    let position = all ? START : await read(sandbox, undefined);
    terminal.note(`Following the sandbox at ${sandbox.url}`);
    let isReachable = true;
    while (!stopping.signal.aborted) {
      try {
        const activity = await read(sandbox, position);
        printActivity(context, activity);
        position = advance(position, activity);
        isReachable = true;
        if (position.last_request < activity.last_request) continue;
      } catch (error) {
        if (isReachable) terminal.note(`${(error as Error).message} Will retry.`);
        isReachable = false;
      }
      await wait(INTERVAL_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  } finally {
    release();
  }
  return undefined;
};

type Position = Pick<Activity, 'last_request' | 'last_attempt'>;

const START: Position = { last_request: 0, last_attempt: 0 };

/**
 * The position after an activity. A restarted sandbox counts from 1 again. The latest attempt also decreases
 * when a webhook is removed with its attempts; ids are not given out twice then.
 */
const advance = (position: Position, { last_request, last_attempt }: Activity): Position => {
  if (last_request >= position.last_request) return { last_request, last_attempt };
  return last_attempt < position.last_attempt ? START : { last_request: 0, last_attempt };
};

const read = async (sandbox: Sandbox, position: Position | undefined): Promise<Activity> => {
  const query =
    position === undefined
      ? ''
      : `?after_request=${position.last_request}&after_attempt=${position.last_attempt}`;
  return (await sandbox.call('GET', `/activity${query}`)) as Activity;
};

const printActivity = ({ terminal, flags }: CommandContext, { requests, attempts }: Activity): void => {
  const lines = [
    ...requests.map((request) => ({ ...request, type: 'request', text: formatRequest(request) })),
    ...attempts.map((attempt) => {
      const text = formatAttempt(attempt);
      return { ...attempt, at: attempt.attempted_at, type: 'delivery', text };
    }),
  ];
  for (const { text, ...fields } of lines.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))) {
    terminal.print(flags.json ? JSON.stringify(fields) : formatVisible(`${fields.at} ${text}`));
  }
};

const formatRequest = ({
  method,
  path,
  status,
  outcome,
  key_id,
  ms,
  explanation,
}: SandboxRequest): string => {
  const reason = outcome === 'served' ? '' : ` ${outcome}`;
  const hint = explanation === null ? '' : `: ${explanation}`;
  return `${method} ${path} → ${status ?? 'no response'}${reason} (${key_id ?? 'unknown key'}, ${Math.round(ms)} ms)${hint}`;
};

const formatAttempt = (attempt: SandboxAttempt): string => {
  const { event, event_id, url, response_status, error, duration_ms } = attempt;
  const reason = error === null ? '' : ` ${error}`;
  return `${event} ${event_id} to ${url} → ${response_status ?? 'no response'}${reason} (${duration_ms} ms)`;
};
