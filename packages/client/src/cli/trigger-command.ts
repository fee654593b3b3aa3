import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { buffer } from 'node:stream/consumers';
import type { WebhookEventName } from '@cpg/protocol';
import { CpgError } from '../errors.ts';
import { isObject } from '../platform.ts';
import { makeWebhook } from '../testing/signed-messages.ts';
import { type CommandHandler, getCredentialSource } from './context.ts';
import { readCredentials } from './credentials.ts';
import { formatVisible } from './format.ts';
import { UsageError } from './terminal.ts';

interface TriggerFlags {
  readonly to: string;
  readonly data?: string;
  readonly id?: string;
}

const MAX_SHOWN = 500;

/** `cpg trigger`: sends a sample event, signed with the webhook secret. Exit code 1 unless the response is 2xx. */
export const trigger: CommandHandler<TriggerFlags> = async (context, { to, data, id }, [event = '']) => {
  const { webhookSecret } = readCredentials(getCredentialSource(context), ['webhookSecret']);
  const url = parseUrl('--to', to);
  const eventId = id === undefined ? Date.now() : Number(id);
  const { headers, body } = makeWebhook({
    secret: webhookSecret,
    event: event as WebhookEventName,
    id: eventId,
    data: parseData(data),
  });
  const startedAt = performance.now();
  const interrupt = new AbortController();
  const release = context.interruptWith(() => interrupt.abort());
  const response = await post(url, {
    headers: Object.entries(headers).flat(),
    body: Buffer.from(body),
    signal: interrupt.signal,
  }).finally(release);
  const { status } = response;
  const text = response.body.toString('utf8');
  const milliseconds = Math.round(performance.now() - startedAt);
  return {
    document: { data: { id: eventId, event, status, body: text } },
    text: () =>
      [
        `${event} ${eventId} → ${status} (${milliseconds} ms)`,
        ...(text === '' ? [] : [formatVisible(text.slice(0, MAX_SHOWN))]),
      ].join('\n'),
    failure: status >= 200 && status < 300 ? undefined : `The receiver responded ${status}.`,
  };
};

const parseData = (text: string | undefined): object | undefined => {
  if (text === undefined) return undefined;
  try {
    const data: unknown = JSON.parse(text);
    if (isObject(data) && !Array.isArray(data)) return data;
  } catch {
    // Reported below.
  }
  throw new UsageError(`--data must be a JSON object such as {"amount": "5.000000"}.`);
};

/** @throws UsageError unless the text is an http or https URL. */
export const parseUrl = (option: string, text: string): URL => {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return new URL(text);
  throw new UsageError(
    `${option} must be a URL such as http://127.0.0.1:3000/webhooks: got ${JSON.stringify(text)}.`,
  );
};

interface MessageToPost {
  /** Names and values in turn, sent as they are. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly signal: AbortSignal;
}

interface PostedResponse {
  readonly status: number;
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** As long as the gateway waits for a response (wire protocol §5). */
const RESPONSE_TIMEOUT_MS = 10_000;

/**
 * Sends bytes and headers as they are, adding `Host`, `Content-Length` and `Connection` alone. Follows no
 * redirect.
 *
 * @throws CpgError `connection_failed`, or `timeout` after 10 seconds.
 */
export const post = (url: URL, { headers, body, signal }: MessageToPost): Promise<PostedResponse> =>
  new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const fail = (error: Error): void =>
      reject(
        new CpgError('connection_failed', `${url.origin} did not respond: ${error.message}.`, {
          retryable: true,
        }),
      );
    const framing = ['Host', url.host, 'Content-Length', String(body.length), 'Connection', 'close'];
    const sent = send(url, { method: 'POST', headers: [...headers, ...framing], signal }, (response) => {
      const { statusCode: status = 0, rawHeaders } = response;
      buffer(response).then((received) => resolve({ status, rawHeaders, body: received }), fail);
    });
    sent.on('error', fail).setTimeout(RESPONSE_TIMEOUT_MS, () => {
      reject(new CpgError('timeout', `${url.origin} did not respond within 10 s.`, { retryable: true }));
      sent.destroy();
    });
    sent.end(body);
  });
