import { type Endpoint, endpoints } from '@cpg/protocol';
import { NotApplicable } from '../core/checker.ts';
import type { Recipe } from '../core/probes/index.ts';
import { REJECTIONS } from '../core/rejections.ts';
import type { ServerResponse } from './server-response.ts';
import type { ServerUnderTest } from './server-under-test.ts';

/** Every route that the protocol package defines. */
export const ENDPOINTS: readonly Endpoint[] = Object.values(endpoints);

/** `0` is no id: a server that has the route answers 422 after the permission, one that has not answers 404. */
const createPath = ({ path }: Endpoint): string => path.replace(/\{[^}]+\}/g, '0');

const isRouteMissing = ({ status, text }: ServerResponse): boolean =>
  status === 404 && text.includes(REJECTIONS.notFound.message);

/** Ends the case as not applicable when a route of the API answered that it is none. */
export const assertServed = (
  response: ServerResponse,
  { method, path }: Pick<Endpoint, 'method' | 'path'>,
): void => {
  if (isRouteMissing(response)) throw new NotApplicable(`the server does not serve ${method} ${path}`);
};

/** A signed request to a route that is let in and does nothing. */
export const recipeFor = (server: ServerUnderTest, endpoint: Endpoint): Recipe => ({
  method: endpoint.method,
  target: `${createPath(endpoint)}?nonce=${server.basis().nonce}`,
  ...(endpoint.body === null ? {} : { body: Buffer.from('{}') }),
});

/** A server may serve a part of the API; what it lacks must stay visible. `now`: the server's clock, where it stands still. */
export const assertRoute = async (
  server: ServerUnderTest,
  endpoint: Endpoint,
  now = server.now(),
): Promise<void> =>
  assertServed(await server.ask(recipeFor(server, endpoint), server.basis('full', now)), endpoint);
