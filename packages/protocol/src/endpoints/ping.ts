import * as z from 'zod/v4-mini';
import { defineEndpoint, NO_PARAMETERS } from './endpoint.ts';
import { typed } from './schema.ts';
import { single } from './schemas.ts';

/** What `ping` returns. Wire protocol §4. */
export interface Pong {
  /** Always `true`. */
  readonly pong: true;
}

/** `GET /v1/_ping`: checks key, clock and signature; needs no permission. Wire protocol §4. */
export const ping = defineEndpoint({
  name: 'ping',
  summary: 'Check that requests are signed correctly',
  method: 'GET',
  path: '/v1/_ping',
  permission: null,
  pathParameters: NO_PARAMETERS,
  query: NO_PARAMETERS,
  body: null,
  response: single(typed<Pong>()(z.looseObject({ pong: z.literal(true) }))),
});
