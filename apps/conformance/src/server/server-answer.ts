import { type HttpMessage, valuesOf } from '../wire/http-message.ts';

/** A server's answer, read from raw bytes. */
export interface ServerAnswer {
  readonly status: number;
  readonly headers: HttpMessage['headers'];
  readonly text: string;
  /** `undefined` when the body is not JSON. */
  readonly json: unknown;
}

/** The first value of a header; `undefined` when there is none. */
export const headerOf = (answer: Pick<ServerAnswer, 'headers'>, name: string): string | undefined =>
  valuesOf(answer, name)[0];

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

export const toServerAnswer = (message: HttpMessage): ServerAnswer => {
  const status = Number(/^HTTP\/1\.[01] ([1-5][0-9]{2})(?: |$)/.exec(message.startLine)?.[1]);
  if (Number.isNaN(status)) throw new Error(`not a status line: ${JSON.stringify(message.startLine)}`);
  const text = message.body.toString('utf8');
  return { status, headers: message.headers, text, json: parseJson(text) };
};
