import { ImplementationFailure } from '../core/checker.ts';
import type { Adapter, VectorSubject } from './adapter.ts';
import { AdapterOutput } from './adapter-output.ts';
import { AdapterProcess } from './adapter-process.ts';
import { callResponse, helloResponse, parseResponse, signResponse, verifyResponse } from './responses.ts';

const SECRET_FIELD = /("secretB64"\s*:\s*")[^"]*/g;
const SIGNATURE_PAIR = /("x-cpg-signature"\s*,\s*"[^"]{0,8})[^"]*/gi;

/**
 * Masks secrets and signatures in a line of the adapter protocol by field name, since short secrets are not
 * found by value.
 */
export const maskLine = (line: string): string =>
  line.replace(SECRET_FIELD, '$1[secret]').replace(SIGNATURE_PAIR, '$1...[masked]');

const toBase64 = (bytes: Buffer): string => bytes.toString('base64');

/** A signer and verifier that is driven through the adapter protocol. */
const adapterSubject = (adapter: Pick<AdapterProcess, 'ask'>): VectorSubject => ({
  sign: async ({ now, method, target, body, keyId, secret }) => {
    const command = { now, method, target, bodyB64: toBase64(body), keyId, secretB64: toBase64(secret) };
    const response = parseResponse(signResponse, await adapter.ask('sign', command));
    if ('refused' in response) return { refused: String(response.refused), headers: [] };
    const { headers, path, query, bodySha256, canonicalB64 } = response;
    return { headers, path, query, bodySha256, canonical: canonicalB64 };
  },
  verify: async ({ now, method, target, headers, body, keys }) => {
    const command = {
      now,
      method,
      target,
      headers,
      bodyB64: toBase64(body),
      keys: keys.map(({ keyId, secret }) => ({ keyId, secretB64: toBase64(secret) })),
    };
    return parseResponse(verifyResponse, await adapter.ask('verify', command));
  },
  verifyWebhook: async ({ now, headers, body, secret }) => {
    const command = { now, headers, bodyB64: toBase64(body), secretB64: toBase64(secret) };
    return parseResponse(verifyResponse, await adapter.ask('verify-webhook', command));
  },
});

const CALL_TIMEOUT_MS = 30_000;

/** An adapter whose process is started again, in the next case, after it has ended or was killed. */
class RestartingAdapter {
  readonly output = new AdapterOutput();
  readonly #commandLine: string;
  #process: AdapterProcess;
  #listener: AdapterProcess['onLine'] = () => undefined;

  constructor(commandLine: string) {
    this.#commandLine = commandLine;
    this.#process = new AdapterProcess(commandLine, this.output);
  }

  set onLine(listener: AdapterProcess['onLine']) {
    this.#listener = listener;
    this.#process.onLine = listener;
  }

  async hello() {
    return parseResponse(helloResponse, await this.#process.hello());
  }

  /**
   * Starts a process that has ended, or was killed, again. Rejects when that happened after the response of the
   * last case, which would otherwise fail no case.
   */
  async prepare(): Promise<void> {
    const { failure, isReported, isStopping } = this.#process;
    if (failure === undefined || isStopping) return;
    if (!isReported) throw this.#process.report(failure);
    await this.#process.kill();
    this.#process = new AdapterProcess(this.#commandLine, this.output);
    this.#process.onLine = this.#listener;
    await this.hello();
  }

  ask(...command: Parameters<AdapterProcess['ask']>): ReturnType<AdapterProcess['ask']> {
    return this.#process.ask(...command);
  }

  stop(): ReturnType<AdapterProcess['stop']> {
    return this.#process.stop();
  }
}

/** Masks the lines that a failure shows. */
const maskFailure = (error: unknown): unknown => {
  if (!(error instanceof ImplementationFailure)) return error;
  error.sent = maskLine(error.sent);
  error.received = maskLine(error.received);
  return error;
};

/**
 * Starts an adapter of the JSON lines protocol and sends `hello`; stops it when that fails. An adapter that
 * ends later is started again for the next case.
 */
export const startJsonLinesAdapter = async (commandLine: string): Promise<Adapter> => {
  const process = new RestartingAdapter(commandLine);
  const ask: AdapterProcess['ask'] = (...command) =>
    process.ask(...command).catch((error: unknown) => {
      throw maskFailure(error);
    });
  try {
    const { name, language, version, roles, caps } = await process.hello();
    return {
      implementation: {
        name,
        ...(language === undefined ? {} : { language }),
        ...(version === undefined ? {} : { version }),
        notes: caps.length === 0 ? [] : [`can: ${caps.join(', ')}`],
      },
      // A JSON lines adapter keeps its state between calls, and reports the kind of an error.
      capabilities: new Set([...roles, ...caps, 'memory', 'errors']),
      subject: adapterSubject({ ask }),
      call: async ({ secret, now, timeoutMs, ...command }) => {
        const fields = {
          ...command,
          secretB64: secret.toString('base64'),
          ...(now === undefined ? {} : { now }),
          ...(timeoutMs === undefined ? {} : { timeoutMs }),
        };
        return parseResponse(callResponse, await ask('call', fields, CALL_TIMEOUT_MS));
      },
      output: () => process.output,
      prepare: () => process.prepare(),
      begin: (caseId) => process.output.begin(caseId),
      listen: (listener) => {
        process.onLine = ({ sent, received }) =>
          listener({ sent: maskLine(sent), received: maskLine(received) });
      },
      stop: () => process.stop(),
    };
  } catch (error) {
    await process.stop();
    throw error;
  }
};
