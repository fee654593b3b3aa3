import type { IncomingMessage } from 'node:http';
import { REJECTIONS, type Rejection } from '@cpg/protocol';
import type { RequestToAuthenticate } from '../authenticate/request.ts';
import { ServerMiddlewareError } from '../errors.ts';
import { BodyCollector, type BodyLimits, NO_BODY } from '../http/body-collector.ts';
import { readBody } from '../http/read-body.ts';
import type { HttpResponse } from '../http/responses.ts';
import { type ResponseRecorder, startRecording } from '../observability/response-event.ts';
import { aFunction, type OptionRules, optional } from '../options.ts';
import { createPrivateField } from '../private-field.ts';
import { type CpgAuthOptions, GATE_RULES } from '../service/gate.ts';
import { HOOK_RULES, type HookOptions } from '../service/hooks.ts';
import { findClientIp } from '../service/node-exchange.ts';

/** Returns the client's address from the request and the second argument of `fetch`. */
export type WebClientIp = (request: Request, platform: unknown) => string | undefined;

export interface WebAuthOptions extends CpgAuthOptions, HookOptions<Request> {
  /**
   * Returns the client's address, for keys with a whitelist, from the request and `c.env` (the second argument of `fetch`): on
   * Cloudflare from the header `cf-connecting-ip`, never from one that clients can set. @default the address of the socket with
   * `@hono/node-server`; elsewhere none, so that the response is 500
   */
  readonly clientIp?: WebClientIp | undefined;
}

/** The rules for the options of `cpgAuth` and `serveRoutes`. */
export const WEB_RULES: OptionRules<WebAuthOptions> = {
  ...GATE_RULES,
  ...HOOK_RULES,
  clientIp: optional(aFunction),
};

/** The second argument of `fetch` on `@hono/node-server` has the request as it arrived. */
const findIncoming = (platform: unknown): IncomingMessage | undefined =>
  (platform as { readonly incoming?: IncomingMessage } | undefined | null)?.incoming;

/**
 * The target as on the wire, if the platform has it; else from `request.url`, in which `/./`, `/../` and `\` are already
 * resolved. It is cut from the text, since a URL object would be normalised once more.
 */
export const getWebTarget = ({ url }: Request, platform: unknown): string =>
  findIncoming(platform)?.url ?? url.slice(url.indexOf('/', url.indexOf('://') + 3));

const recorders = createPrivateField<ResponseRecorder>();

/** Describes a Web-standard request, and starts recording it; `platform` is the second argument of `fetch`, or Hono's `c.env`. */
export const describeWebRequest = (
  request: Request,
  {
    platform,
    clientIp = getSocketAddress,
  }: { readonly platform: unknown; readonly clientIp?: WebClientIp | undefined },
): RequestToAuthenticate => {
  const { method, headers } = request;
  const incoming = findIncoming(platform);
  const target = getWebTarget(request, platform);
  const getClientIp = () => clientIp(request, platform);
  const recorder = startRecording(() => ({
    ...{ method, target, clientIp: findClientIp(getClientIp) },
    requestId: headers.get('x-request-id'),
  }));
  if (recorder !== undefined) recorders.set(request, recorder);
  return {
    ...{ method, target, recorder, clientIp: getClientIp },
    // Headers joins repeated ones with a comma, which no authentication header may contain.
    rawHeaders: incoming?.rawHeaders ?? [...headers].flat(),
    readBody: (limits) =>
      incoming === undefined ? readWebBody(request, limits) : readBody(incoming, limits),
  };
};

/** Returns the recorder of a request that is recorded. */
export const getWebRecorder = (request: Request): ResponseRecorder | undefined => recorders.get(request);

const getSocketAddress: WebClientIp = (_request, platform) => findIncoming(platform)?.socket.remoteAddress;

/** Makes the response to a Web-standard request. */
export const toResponse = (request: Request | undefined, response: HttpResponse): Response => {
  if (request !== undefined) getWebRecorder(request)?.responding(response);
  const { body, status, headers } = response;
  return new Response(body, { status, headers });
};

/** Ends the recording of a request, and returns its response. */
export const finishResponse = (request: Request, response: Response): Response => {
  getWebRecorder(request)?.finish(response.status);
  return response;
};

/**
 * Returns the body of a Web-standard request as the bytes that arrived. A body that was read before is an error, never an empty
 * body: a signature over no body would be valid for any. A platform that drops the body of a request, such as a GET, but
 * declares its length, gives the rejection of an incomplete body. Wire protocol §1.2.
 *
 * @throws ServerMiddlewareError `body_already_parsed`, `pending_bodies_full`
 */
const readWebBody = async (request: Request, limits: BodyLimits): Promise<Buffer | Rejection> => {
  const declared = Number(request.headers.get('content-length') ?? 0);
  if (declared > limits.limit) return REJECTIONS.body_too_large;
  if (request.bodyUsed) {
    throw new ServerMiddlewareError(
      'body_already_parsed',
      'The body was read before cpgAuth, for example with request.json(). Mount cpgAuth first, and read its rawBody.',
    );
  }
  if (request.body === null) return declared > 0 ? REJECTIONS.incomplete_body : NO_BODY;
  const reader = request.body.getReader();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Rejection>((resolve) => {
    timer = setTimeout(() => resolve(REJECTIONS.incomplete_body), limits.timeoutMs);
  });
  const body = new BodyCollector(limits);
  let outcome: Buffer | Rejection | undefined;
  try {
    outcome = await Promise.race([collect(reader, body), late]);
    return outcome;
  } finally {
    clearTimeout(timer);
    // Cancelling fails when the stream has failed.
    if (!Buffer.isBuffer(outcome)) reader.cancel().catch(() => {});
  }
};

/** A client that disconnects counts as late. */
const collect = async (
  reader: ReadableStreamDefaultReader<Uint8Array>,
  body: BodyCollector,
): Promise<Buffer | Rejection> => {
  while (true) {
    const { done, value } = await reader.read().catch(() => ({ done: undefined, value: undefined }));
    if (done === undefined) return REJECTIONS.incomplete_body;
    if (value === undefined) return body.take();
    const rejection = body.add(value);
    if (rejection !== undefined) return rejection;
  }
};
