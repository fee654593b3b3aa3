// Serves the handlers of service.mjs with Bun.serve or Deno.serve, and calls them directly on Node.js, as Next.js does.
import { exerciseService } from './exercise-service.mjs';
import { DELETE, GET, POST } from './service.mjs';

const handlers = { DELETE, GET, POST };

const dispatch = (request, info) => handlers[request.method](request, info);

const open = () => {
  if (globalThis.Deno !== undefined) {
    const server = Deno.serve({ port: 0, hostname: '127.0.0.1', onListen: () => {} }, dispatch);
    return { port: server.addr.port, close: () => server.shutdown() };
  }
  if (globalThis.Bun === undefined) return undefined;
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: dispatch });
  return { port: server.port, close: () => server.stop(true) };
};

export const serveAndExercise = async () => {
  const server = open();
  const origin = `http://127.0.0.1:${server?.port ?? 80}`;
  const count = await exerciseService((target, init) =>
    server === undefined ? dispatch(new Request(origin + target, init)) : fetch(origin + target, init),
  );
  await server?.close();
  return count;
};
