import type { WireResponse } from '../transport/transport.ts';

/** `X-Request-Id`, when the server sends one. */
export const requestIdOf = ({ headers }: WireResponse): string | undefined => {
  const id = headers['x-request-id'];
  return typeof id === 'string' ? id : undefined;
};
