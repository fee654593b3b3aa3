import { type Endpoint, endpoints } from '@cpg/protocol';
import { ANSWERS } from '../core/answers.ts';
import { NotApplicable } from '../core/checker.ts';
import type { Recipe } from '../probes/index.ts';
import type { ServerUnderTest } from './server-under-test.ts';

/** Every route that the protocol package defines. */
export const ENDPOINTS: readonly Endpoint[] = Object.values(endpoints);

/** `0` is no id: a server that has the route answers 422 after the permission, one that has not answers 404. */
const pathOf = ({ path }: Endpoint): string => path.replace(/\{[^}]+\}/g, '0');

/** A signed request to a route that is let in and does nothing. */
export const recipeFor = (server: ServerUnderTest, endpoint: Endpoint): Recipe => ({
  method: endpoint.method,
  target: `${pathOf(endpoint)}?nonce=${server.basis().nonce}`,
  ...(endpoint.body === null ? {} : { body: Buffer.from('{}') }),
});

/** A server may serve a part of the API; what it lacks must stay visible. */
export const requireRoute = async (server: ServerUnderTest, endpoint: Endpoint): Promise<void> => {
  const answer = await server.ask(recipeFor(server, endpoint));
  if (answer.status === 404 && answer.text.includes(ANSWERS.notFound.message))
    throw new NotApplicable(`the server does not serve ${endpoint.method} ${endpoint.path}`);
};
