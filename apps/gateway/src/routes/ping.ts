import { endpoints } from '@cpg/protocol';
import { route } from '@cpg/server-middleware';

export const pingRoute = () => route(endpoints.ping, () => ({ pong: true as const }));
