import { benchProtocol } from './protocol/bench-protocol.ts';
import { benchServerMiddleware } from './server-middleware/bench-server-middleware.ts';

const BENCHMARKS: Readonly<Record<string, () => Promise<void>>> = {
  protocol: () => benchProtocol(),
  'server-middleware': benchServerMiddleware,
};

/** `npm run bench`, or `npm run bench protocol` for some of it: prints ratios; nothing passes or fails by them. */
const main = async (chosen: readonly string[]): Promise<void> => {
  const unknown = chosen.filter((name) => !Object.hasOwn(BENCHMARKS, name));
  if (unknown.length > 0) {
    throw new Error(`No benchmark ${unknown.join(', ')}: there are ${Object.keys(BENCHMARKS).join(', ')}.`);
  }
  for (const [name, run] of Object.entries(BENCHMARKS)) {
    if (chosen.length === 0 || chosen.includes(name)) await run();
  }
};

await main(process.argv.slice(2));
