import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { drainUnreadBodies } from '@cpg/server-middleware/core';
import type { LambdaEvent, LambdaResponse } from '@cpg/server-middleware/lambda';

/** Makes the event of a request, as a platform does. */
export type Platform = (message: IncomingMessage, body: Buffer) => unknown;

/** Starts a gateway on loopback that calls a Lambda function with the events of a platform. */
export const startLambda = async (
  handler: (event: LambdaEvent, path: string) => Promise<LambdaResponse>,
  createEvent: Platform,
): Promise<Server> => {
  const server = createServer(async (message, response) => {
    const body = await buffer(message).catch(() => undefined);
    // The sender closed its connection.
    if (body === undefined) return;
    const path = message.url?.split('?')[0] ?? '';
    const result = await handler(createEvent(message, body) as LambdaEvent, path);
    const lists = Object.entries(result.multiValueHeaders ?? {}).map(([name, list]) => [name, list[0] ?? '']);
    response.writeHead(result.statusCode, { ...result.headers, ...Object.fromEntries(lists) });
    response.end(result.body);
  });
  drainUnreadBodies(server).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
};

const getLists = ({ rawHeaders }: IncomingMessage): Record<string, string[]> => {
  const lists: Record<string, string[]> = {};
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    lists[name] = [...(lists[name] ?? []), rawHeaders[index + 1] as string];
  }
  return lists;
};
const join = (lists: Record<string, string[]>, separator: string) =>
  Object.fromEntries(Object.entries(lists).map(([name, list]) => [name.toLowerCase(), list.join(separator)]));
const splitTarget = (target = '') => {
  const mark = target.indexOf('?');
  return mark === -1 ? [target, ''] : [target.slice(0, mark), target.slice(mark + 1)];
};

/** API Gateway with payload format 2.0, and function URLs. */
export const version2: Platform = (message, body) => {
  const [rawPath, rawQueryString] = splitTarget(message.url);
  return {
    version: '2.0',
    ...{ rawPath, rawQueryString, headers: join(getLists(message), ',') },
    requestContext: {
      http: { method: message.method, path: rawPath, sourceIp: message.socket.remoteAddress },
    },
    ...(body.length > 0 ? { body: body.toString('base64') } : {}),
    isBase64Encoded: body.length > 0,
  };
};

/** Splits a query as API Gateway does with 1.0, which decodes, and a load balancer, which does not. */
const getParameters = (query: string, decode: (text: string) => string) => {
  const lists: Record<string, string[]> = {};
  for (const pair of query === '' ? [] : query.split('&')) {
    const [name = '', ...value] = pair.split('=');
    lists[decode(name)] = [...(lists[decode(name)] ?? []), decode(value.join('='))];
  }
  return lists;
};
const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** API Gateway with payload format 1.0. */
export const version1: Platform = (message, body) => {
  const [path = '', query = ''] = splitTarget(message.url);
  return {
    ...{ path, httpMethod: message.method, headers: message.headers, multiValueHeaders: getLists(message) },
    multiValueQueryStringParameters: query === '' ? null : getParameters(query, decode),
    requestContext: { path: `/prod${path}`, identity: { sourceIp: message.socket.remoteAddress } },
    body: body.length > 0 ? body.toString('base64') : null,
    isBase64Encoded: body.length > 0,
  };
};

/** An Application Load Balancer. */
export const loadBalancer: Platform = (message, body) => {
  const [path = '', query = ''] = splitTarget(message.url);
  const lists = getLists(message);
  const forwarded = `198.51.100.7, ${message.socket.remoteAddress}`;
  return {
    ...{ path, httpMethod: message.method },
    multiValueHeaders: { ...lists, 'X-Forwarded-For': [forwarded] },
    multiValueQueryStringParameters: getParameters(query, String),
    requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:::targetgroup/x' } },
    body: body.toString('base64'),
    isBase64Encoded: true,
  };
};
