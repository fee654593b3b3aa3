import { expect, it } from 'vitest';
import { startServer } from './express.ts';
import { REPLACEMENTS } from './replacements.ts';

// The server does not start when the code to replace has moved.
it.each(REPLACEMENTS)('the A/B benchmark finds the code to replace: %s', async (replacement) => {
  const { server, load, port } = await startServer({ name: replacement, variant: 'cpg-memory', replacement });
  expect(port).toBeGreaterThan(0);
  load.close();
  server.disconnect();
});
