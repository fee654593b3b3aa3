// The service as a worker.
import { DELETE, GET, POST } from './service.mjs';

const handlers = { DELETE, GET, POST };

export default { fetch: (request, env) => handlers[request.method](request, env) };
