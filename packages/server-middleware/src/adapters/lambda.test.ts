import type { AddressInfo } from 'node:net';
import { REJECTIONS } from '@cpg/protocol';
import { type AdapterService, formatEcho } from '@cpg/test-support/server-middleware/adapter-service';
import { describeAdapter } from '@cpg/test-support/server-middleware/describe-adapter';
import { NOW, signedRequest, testKey } from '@cpg/test-support/server-middleware/fixtures';
import {
  loadBalancer,
  type Platform,
  startLambda,
  version1,
  version2,
} from '@cpg/test-support/server-middleware/lambda-platforms';
import type { ALBEvent, APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { formatRejection, memoryStore, staticKeys } from '../core.ts';
import { ErrorLog } from '../http/error-log.ts';
import { cpgAuth, type LambdaEvent, type LambdaResponse, requirePermission, serveRoutes } from './lambda.ts';
import { toLambdaResponse } from './lambda-event.ts';

/** The Lambda function: `/own/*` is its own, the rest are routes. */
const createHandler = ({ options, routes }: AdapterService) => {
  const authenticate = cpgAuth(options);
  const requireWithdraw = requirePermission('withdraw');
  const errorLog = new ErrorLog(options.logger);
  const serve = serveRoutes(routes, options);
  return async (event: LambdaEvent, path: string) => {
    if (!path.startsWith('/own/')) return serve(event);
    const request = await authenticate(event);
    if (request.response !== undefined) return request.response;
    if (path === '/own/fails') return toLambdaResponse(event, errorLog.formatError(new Error('own handler')));
    if (path === '/own/rejects') return toLambdaResponse(event, formatRejection(REJECTIONS.not_found));
    const rejection = requireWithdraw(request);
    const echo: LambdaResponse = { statusCode: 200, body: formatEcho(request), isBase64Encoded: false };
    return rejection ?? echo;
  };
};

const startOn = (platform: Platform) => async (service: AdapterService) => {
  const server = await startLambda(createHandler(service), platform);
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
};

const INVALID_SIGNATURE = { status: 401, message: 'Invalid signature' };
// Events have no incomplete body: the test's gateway waits for the whole.
const describeLambda = (name: string, platform: Platform, differences = {}) =>
  describeAdapter({ name, start: startOn(platform), differences, skips: ['a body that does not arrive'] });

describeLambda('Lambda with payload format 2.0', version2, {
  'X-CPG-Timestamp twice': { message: 'Request timestamp is outside the allowed window' },
  'X-CPG-Signature twice': INVALID_SIGNATURE,
});
// API Gateway decodes queries: what is not written as the protocol's clients write it is another query.
describeLambda('Lambda with payload format 1.0', version1, {
  'a GET with a query': INVALID_SIGNATURE,
  'the target /v1/x?a=b&&c': INVALID_SIGNATURE,
  'the target /v1/x?a=1?b=2': INVALID_SIGNATURE,
  'the target /v1/x?q=a+b': INVALID_SIGNATURE,
  'the target /v1/x?q=%zz': INVALID_SIGNATURE,
  "the target /v1/x?q='()*!": INVALID_SIGNATURE,
});
describeLambda('Lambda behind a load balancer', loadBalancer, {
  'the target /v1/x?a=b&&c': INVALID_SIGNATURE,
});

describe('events as AWS documents them', () => {
  const clock = () => NOW * 1000;
  const start = () =>
    cpgAuth({
      keys: staticKeys([testKey({ sourceIps: ['203.0.113.9'] })]),
      store: memoryStore({ clock }),
      clock,
    });
  const sign = (parts: Parameters<typeof signedRequest>[0]): Record<string, string> => {
    const [head = ''] = signedRequest(parts).toString('latin1').split('\r\n\r\n');
    const lines = head
      .split('\r\n')
      .slice(1)
      .map((line) => line.split(': '));
    return Object.fromEntries(lines);
  };

  it('admits a function URL event with a text body', async () => {
    const body = '{"greeting":"grüß"}';
    const event = {
      version: '2.0',
      routeKey: '$default',
      rawPath: '/my/path',
      rawQueryString: 'parameter1=value1&parameter1=value2&parameter2=value',
      headers: sign({
        method: 'POST',
        target: '/my/path?parameter1=value1&parameter1=value2&parameter2=value',
        body,
      }),
      requestContext: { http: { method: 'POST', sourceIp: '203.0.113.9' } },
      body,
      isBase64Encoded: false,
    } as unknown as APIGatewayProxyEventV2;
    expect(await start()(event)).toMatchObject({ cpg: { keyId: 'ck_full' }, body: { greeting: 'grüß' } });
  });

  it('admits an event of 1.0 whose query is written as clients of the protocol write it', async () => {
    const headers = sign({ target: '/my/path?name=me%20%26%20you%21&empty=' });
    const event = {
      resource: '/my/path',
      path: '/my/path',
      httpMethod: 'GET',
      headers,
      multiValueHeaders: null,
      queryStringParameters: { name: 'me & you!', empty: undefined },
      multiValueQueryStringParameters: null,
      requestContext: { identity: { sourceIp: '203.0.113.9' } },
      body: null,
      isBase64Encoded: false,
    } as unknown as APIGatewayProxyEvent;
    expect(await start()(event)).toMatchObject({ cpg: { keyId: 'ck_full' }, body: undefined });
  });

  it('admits a load balancer event without multi-value headers, and trusts only the last forwarded address', async () => {
    const createEvent = (forwarded: string) =>
      ({
        requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:::targetgroup/x' } },
        httpMethod: 'GET',
        path: '/lambda',
        queryStringParameters: { query: '1234ABCD%20' },
        headers: { ...sign({ target: '/lambda?query=1234ABCD%20' }), 'x-forwarded-for': forwarded },
        body: '',
        isBase64Encoded: false,
      }) as unknown as ALBEvent;
    expect(await start()(createEvent('198.51.100.7, 203.0.113.9'))).toMatchObject({
      cpg: { keyId: 'ck_full' },
    });
    expect(await start()(createEvent('203.0.113.9, 198.51.100.7'))).toMatchObject({
      response: { statusCode: 403, headers: { 'Content-Type': 'application/json; charset=utf-8' } },
    });
    const { headers: _, ...withoutHeaders } = createEvent('');
    expect(await start()(withoutHeaders as ALBEvent)).toMatchObject({ response: { statusCode: 401 } });
  });

  it('asks originalTarget where API Gateway decoded the path', async () => {
    const event = {
      rawPath: '/a b',
      rawQueryString: '',
      headers: sign({ target: '/a%20b' }),
      requestContext: { http: { method: 'GET', sourceIp: '203.0.113.9' } },
      isBase64Encoded: false,
    } as unknown as APIGatewayProxyEventV2;
    expect(await start()(event)).toMatchObject({ response: { statusCode: 400 } });
    const keys = staticKeys([testKey()]);
    const originalTarget = () => '/a%20b';
    const auth = cpgAuth({ keys, store: memoryStore({ clock }), clock, originalTarget });
    expect(await auth(event)).toMatchObject({ response: { statusCode: 400 } });
    expect(await auth({ ...event, rawPath: '/decoded' })).toMatchObject({ cpg: { keyId: 'ck_full' } });
  });

  it('rejects a body that a platform decoded as text with loss', async () => {
    const body = Buffer.from([0x22, 0xff, 0x22]);
    const event = {
      rawPath: '/x',
      rawQueryString: '',
      headers: sign({ method: 'POST', target: '/x', body }),
      requestContext: { http: { method: 'POST', sourceIp: '203.0.113.9' } },
      body: body.toString('utf8'),
      isBase64Encoded: false,
    } as unknown as APIGatewayProxyEventV2;
    expect(await start()(event)).toMatchObject({ response: { statusCode: 401 } });
  });
});
