import { REJECTIONS } from '@cpg/protocol';
import type { RequestToAuthenticate } from '../authenticate/request.ts';
import type { HttpResponse } from '../http/responses.ts';
import { type ResponseRecorder, startRecording } from '../observability/response-event.ts';

type Values<Value> = Readonly<Record<string, Value | undefined>> | null | undefined;

/** An event of API Gateway with payload format 2.0, or of a Lambda function URL. */
interface EventOfVersion2 {
  readonly rawPath: string;
  readonly rawQueryString: string;
  readonly headers: Values<string>;
  readonly body?: string | null | undefined;
  readonly isBase64Encoded: boolean;
  readonly requestContext: { readonly http: { readonly method: string; readonly sourceIp: string } };
}

interface EventOfVersion1 {
  readonly httpMethod: string;
  readonly path: string;
  readonly headers?: Values<string>;
  readonly multiValueHeaders?: Values<string[]>;
  readonly queryStringParameters?: Values<string>;
  readonly multiValueQueryStringParameters?: Values<string[]>;
  readonly body: string | null;
  readonly isBase64Encoded: boolean;
}

/** An event of API Gateway with payload format 1.0. */
interface ApiGatewayEvent extends EventOfVersion1 {
  readonly requestContext: { readonly identity: { readonly sourceIp: string } };
}

/** An event of an Application Load Balancer. */
interface LoadBalancerEvent extends EventOfVersion1 {
  readonly requestContext: { readonly elb: unknown };
}

/**
 * An event of API Gateway (payload format 1.0 or 2.0), a Lambda function URL, or an Application Load Balancer: the events of
 * `@types/aws-lambda`, as far as they are read.
 */
export type LambdaEvent = EventOfVersion2 | ApiGatewayEvent | LoadBalancerEvent;

/** The response that all of them take; a load balancer with multi-value headers takes only those. */
export type LambdaResponse = {
  readonly statusCode: number;
  readonly headers?: Record<string, string>;
  readonly multiValueHeaders?: Record<string, string[]>;
  readonly body: string;
  readonly isBase64Encoded: false;
};

const isVersion2 = (event: LambdaEvent): event is EventOfVersion2 => 'rawPath' in event;
const isLoadBalancer = (event: LambdaEvent): event is LoadBalancerEvent => 'elb' in event.requestContext;

const recorders = new WeakMap<LambdaEvent, ResponseRecorder>();

/** Describes an event as the request that arrived, as far as the event has it, and starts recording it. */
export const describeLambdaEvent = (event: LambdaEvent): RequestToAuthenticate => {
  const method = isVersion2(event) ? event.requestContext.http.method : event.httpMethod;
  const target = getLambdaTarget(event);
  const headers = getHeaders(event);
  const recorder = startRecording(() => ({
    ...{ method, target, clientIp: getClientIp(event) },
    requestId: headers.find(([name]) => name.toLowerCase() === 'x-request-id')?.[1],
  }));
  if (recorder !== undefined) recorders.set(event, recorder);
  return {
    ...{ method, target, recorder },
    rawHeaders: headers.flat(),
    clientIp: () => getClientIp(event),
    readBody: ({ limit }) => {
      const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
      return body.length > limit ? REJECTIONS.body_too_large : body;
    },
  };
};

/** The target as it arrived, as far as the event has it. */
const getLambdaTarget = (event: LambdaEvent): string => {
  if (isVersion2(event)) return joinTarget(event.rawPath, event.rawQueryString);
  const { path, multiValueQueryStringParameters, queryStringParameters } = event;
  const pairs = flatten(multiValueQueryStringParameters ?? queryStringParameters);
  // A load balancer passes names and values as they arrived; API Gateway decodes them.
  const encode = isLoadBalancer(event) ? String : encodeStrictly;
  return joinTarget(path, pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&'));
};

const joinTarget = (path: string, query: string): string => (query === '' ? path : `${path}?${query}`);

/** Percent-encodes as the protocol's clients do: every byte but `A-Z a-z 0-9 - . _ ~`. */
const encodeStrictly = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

const flatten = (values: Values<string | string[]>): (readonly [string, string])[] =>
  Object.entries(values ?? {}).flatMap(([name, value]) =>
    [value ?? ''].flat().map((each) => [name, each] as const),
  );

const getHeaders = (event: LambdaEvent): (readonly [string, string])[] =>
  flatten(isVersion2(event) ? event.headers : (event.multiValueHeaders ?? event.headers));

/** API Gateway tells the address; a load balancer appends it to `X-Forwarded-For`, behind what the client sent. */
const getClientIp = (event: LambdaEvent): string | undefined => {
  if (isVersion2(event)) return event.requestContext.http.sourceIp;
  if (!isLoadBalancer(event)) return event.requestContext.identity.sourceIp;
  const forwarded = getHeaders(event).filter(([name]) => name.toLowerCase() === 'x-forwarded-for');
  return forwarded.at(-1)?.[1].split(',').at(-1)?.trim();
};

/** Makes the response to an event, and ends its recording. */
export const toLambdaResponse = (event: LambdaEvent, response: HttpResponse): LambdaResponse => {
  const { status: statusCode, headers, body } = response;
  const recorder = recorders.get(event);
  recorder?.responding(response);
  recorder?.finish(statusCode);
  const rest = { statusCode, body, isBase64Encoded: false } as const;
  if (!('multiValueHeaders' in event)) return { ...rest, headers: { ...headers } };
  const lists = Object.entries(headers).map(([name, value]) => [name, [value]] satisfies [string, string[]]);
  return { ...rest, multiValueHeaders: Object.fromEntries(lists) };
};
