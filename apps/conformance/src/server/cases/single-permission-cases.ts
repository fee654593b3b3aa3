import { lacksPermission } from '../../core/answers.ts';
import { NotApplicable } from '../../core/checker.ts';
import { expectPermitted, expectRefused } from '../expect-answer.ts';
import { ENDPOINTS, recipeFor, requireRoute } from '../routes.ts';
import type { ServerUnderTest } from '../server-under-test.ts';
import { SINGLE_PERMISSIONS, type SinglePermission } from '../test-keys.ts';
import { serverCases } from './server-case.ts';

/** Which of the routes the server has; a server may serve a part of the API. */
const servedBy = async (server: ServerUnderTest) => {
  const served: (typeof ENDPOINTS)[number][] = [];
  for (const endpoint of ENDPOINTS) {
    try {
      await requireRoute(server, endpoint);
      served.push(endpoint);
    } catch (error) {
      if (!(error instanceof NotApplicable)) throw error;
    }
  }
  return served;
};

/** Tries a key of one permission on every route. */
const tryEverywhere = async (server: ServerUnderTest, own: SinglePermission): Promise<void> => {
  const key = server.target.keys.only?.[own];
  if (key === undefined) throw new NotApplicable('needs: only');
  for (const endpoint of await servedBy(server)) {
    const answer = await server.ask(recipeFor(server, endpoint), server.basisOf(key));
    const { permission } = endpoint;
    if (permission !== null && permission !== own)
      expectRefused(server.check, answer, lacksPermission(permission));
    else expectPermitted(server.check, answer, `permission for ${endpoint.method} ${endpoint.path}`);
  }
};

/** A permission opens its own route, and no other. */
export const SINGLE_PERMISSION_CASES = serverCases(
  { group: 'permission', spec: '§2 restriction 5, §4', needs: ['only'] },
  SINGLE_PERMISSIONS.map((permission) => ({
    id: `permission-only-${permission.replaceAll('_', '-')}`,
    description: `a key of ${permission} only, on every route: its own and _ping, and no other`,
    run: (server: ServerUnderTest) => tryEverywhere(server, permission),
  })),
);
